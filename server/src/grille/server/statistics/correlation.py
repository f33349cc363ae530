"""Means, covariances and correlations of several variables over the same rows, in one pass."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.errors import NumericError
from grille.server.plan.aggregates import FactorLevels
from grille.server.statistics.design import DesignSpec, DesignTerm, DesignVariable, Floats, Pass, expand
from grille.server.statistics.distributions import t_p_values
from grille.server.statistics.leverage import Leverage, design_leverage
from grille.server.statistics.moments import Moments, collect_moments
from grille.server.statistics.rarity import two_valued_columns
from grille.server.statistics.scaling import scale_moments

_ISOLATED = Leverage(1.0, 1.0, False)


@dataclass(frozen=True, slots=True)
class Association:
    """Second moments of k variables over n rows.

    Attributes:
        names: The variables.
        n: Rows.
        mean: float64 (k,).
        covariance: With divisor n - 1, float64 (k, k); NaN for one row (numpy.cov).
        correlation: Pearson's, float64 (k, k); NaN for a variable that does not vary (numpy.corrcoef).
        rarer: Rows off each variable's most common value, int64 (k,) (ranges.ColumnRange says how exact).
        low: Smallest values, float64 (k,).
        high: Largest values, float64 (k,).
        two_valued: Whether each variable takes two values only, bool (k,).
        leverage: Of the design of all variables and a constant; 1 when there are too few rows for it.
    """

    names: tuple[str, ...]
    n: int
    mean: Floats
    covariance: Floats
    correlation: Floats
    rarer: NDArray[np.int64]
    low: Floats
    high: Floats
    two_valued: NDArray[np.bool_]
    leverage: Leverage


def associate(passes: Pass, names: tuple[str, ...]) -> Association:
    """Read the rows once and return the second moments of all variables together.

    Args:
        passes: Starts a pass over complete rows with the variables as numbers.
        names: The variables, at least one.

    Raises:
        NumericError: TOO_FEW_ROWS without any row; NOT_FINITE when sums overflow.
    """
    terms = tuple(DesignTerm((DesignVariable(name, "continuous"),)) for name in names)
    levels = FactorLevels({})
    moments = collect_moments(passes, expand(DesignSpec(names[-1], terms), levels), levels)
    k, n = len(names), moments.n
    cross = moments.cross[:k, :k]
    # what rounding leaves of a constant is no variance
    varies = np.array([column.rarer > 0 for column in moments.ranges[:k]])
    spread = np.sqrt(np.where(varies, np.maximum(np.diagonal(cross), 0.0), np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.clip(cross / np.outer(spread, spread), -1.0, 1.0)
        covariance = np.asarray(cross / (n - 1)) if n > 1 else np.full((k, k), np.nan)
    two_valued = two_valued_columns(moments)
    return Association(
        names,
        n,
        moments.mean[:k],
        covariance,
        correlation,
        np.array([column.rarer for column in moments.ranges[:k]], dtype=np.int64),
        np.array([column.low for column in moments.ranges[:k]]),
        np.array([column.high for column in moments.ranges[:k]]),
        np.array([name in two_valued for name in names]),
        _leverage(moments, passes),
    )


def correlation_p_value(correlation: float, n: int) -> float:
    """Return the two-sided p-value of a correlation of n units, by Student's t with n - 2 df (scipy.stats.pearsonr)."""
    if n < 3 or not abs(correlation) <= 1.0:
        return float("nan")
    if abs(correlation) == 1.0:
        return 0.0
    t = correlation * np.sqrt((n - 2) / ((1.0 - correlation) * (1.0 + correlation)))
    return float(t_p_values(np.array([t]), n - 2)[0])


def _leverage(moments: Moments, passes: Pass) -> Leverage:
    """Return the leverage of all variables as regressors, whichever of them is thought of as the outcome."""
    cross, mean = moments.cross.copy(), moments.mean.copy()
    cross[-1, :] = cross[:, -1] = mean[-1] = 0.0
    cross[-1, -1] = moments.n  # stands for an outcome of variance 1, which leverage does not depend on
    neutral = dataclasses.replace(moments, cross=cross, mean=mean)
    try:
        return design_leverage(neutral, scale_moments(neutral), passes)
    except NumericError:
        return _ISOLATED
