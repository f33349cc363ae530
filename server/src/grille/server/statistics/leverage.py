"""How much a single row can pull a fit: leverage, bounded without reading the rows where that is enough.

Least squares: h_i = x_i'(X'X)^-1 x_i. Multilevel: with V the covariance at the estimated ratios, K = X'V^-1 X and w_i
row i of V^-1 X,

    h_i = w_i'K^-1 w_i / (V^-1)_ii,

which is 1 - P_ii / (V^-1)_ii with P = V^-1 - V^-1 X K^-1 X'V^-1: the share of the information on a dummy for row i that
the design takes up, between 0 and 1, and 1 exactly when the design isolates the row. It is the leverage in the deletion
formula of generalised least squares (Christensen, Pearson and Johnson 1992, Technometrics 34) and equals the ordinary
one at V = I. A multilevel design is judged by the larger of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics.criterion import evaluate
from grille.server.statistics.design import Floats, Pass, fill
from grille.server.statistics.linear import inverse_factor
from grille.server.statistics.moments import GroupMoments, Moments
from grille.server.statistics.nested import nested_problem
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.scaling import Scaling
from grille.server.statistics.whitening import Whitening


@dataclass(frozen=True, slots=True)
class Leverage:
    """Leverages of a design.

    Attributes:
        largest: Of one row, or a proven upper bound.
        three_largest: Of the three rows with the largest together, or a proven upper bound.
        exact: Whether they are the values themselves.
    """

    largest: float
    three_largest: float
    exact: bool


def design_leverage(
    moments: Moments,
    scaling: Scaling,
    passes: Pass,
    ratios: Floats | None = None,
    enough: tuple[float, float] = (0.2, 0.5),
) -> Leverage:
    """Return the largest leverages of the kept design.

    First come upper bounds from the columns' ranges and, for multilevel models, the group means; the rows are read only
    when a bound exceeds `enough`.

    Args:
        moments: The moments of the fit.
        scaling: Its kept columns.
        passes: The pass that the moments came from.
        ratios: Variance ratios of a multilevel fit, lowest level first.
        enough: Bounds on (one row, three rows) that need no second pass.
    """
    design = None
    bounds = [_least_squares_bound(moments, scaling)]
    if ratios is not None and moments.groups is not None:
        design = _Whitened(moments, moments.groups, scaling, ratios)
        bounds.append(design.bound())
    bound = Leverage(max(b.largest for b in bounds), max(b.three_largest for b in bounds), False)
    if bound.largest <= enough[0] and bound.three_largest <= enough[1]:
        return bound
    return _exact(moments, scaling, passes, design)


def _reach(moments: Moments, scaling: Scaling) -> tuple[Floats, Floats]:
    """Return scaled lower and upper ends of the kept columns, (k,) each."""
    kept = scaling.kept
    low = np.array([moments.ranges[j].low for j in kept])
    high = np.array([moments.ranges[j].high for j in kept])
    centre, scale = scaling.centre[:-1], scaling.scale[:-1]
    return (low - centre) / scale, (high - centre) / scale


def _bounded(factor: Floats, reach: Floats) -> Floats:
    """Bound ||L^-1 x||^2 over |x_j| <= reach_j; reach (k, m), result (m,).

    Two bounds hold, and the smaller is taken: each entry of L^-1 x is at most |L^-1| reach, and ||L^-1 x||^2 is at most
    ||reach||^2 times the largest eigenvalue of (LL')^-1.
    """
    if not factor.size:
        return np.zeros(reach.shape[1])
    entries = ((np.abs(factor) @ reach) ** 2).sum(axis=0)
    eigenvalue = np.linalg.norm(factor, 2) ** 2
    return np.asarray(np.minimum(entries, eigenvalue * (reach**2).sum(axis=0)))


def _least_squares_bound(moments: Moments, scaling: Scaling) -> Leverage:
    k = scaling.slopes
    low, high = _reach(moments, scaling)
    reach = np.maximum(np.abs(low), np.abs(high))[:, None]
    largest = float(_bounded(inverse_factor(scaling.cross[:k, :k]), reach)[0])
    largest = min(1.0, largest + (1.0 / moments.n if scaling.constant else 0.0))
    return Leverage(largest, 3.0 * largest, False)


class _Whitened:
    """The multilevel design at the estimated ratios, and its bound."""

    def __init__(self, moments: Moments, groups: GroupMoments, scaling: Scaling, ratios: Floats) -> None:
        self.moments, self.groups, self.scaling = moments, groups, scaling
        self.problem = nested_problem(moments, groups, scaling)
        value = evaluate(self.problem, ratios)
        self.inverse_factor = value.inverse_factor
        self.whitening = Whitening(self.problem, value)

    def bound(self) -> Leverage:
        """Bound the leverage of every row of each group: |x_i - mean| by the range, and by 0 where constant."""
        low, high = _reach(self.moments, self.scaling)
        if self.scaling.constant:
            low, high = np.append(low, 1.0), np.append(high, 1.0)
        p = self.problem.p
        means = self.problem.means[:p]
        reach = np.maximum(high[:, None] - means, means - low[:, None])
        reach[np.diagonal(self.problem.within)[:p] == 0.0] = 0.0
        entries = _bounded(self.inverse_factor, reach + np.abs(self.whitening.pooled))
        bounds = np.minimum(1.0, entries / self.whitening.diagonal)
        order = np.argsort(bounds)[-3:][::-1]
        rows = np.repeat(bounds[order], np.minimum(self.problem.sizes[order], 3.0).astype(np.intp))
        return Leverage(float(rows[0]), float(rows[:3].sum()), False)


def _exact(moments: Moments, scaling: Scaling, passes: Pass, design: _Whitened | None) -> Leverage:
    k = scaling.slopes
    factor = inverse_factor(scaling.cross[:k, :k])
    base = 1.0 / moments.n if scaling.constant else 0.0
    plain, whitened = np.zeros(3), np.zeros(3)
    block = np.empty((len(moments.design.columns) + 1, 0))
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((block.shape[0], batch.rows))
            scaled = scaling.apply(fill(moments.design, batch, block))
            plain = _three_largest(plain, _squared_norms(factor @ scaled[:k]) + base)
            if design is not None:
                cells = design.groups.cells_of(batch)
                if scaling.constant:
                    scaled[k] = 1.0
                rows = design.whitening.apply(scaled[: scaling.parameters], cells)
                norms = _squared_norms(design.inverse_factor @ rows)
                whitened = _three_largest(whitened, norms / design.whitening.diagonal[cells])
    return Leverage(
        float(max(plain[-1], whitened[-1])),
        float(max(plain.sum(), whitened.sum())),
        True,
    )


def _squared_norms(rows: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", rows, rows))


def _three_largest(so_far: Floats, values: Floats) -> Floats:
    joined = np.concatenate([so_far, values])
    return np.sort(np.partition(joined, joined.size - 3)[-3:])
