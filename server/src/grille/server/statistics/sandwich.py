"""The middle of the robust covariance of a multilevel model, from a second pass over the rows."""

from __future__ import annotations

import numpy as np

from grille.server.errors import InternalError
from grille.server.plan.aggregates import Batch
from grille.server.statistics.cells import Indices
from grille.server.statistics.criterion import Value, lowest_rows
from grille.server.statistics.design import Design, Floats, Pass, fill
from grille.server.statistics.moments import Moments
from grille.server.statistics.nested import NestedProblem
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.scaling import Scaling
from grille.server.text import Text


def top_group_scores(moments: Moments, scaling: Scaling, problem: NestedProblem, value: Value, passes: Pass) -> Floats:
    """Return u = X'V^-1 (y - Xb) of each of the H top groups, (p, H).

    The sum of u u', times H / (H - 1) for a finite number of clusters, between two bread matrices (X'V^-1 X)^-1 is the
    cluster-robust covariance (Liang and Zeger 1986); b are the estimates at `value`.
    With residuals r, their mean m in each lowest group, and R the group's row of Z'V^-1 X, u is the sum of x (r - m)
    over rows plus that of R m over lowest groups, where nothing cancels.

    Args:
        moments: The moments of the fit, with groups.
        scaling: Its scaling.
        problem: Its problem.
        value: The criterion at the estimated ratios.
        passes: The pass that the moments came from.
    """
    groups = moments.groups
    if groups is None:
        text = "The robust covariance of a multilevel model needs group variables."
        raise InternalError("GROUP_VARIABLES", Text(text, "Den robuste kovariansen krever gruppevariabler."))
    p, k = problem.p, scaling.slopes
    group_means = problem.means[p] - value.beta @ problem.means[:p]
    between = lowest_rows(problem, value)[:p] * group_means
    width = len(moments.design.columns)
    weight, centre = np.zeros(width), np.zeros(width)
    weight[scaling.kept] = value.beta[:k] / scaling.scale[:k]
    centre[scaling.kept] = scaling.centre[:k]
    fixed = float(value.beta[k]) if scaling.constant else 0.0
    sums = _Sums(moments.design, groups.n_top)
    block = np.empty((width + 1, 0))
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((width + 1, batch.rows))
            rows = fill(moments.design, batch, block)
            for row in sums.weighted:  # indicators are small enough as they are
                rows[row] -= centre[row]
            shift = float(weight[sums.indicators] @ centre[sums.indicators])
            residual = (rows[-1] - scaling.centre[k]) / scaling.scale[k] - weight @ rows[:-1] + (shift - fixed)
            cells = groups.cells_of(batch)
            sums.add(groups.top[cells], batch, rows, residual - group_means[cells])
    scores = np.zeros((p, groups.n_top))
    scores[:k] = sums.totals[scaling.kept] / scaling.scale[:k, None]
    for score, row in zip(scores, between, strict=True):
        score += np.bincount(groups.top, weights=row, minlength=groups.n_top)
    return scores


class _Sums:
    """Column sums per top group with weights per row; the indicators of one factor take one count together."""

    def __init__(self, design: Design, n_top: int) -> None:
        self.n_top = n_top
        self.totals = np.zeros((len(design.columns), n_top))
        self.weighted = [row for row, column in enumerate(design.columns) if not column.is_indicator]
        self.indicators = [row for row, column in enumerate(design.columns) if column.is_indicator]
        self.single: list[int] = []
        self.factors: dict[str, list[tuple[int, int]]] = {}
        for row, column in enumerate(design.columns):
            level = column.parts[0].level
            if len(column.parts) == 1 and level is not None:
                self.factors.setdefault(column.parts[0].variable, []).append((row, level))
            else:
                self.single.append(row)

    def add(self, tops: Indices, batch: Batch, rows: Floats, weights: Floats) -> None:
        for row in self.single:
            self.totals[row] += np.bincount(tops, weights=rows[row] * weights, minlength=self.n_top)
        for name, pairs in self.factors.items():
            chosen, codes = [row for row, _ in pairs], [level for _, level in pairs]
            n_levels = max(codes) + 1
            if self.n_top * n_levels <= 4 * batch.rows:
                numbers = tops * n_levels + batch.factors[name]
                table = np.bincount(numbers, weights=weights, minlength=self.n_top * n_levels)
                self.totals[chosen] += table.reshape(self.n_top, n_levels)[:, codes].T
            else:  # the table would be larger than the batch
                for row in chosen:
                    self.totals[row] += np.bincount(tops, weights=rows[row] * weights, minlength=self.n_top)
