"""A multilevel fit of a data set's rows, and what the gate asks of it: for regress-mml and regress-mml-predict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.base import Workspace
from grille.server.commands.beside import beside
from grille.server.commands.facts import reference
from grille.server.commands.gathering import gather, recall
from grille.server.commands.mml_tables import boundary_notices, clusters_notice, crossed_notice
from grille.server.commands.model_tables import dropped_notice, term_labels
from grille.server.commands.models import (
    Model,
    Reading,
    design_columns,
    expect_combinations,
    outcome_weight,
    smallest_combination,
)
from grille.server.commands.scope import Variable
from grille.server.commands.sets import COUNT_MEASURES, analysis_set_of_all
from grille.server.disclosure.evidence import AnalysisSet, GroupLevel, ModelEvidence, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_counts
from grille.server.disclosure.rules.cells import magnitude_cells_shown
from grille.server.disclosure.rules.condition import is_few
from grille.server.engines.base import Frame
from grille.server.plan.aggregates import Aggregation, Groups
from grille.server.statistics import refusals
from grille.server.statistics.group_leverage import small_group_leverage
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.moments import Moments
from grille.server.statistics.reml import Likelihood, MixedLevel, MixedResult, fit_mixed
from grille.server.statistics.uncertainty import ErrorKind

_MOST_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class EstimatedMixed:
    """The rows as read, their moments, the fit, and its evidence without tables."""

    reading: Reading
    moments: Moments
    fit: MixedResult
    evidence: ModelEvidence


def estimate_mixed(
    command: str,
    model: Model,
    groups: tuple[Variable, ...],
    workspace: Workspace,
    entered: Frame,
    errors: ErrorKind = "statsmodels",
    likelihood: Likelihood = "reml",
) -> EstimatedMixed:
    """Fit in one pass, more for robust errors; raises NumericError as fit_mixed.

    Args:
        command: Command name, for the ledger.
        model: The model.
        groups: Group variables, highest level first, the model's others.
        workspace: Of the command.
        entered: Rows that enter the estimation.
        errors: Kind of the standard errors.
        likelihood: Restricted or full.
    """

    def count() -> tuple[Groups, AnalysisSet]:
        expect_combinations(workspace, entered, model)
        return count_groups(workspace, entered, groups), analysis_set_of_all(workspace, entered, command)

    names = tuple(one.name for one in groups)
    known = recall(workspace, entered, model, names)
    with beside(count, at_once=known is not None) as counted:
        reading, moments = known or gather(workspace, entered, model, names)
    workspace.progress("fitting")
    cells, analysis_set = counted()
    if workspace.policy.protects:
        check_groups(groups, cells, workspace.policy)
    few = workspace.policy.cell_min
    fit = fit_mixed(moments, model.level, errors, likelihood, reading.passes, few)
    workspace.progress("checking")
    leverage = design_leverage(moments, fit.scaling, reading.passes, fit.ratios)
    small = small_group_leverage(moments, fit.scaling, fit.ratios, few)
    evidence = ModelEvidence(
        command=command,
        analysis_set=analysis_set,
        parameters=fit.parameters,
        residual_df=fit.n - len(fit.terms),
        r2=fit.r2_marginal,
        columns=design_columns(moments, fit.scaling),
        leverage=(max(leverage.largest, small), leverage.three_largest),
        outcome_rarer_units=moments.outcome_rarer_units,
        smallest_combination=smallest_combination(workspace, entered, model, moments),
        groups=tuple(_group_level(groups, cells, number, level) for number, level in enumerate(fit.levels)),
        icc=fit.levels[-1].icc_cumulative,
        tables=(),
        notices=(
            *dropped_notice(fit.dropped, term_labels(model, reading), reading.design, moments),
            *boundary_notices(groups, fit),
            *clusters_notice(groups, fit),
            *crossed_notice(groups, crossings(groups, cells, workspace.policy), workspace.policy),
        ),
        lineage_violation=model.lineage_violation,
        weights=(
            outcome_weight(workspace, entered, model.outcome),
            *((one.total, one.largest, one.second) for one in fit.weights),
        ),
    )
    return EstimatedMixed(reading, moments, fit, evidence)


def count_groups(workspace: Workspace, frame: Frame, groups: tuple[Variable, ...]) -> Groups:
    """Count the units of each lowest group, with cell keys, ordered by the highest level."""
    assert frame.rows is not None
    key = ("count_groups", frame.rows.present, *(frame.columns[one.name].identity for one in groups))
    if key not in workspace.memo:
        by = tuple((group.name, reference(group)) for group in groups)
        counted = workspace.engine.aggregate(frame, Aggregation(by, COUNT_MEASURES))
        if len(counted.measures["n"]) > _MOST_REMEMBERED:
            return counted
        workspace.memo[key] = counted
    found: Groups = workspace.memo[key]
    return Groups(dict(zip((group.name for group in groups), found.by.values(), strict=True)), found.measures)


def check_groups(groups: tuple[Variable, ...], cells: Groups, policy: Policy) -> None:
    """Refuse groups that only few units keep from being one group, groups of one, or levels that coincide.

    Otherwise the difference would tell whether one unit stands apart.

    Raises:
        NumericError: SINGLE_GROUP, SINGLETON_GROUPS, LEVELS_NOT_SEPARABLE.
    """
    n, keys = cells.measures["n"].astype(np.int64), cells.measures["key"].astype(np.uint64)
    top = np.unique(cells.by[groups[0].name], return_inverse=True)[1]
    sizes = np.bincount(top, weights=n)
    if not n.size or _few(top != sizes.argmax(), n, keys, policy):
        raise refusals.single_group(groups[0].name)
    if _few(n > 1, n, keys, policy):
        raise refusals.singleton_groups(groups[-1].name)
    if len(groups) > 1:
        order = np.lexsort((-n, top))
        largest = np.zeros(n.size, dtype=np.bool_)
        largest[order[np.flatnonzero(np.diff(top[order], prepend=-1))]] = True
        if _few(~largest, n, keys, policy):
            raise refusals.levels_not_separable(groups[0].name, groups[1].name)


def _few(chosen: NDArray[np.bool_], n: NDArray[np.int64], keys: NDArray[np.uint64], policy: Policy) -> bool:
    return is_few(UnitCount(int(n[chosen].sum()), int(keys[chosen].sum(dtype=np.uint64))), policy.cell_min)


def crossings(groups: tuple[Variable, ...], cells: Groups, policy: Policy) -> int:
    """Count the codes of the lower level that stand in several groups of the higher, with many units in each.

    Combinations of few units are left out, so that the number does not tell whether one unit is out of place.
    """
    if len(groups) < 2:
        return 0
    n, keys = cells.measures["n"].astype(np.int64), cells.measures["key"].astype(np.uint64)
    large = magnitude_cells_shown(n, shown_counts(n, keys, policy), policy) if policy.protects else n > 0
    tops = Counter(cells.by[groups[1].name][large].tolist())
    return sum(count > 1 for count in tops.values())


def _group_level(groups: tuple[Variable, ...], cells: Groups, number: int, level: MixedLevel) -> GroupLevel:
    sizes, keys = cells.measures["n"].astype(np.int64), cells.measures["key"].astype(np.uint64)
    if number + 1 < len(groups):  # a higher level: add its cells up
        top = cells.by[groups[number].name]
        first = np.flatnonzero(np.concatenate([[True], top[1:] != top[:-1]]))
        sizes, keys = np.add.reduceat(sizes, first), np.add.reduceat(keys, first)
    low, high = int(np.argmin(sizes)), int(np.argmax(sizes))
    return GroupLevel(
        groups[number].name,
        level.n_groups,
        UnitCount(int(sizes[low]), int(keys[low])),
        UnitCount(int(sizes[high]), int(keys[high])),
        groups[number].documented,
    )
