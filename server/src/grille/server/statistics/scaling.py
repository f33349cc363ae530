"""The kept columns of a design, centred and scaled: the coordinates in which every estimator computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.statistics import refusals
from grille.server.statistics.design import CONSTANT_NAME, Floats
from grille.server.statistics.moments import Moments

_COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Scaling:
    """Kept columns and their scaling.

    Scaled column j is (x_j - centre_j) / scale_j, the scaled outcome likewise; the constant, when there is one, is the
    last of the p parameters and stays 1. Centres are 0 without a constant.

    Attributes:
        kept: Indices of the k kept columns in the design, intp (k,).
        terms: Names of the p parameters, the constant last.
        dropped: Names of the columns that were left out as collinear with earlier ones or constant.
        centre: float64 (k + 1,), outcome last.
        scale: float64 (k + 1,), outcome last.
        cross: Scaled cross-products of kept columns and outcome, float64 (k + 1, k + 1); about 0 without a constant.
        constant: Whether there is a constant.
    """

    kept: NDArray[np.intp]
    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    centre: Floats
    scale: Floats
    cross: Floats
    constant: bool

    @property
    def parameters(self) -> int:
        """Number of coefficients p, the constant among them."""
        return len(self.terms)

    @property
    def slopes(self) -> int:
        """Number of coefficients without the constant."""
        return int(self.kept.size)

    def back_matrix(self) -> Floats:
        """Return the matrix (p, p) that takes scaled coefficients to original units, outcome centre not added."""
        k = self.slopes
        back = np.zeros((self.parameters, self.parameters))
        factors = self.scale[-1] / self.scale[:k]
        back[np.arange(k), np.arange(k)] = factors
        if self.constant:
            back[k, :k] = -self.centre[:k] * factors
            back[k, k] = self.scale[-1]
        return back

    def coefficients(self, scaled: Floats) -> Floats:
        """Return coefficients in original units, float64 (p,), from scaled ones."""
        original: Floats = self.back_matrix() @ scaled
        if self.constant:
            original[-1] += self.centre[-1]
        return original

    def covariance(self, scaled: Floats) -> Floats:
        """Return the covariance (p, p) in original units from the covariance of scaled coefficients."""
        back = self.back_matrix()
        return back @ scaled @ back.T

    def apply(self, block: Floats) -> Floats:
        """Return kept columns and outcome of a block (columns + 1, rows), scaled, without the constant."""
        rows = np.append(self.kept, block.shape[0] - 1)
        scaled: Floats = block[rows]
        scaled -= self.centre[:, None]
        scaled /= self.scale[:, None]
        return scaled


def scale_moments(moments: Moments) -> Scaling:
    """Choose the columns to keep and scale them to standard deviation 1 (root mean square 1 without a constant).

    Columns are swept in the researcher's order; one whose residual variance given the kept ones before it is below
    1e-9 of its own is dropped (as R's lm does). A column that is constant but for few rows (Design.rare_below) is
    dropped like a constant one, so that the two are not told apart.

    Args:
        moments: Sufficient statistics of the design.

    Raises:
        NumericError: NO_COLUMNS, TOO_FEW_ROWS (rows do not exceed parameters), NO_VARIATION (constant outcome).
    """
    design, n = moments.design, moments.n
    cross = moments.cross
    if not design.constant:
        cross = cross + n * np.outer(moments.mean, moments.mean)
    variance = np.maximum(np.diagonal(cross), 0.0) / n
    # Rounding leaves about this much of a constant column.
    floor = (1e-13 * np.abs(moments.mean)) ** 2
    scale = np.sqrt(np.where(variance > floor, variance, 0.0))
    if scale[-1] == 0.0:
        raise refusals.no_variation()
    unit = np.where(scale > 0.0, scale, 1.0)
    scaled = cross / np.outer(unit, unit)
    varying = scale[:-1] > 0.0
    if design.constant:
        varying &= np.array([column.rarer >= design.rare_below for column in moments.ranges[:-1]], dtype=np.bool_)
    kept = independent(scaled[:-1, :-1] / n, varying)
    names = [column.name for column in design.columns]
    terms = (*(names[j] for j in kept), *((CONSTANT_NAME,) if design.constant else ()))
    if not terms:
        raise refusals.no_columns()
    if n <= len(terms):
        raise refusals.too_few_rows()
    with_outcome = np.append(kept, len(names)).astype(np.intp)
    centre = moments.mean[with_outcome] if design.constant else np.zeros(with_outcome.size)
    chosen = set(kept.tolist())
    return Scaling(
        kept,
        terms,
        tuple(name for j, name in enumerate(names) if j not in chosen),
        centre,
        scale[with_outcome],
        scaled[np.ix_(with_outcome, with_outcome)],
        design.constant,
    )


def independent(correlation: Floats, varying: NDArray[np.bool_], *, absolute: bool = False) -> NDArray[np.intp]:
    """Return the indices of columns to keep, by Cholesky factorisation in order, without pivots.

    A column goes whose residual variance given the kept ones before it is below 1e-9 of its own.

    Args:
        correlation: Cross-products of columns, scaled to about 1, (q, q).
        varying: Columns that may be kept, (q,).
        absolute: Whether 1e-9 is meant as it stands: the columns were 1 before others were taken out of them.
    """
    size = correlation.shape[0]
    factor = np.zeros((size, size))
    kept: list[int] = []
    for j in range(size):
        if not varying[j]:
            continue
        row = np.zeros(len(kept))
        for position, i in enumerate(kept):
            row[position] = (correlation[j, i] - row[:position] @ factor[i, :position]) / factor[i, position]
        residual = correlation[j, j] - row @ row
        if residual >= _COLLINEAR * (1.0 if absolute else correlation[j, j]):
            factor[j, : len(kept)] = row
            factor[j, len(kept)] = np.sqrt(residual)
            kept.append(j)
    return np.array(kept, dtype=np.intp)
