"""A random-intercept problem in scaled coordinates: within sums, and the means of the nested groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics import refusals
from grille.server.statistics.cells import Indices
from grille.server.statistics.design import Floats
from grille.server.statistics.moments import GroupMoments, Moments
from grille.server.statistics.scaling import Scaling

# What rounding leaves of a variance within groups that is exactly 0.
_ROUNDING = 1e-11
_COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True)
class NestedProblem:
    """Everything the likelihood depends on.

    The q columns are the p columns of the scaled design, the constant last among them, then the scaled outcome.

    Attributes:
        n: Rows.
        p: Parameters.
        within: Cross-products about the means of the lowest groups, float64 (q, q).
        sizes: Rows per lowest group, float64 (G,); lowest groups of one top group stand together.
        means: Means of the lowest groups, float64 (q, G).
        starts: First lowest group of each top group, intp (H,), or None with two levels.
        counts: Lowest groups per top group, intp (H,), or None.
        restricted: Whether the likelihood is the restricted one (REML); else it is the full one (ML).
    """

    n: int
    p: int
    within: Floats
    sizes: Floats
    means: Floats
    starts: Indices | None
    counts: Indices | None
    restricted: bool = True

    @property
    def df(self) -> int:
        """Divisor of the residual variance: n - p restricted, n with the full likelihood."""
        return self.n - self.p if self.restricted else self.n

    @property
    def n_ratios(self) -> int:
        """Number of variance ratios: 1 or 2."""
        return 1 if self.starts is None else 2

    def mean_sizes(self) -> Floats:
        """Return the mean rows per group of each level, lowest first."""
        n_groups = [self.sizes.size] if self.starts is None else [self.sizes.size, self.starts.size]
        return self.n / np.array(n_groups, dtype=np.float64)


def nested_problem(moments: Moments, groups: GroupMoments, scaling: Scaling, restricted: bool = True) -> NestedProblem:
    """Scale group means and form the within-group cross-products, once.

    Raises:
        NumericError: SINGLE_GROUP, SINGLETON_GROUPS, LEVELS_NOT_SEPARABLE, GROUP_COLUMNS_EXHAUST_GROUPS or
            TOO_FEW_ROWS, when a variance is not identified.
    """
    _check_groups(groups)
    chosen = np.append(scaling.kept, len(moments.design.columns))
    means = groups.means[chosen] / scaling.scale[:, None]
    total = moments.cross[np.ix_(chosen, chosen)] / np.outer(scaling.scale, scaling.scale)
    within = total - (means * groups.sizes) @ means.T
    gone = np.diagonal(within) <= _ROUNDING * np.diagonal(total)
    within[gone] = 0.0
    within[:, gone] = 0.0
    if scaling.constant:
        slopes = scaling.slopes
        means = np.insert(means, slopes, 1.0, axis=0)
        within = np.insert(np.insert(within, slopes, 0.0, axis=0), slopes, 0.0, axis=1)
    else:
        means = means + (moments.mean[chosen] / scaling.scale)[:, None]
    starts = counts = None
    if len(groups.variables) == 2:
        starts = np.searchsorted(groups.top, np.arange(groups.n_top))
        counts = np.diff(np.append(starts, groups.top.size))
    problem = NestedProblem(moments.n, scaling.parameters, within, groups.sizes, means, starts, counts, restricted)
    _check_degrees(problem, groups)
    return problem


def _check_groups(groups: GroupMoments) -> None:
    if groups.n_top < 2:
        raise refusals.single_group(groups.variables[0])
    if groups.sizes.max() == 1:
        raise refusals.singleton_groups(groups.variables[-1])
    if len(groups.variables) == 2 and groups.sizes.size == groups.n_top:
        raise refusals.levels_not_separable(*groups.variables)


def _check_degrees(problem: NestedProblem, groups: GroupMoments) -> None:
    """Each level must keep a degree of freedom after the columns that vary at that level only."""
    p = problem.p
    n_cells = problem.sizes.size
    rank_within = _rank(problem.within[:p, :p], problem.n)
    if problem.n - n_cells - rank_within < 1:
        raise refusals.too_few_rows()
    rank_below = rank_within
    cells_below = n_cells
    if problem.starts is not None and problem.counts is not None:
        tops = np.add.reduceat(problem.sizes, problem.starts)
        means = np.add.reduceat(problem.means * problem.sizes, problem.starts, axis=1) / tops
        deviations = problem.means - np.repeat(means, problem.counts, axis=1)
        between = (deviations * problem.sizes) @ deviations.T
        cells_below = problem.starts.size
        rank_below = _rank(problem.within[:p, :p] + between[:p, :p], problem.n)
        if n_cells - cells_below - (rank_below - rank_within) < 1:
            raise refusals.group_columns_exhaust_groups(groups.variables[1])
    if cells_below - (p - rank_below) < 1:
        raise refusals.group_columns_exhaust_groups(groups.variables[0])


def _rank(cross: Floats, n: int) -> int:
    scale = np.sqrt(np.diagonal(cross).clip(min=0.0))
    varying = scale**2 > _ROUNDING * n  # a scaled column's total is n
    if not varying.any():
        return 0
    correlation = cross[np.ix_(varying, varying)] / np.outer(scale[varying], scale[varying])
    return int(np.count_nonzero(np.linalg.eigvalsh(correlation) > _COLLINEAR))
