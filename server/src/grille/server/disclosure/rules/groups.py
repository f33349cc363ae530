"""Rules for multilevel models: group-level columns, group sizes, intraclass correlation."""

from __future__ import annotations

from collections.abc import Sequence

from grille.server.disclosure.evidence import DesignColumn, GroupLevel
from grille.server.disclosure.policy import Policy


def group_columns_are_common(columns: Sequence[DesignColumn], policy: Policy) -> bool:
    """Say whether every column that is constant within groups differs for many groups, or for large ones.

    Risk: a group-level dummy for one small group gives the mean outcome of its members.
    Rule: >= groups_min groups on the rarer side, or >= group_units_min units in each of them.
    Numbers: standard 10 and 10.
    Source: DataSHIELD and ESSnet/DwB thresholds, taken to the level of groups.
    """
    return all(
        column.rarer_groups is None
        or column.rarer_groups[0] >= policy.groups_min
        or column.rarer_groups[1] >= policy.group_units_min
        for column in columns
    )


def known_numbers_of_groups(levels: Sequence[GroupLevel], policy: Policy) -> frozenset[int]:
    """Return the numbers of groups that may be shown exactly.

    Risk: the number of groups tells whether a group of few members exists.
    Rule: exact for a level whose code list is public or whose every group has >= cell_min units; and when open.
    Numbers: standard 10.
    Source: the threshold rule of the ESSnet/DwB guidelines; such groups could each be shown in a table.
    """
    return frozenset(
        level.n_groups for level in levels if not policy.protects or level.public or level.smallest.n >= policy.cell_min
    )


def groups_are_few(levels: Sequence[GroupLevel], policy: Policy) -> bool:
    """Say whether a level has so few groups that its variance is poorly known: a remark on quality, not a refusal.

    Rule: fewer than groups_few groups.
    Numbers: standard 10.
    Source: Maas and Hox (2005), Sufficient sample sizes for multilevel modeling.
    """
    return any(level.n_groups < policy.groups_few for level in levels)


def correlation_is_moderate(icc: float | None, policy: Policy) -> bool:
    """Say whether group members differ enough from each other.

    Risk: with an intraclass correlation towards 1 groups determine the outcome, and the model is saturated.
    Rule: the largest cumulative intraclass correlation <= icc_max; None for models of one level; NaN is too large.
    Numbers: standard 0.98.
    Source: the rule on saturated models of the ESSnet/DwB guidelines, taken to random effects.
    """
    return icc is None or icc <= policy.icc_max
