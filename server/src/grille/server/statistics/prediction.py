"""What a least-squares fit says at chosen values, and of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grille.server.statistics.design import Column, Design, Floats, Part, Pass, fill, part_values
from grille.server.statistics.linear import inverse_factor
from grille.server.statistics.moments import Moments
from grille.server.statistics.ols import OlsResult
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.scaling import Scaling


@dataclass(frozen=True, slots=True)
class Margin:
    """The fitted outcome where every explanatory variable has a chosen value, and its standard error."""

    value: float
    std_error: float


@dataclass(frozen=True, slots=True)
class RowFigures:
    """Figures of every row, in the order of the pass, float64 (rows,); cooksd only when wanted.

    Attributes:
        predicted: Fitted values.
        residuals: Outcome minus fitted value.
        cooksd: Cook's distances.
    """

    predicted: Floats
    residuals: Floats
    cooksd: Floats | None


def part_means(moments: Moments, passes: Pass) -> dict[Part, float]:
    """Return the mean of every multiplicand of the design's columns; reads the rows when there are interactions."""
    design = moments.design
    known = {column.parts[0]: float(mean) for column, mean in _with_means(design, moments) if len(column.parts) == 1}
    unknown = sorted({part for column in design.columns for part in column.parts} - set(known), key=repr)
    if unknown:
        sums = np.zeros(len(unknown))
        with prefetch(passes()) as batches:
            for batch in batches:
                sums += [float(part_values(part, batch).sum()) for part in unknown]
        known |= dict(zip(unknown, (sums / moments.n).tolist(), strict=True))
    return known


def _with_means(design: Design, moments: Moments) -> list[tuple[Column, np.float64]]:
    return list(zip(design.columns, moments.mean[:-1], strict=True))


def at_value(means: Mapping[Part, float], variable: str, value: float, level: int | None) -> dict[Part, float]:
    """Return the means with one variable set: to the number `value`, and as a factor to the level code `level`."""
    return {
        part: mean if part.variable != variable else value if part.level is None else float(part.level == level)
        for part, mean in means.items()
    }


def margin(fit: OlsResult, design: Design, values: Mapping[Part, float]) -> Margin:
    """Return the fitted outcome at `values`; a product is the product of the values (Stata's margins, atmeans).

    Args:
        fit: The fit.
        design: Its design.
        values: One number per multiplicand of the columns.
    """
    scaling = fit.scaling
    raw = np.array([float(np.prod([values[part] for part in design.columns[j].parts])) for j in scaling.kept])
    point = (raw - scaling.centre[:-1]) / scaling.scale[:-1]
    if scaling.constant:
        point = np.append(point, 1.0)
    spread = float(point @ fit.scaled_covariance @ point)
    value = float(point @ fit.scaled_coefficients) * scaling.scale[-1] + scaling.centre[-1]
    return Margin(float(value), float(np.sqrt(max(spread, 0.0)) * scaling.scale[-1]))


def row_figures(moments: Moments, scaling: Scaling, coefficients: Floats, passes: Pass, cooksd: bool) -> RowFigures:
    """Return fitted values, residuals and Cook's distances of every row, in one pass.

    Args:
        moments: The moments of the fit.
        scaling: Its scaling.
        coefficients: Scaled, (p,); those of the fixed part for a multilevel model.
        passes: The pass that the moments came from.
        cooksd: Whether Cook's distances are wanted: e^2 h / (p s^2 (1 - h)^2), of least squares
            (statsmodels OLSInfluence.cooks_distance).
    """
    k, n, p = scaling.slopes, moments.n, scaling.parameters
    fitted, residuals = np.empty(n), np.empty(n)
    leverage = np.zeros(n if cooksd else 0)
    factor = inverse_factor(scaling.cross[:k, :k]) if k else np.zeros((0, 0))
    block = np.empty((len(moments.design.columns) + 1, 0))
    start = 0
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((block.shape[0], batch.rows))
            scaled = scaling.apply(fill(moments.design, batch, block))
            part = slice(start, start + batch.rows)
            fitted[part] = coefficients[:k] @ scaled[:k] + (coefficients[k] if scaling.constant else 0.0)
            residuals[part] = scaled[k] - fitted[part]
            if cooksd:
                leverage[part] = ((factor @ scaled[:k]) ** 2).sum(axis=0) + (1.0 / n if scaling.constant else 0.0)
            start += batch.rows
    distances = None
    if cooksd:
        s2 = float(residuals @ residuals) / (n - p)
        distances = residuals**2 * leverage / (p * s2 * (1.0 - leverage) ** 2)
    unit = float(scaling.scale[-1])
    return RowFigures(fitted * unit + float(scaling.centre[-1]), residuals * unit, distances)
