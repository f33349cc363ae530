"""Release of statistics over several sets of units, each shown or withheld by itself."""

from __future__ import annotations

import math

import numpy as np

from grille.server.blocks import Cell, Column, Flag, Format
from grille.server.disclosure.evidence import (
    Figure,
    FigureKind,
    FigureSet,
    FigureSetsEvidence,
    FigureTable,
    UnitCount,
)
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.admission import Admission
from grille.server.disclosure.release.counting import shown_count
from grille.server.disclosure.released import AppliedRule, ReleasedModel, ReleasedTable
from grille.server.disclosure.rules.cells import count_cells_shown
from grille.server.disclosure.rules.fit import fit_is_imperfect
from grille.server.disclosure.rules.isolation import nobody_is_isolated
from grille.server.disclosure.rules.rarity import outcome_is_common
from grille.server.disclosure.rules.rounding import rounded_p_value, significant
from grille.server.disclosure.texts import applied, refusal

_FORMATS = {
    FigureKind.LABEL: Format.TEXT,
    FigureKind.P_VALUE: Format.P_VALUE,
    FigureKind.DEGREES: Format.COUNT,
    FigureKind.COUNT: Format.COUNT,
}


def release_figure_sets(
    evidence: FigureSetsEvidence, policy: Policy, admission: Admission
) -> tuple[ReleasedModel, tuple[AppliedRule, ...]]:
    """Judge each set, withhold the figures of those that a rule refuses, noise and round the others.

    Raises:
        DisclosureError: TOO_FEW_UNITS, VALUES_TOO_RARE, DOMINATED, VARIABLES_DETERMINED or SETS_TOO_CLOSE, when no
            set is left.
    """
    touched: set[str] = set()
    shown = [True] * len(evidence.sets)
    if policy.protects:
        shown = _shown(evidence.sets, policy, admission, touched)
    tables = tuple(_table(table, shown, policy) for table in evidence.tables)
    return ReleasedModel(evidence.command, tables, evidence.notices, None), _rules(evidence, policy, touched)


def _shown(sets: tuple[FigureSet, ...], policy: Policy, admission: Admission, touched: set[str]) -> list[bool]:
    """Return which sets every rule and the ledger let through."""
    stages = (
        (
            "TOO_FEW_UNITS",
            "cell_suppression",
            [_is_large(one, policy) and _cells_are_large(one, policy) for one in sets],
        ),
        ("VALUES_TOO_RARE", "figure_suppression", [outcome_is_common(one.rarer_units, policy) for one in sets]),
        ("DOMINATED", "figure_suppression", [nobody_is_isolated(one.leverage, policy) for one in sets]),
        ("VARIABLES_DETERMINED", "figure_suppression", [fit_is_imperfect(one.r2, False, policy) for one in sets]),
    )
    shown = [True] * len(sets)
    for reason, rule, passed in stages:
        if not all(one for one, still in zip(passed, shown, strict=True) if still):
            touched.add(rule)
        shown = [still and one for still, one in zip(shown, passed, strict=True)]
        if not any(shown):
            raise refusal(reason, policy)
    admitted = _admitted(sets, shown, admission)
    if admitted != shown:
        touched.add("differencing")
    if not any(admitted):
        raise refusal("SETS_TOO_CLOSE", policy)
    return admitted


def _is_large(one: FigureSet, policy: Policy) -> bool:
    """Say whether there are enough units, exact and noised, also for the numbers that are estimated from them."""
    units = one.analysis_set.units
    return (
        min(units.n, shown_count(units, policy)) >= policy.cell_min
        and units.n >= policy.units_per_parameter_min * one.parameters
    )


def _cells_are_large(one: FigureSet, policy: Policy) -> bool:
    noised = np.array([shown_count(count, policy) for count in one.counts], dtype=np.int64)
    return bool(count_cells_shown(noised, policy).all())


def _admitted(sets: tuple[FigureSet, ...], shown: list[bool], admission: Admission) -> list[bool]:
    """Record the sets that are still shown, whole sets before their parts; one too close withholds its figures."""
    owners = [(number, one.analysis_set) for number, one in enumerate(sets) if shown[number]]
    owners += [(number, part) for number, one in enumerate(sets) if shown[number] for part in one.parts]
    admitted = list(shown)
    for (number, _), good in zip(owners, admission.apart([one for _, one in owners]), strict=True):
        admitted[number] = admitted[number] and good
    return admitted


def _table(table: FigureTable, shown: list[bool], policy: Policy) -> ReleasedTable:
    columns = tuple(
        Column(key, heading, _format({row[number].kind for row in table.rows}))
        for number, (key, heading) in enumerate(table.columns)
    )
    rows = tuple(tuple(_cell(figure, shown, policy) for figure in row) for row in table.rows)
    return ReleasedTable(table.key, table.title, columns, rows)


def _format(kinds: set[FigureKind]) -> Format:
    formats = {_FORMATS.get(kind, Format.NUMBER) for kind in kinds}
    return formats.pop() if len(formats) == 1 else Format.NUMBER


def _cell(figure: Figure, shown: list[bool], policy: Policy) -> Cell:
    value = figure.value
    if figure.group is not None and not shown[figure.group]:
        return Cell(None, Flag.SUPPRESSED)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return Cell(None, Flag.NOT_AVAILABLE, figure.label)
    if isinstance(value, UnitCount):
        return Cell(shown_count(value, policy), None, figure.label)
    if isinstance(value, str) or not policy.protects or figure.kind is FigureKind.DEGREES:
        return Cell(value, None, figure.label)
    if figure.kind is FigureKind.P_VALUE:
        return Cell(rounded_p_value(float(value), policy)[0], None, figure.label)
    return Cell(float(significant(np.array([float(value)]), policy.model_digits)[0]), None, figure.label)


def _rules(evidence: FigureSetsEvidence, policy: Policy, touched: set[str]) -> tuple[AppliedRule, ...]:
    if not policy.protects:
        return ()
    noised = [figure.kind is FigureKind.COUNT for table in evidence.tables for row in table.rows for figure in row]
    rules = ["count_noise"] if any(noised) else []
    rules += evidence.applied
    rules.append("model_rounding")
    rules += [rule for rule in ("cell_suppression", "figure_suppression", "differencing") if rule in touched]
    return tuple(applied(rule, policy) for rule in rules)
