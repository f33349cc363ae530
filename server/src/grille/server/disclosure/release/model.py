"""Release of models."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from grille.server.blocks import Cell, Column, Flag, Format
from grille.server.disclosure.evidence import (
    Figure,
    FigureKind,
    FigureTable,
    ModelEvidence,
    NoAnswerEvidence,
    UnitCount,
)
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.admission import Admission
from grille.server.disclosure.release.counting import shown_count
from grille.server.disclosure.released import AppliedRule, ReleasedModel, ReleasedTable
from grille.server.disclosure.rules.cells import magnitude_cells_shown
from grille.server.disclosure.rules.condition import is_few
from grille.server.disclosure.rules.constant import TERM, constant_is_shown
from grille.server.disclosure.rules.dominance import undominated
from grille.server.disclosure.rules.fit import fit_is_imperfect
from grille.server.disclosure.rules.groups import (
    correlation_is_moderate,
    group_columns_are_common,
    groups_are_few,
    known_numbers_of_groups,
)
from grille.server.disclosure.rules.isolation import nobody_is_isolated, nobody_steers_a_test
from grille.server.disclosure.rules.rarity import columns_are_common, outcome_is_common
from grille.server.disclosure.rules.rounding import rounded_p_value, significant
from grille.server.disclosure.rules.support import model_is_supported
from grille.server.disclosure.texts import FEW_GROUPS, applied, in_numbers, refusal
from grille.server.errors import GrilleError

_FORMATS = {
    FigureKind.LABEL: Format.TEXT,
    FigureKind.P_VALUE: Format.P_VALUE,
    FigureKind.DEGREES: Format.COUNT,
    FigureKind.RESIDUAL_DEGREES: Format.COUNT,
    FigureKind.COUNT: Format.COUNT,
    FigureKind.GROUPS: Format.COUNT,
}


def release_model(
    evidence: ModelEvidence, policy: Policy, admission: Admission
) -> tuple[ReleasedModel, tuple[AppliedRule, ...]]:
    """Judge a model, then noise and round its figures.

    Raises:
        DisclosureError: MODEL_TOO_SMALL, FIT_TOO_GOOD, DESIGN_COLUMN_RARE, GROUP_COLUMN_RARE, UNIT_ISOLATED,
            GROUPS_DETERMINE_OUTCOME or SETS_TOO_CLOSE.
    """
    if policy.protects:
        _judge(evidence, policy)
    admission.together((evidence.analysis_set, *evidence.parts))
    constant = not policy.protects or constant_is_shown(evidence.smallest_combination, policy)
    shown = _Figures(evidence, policy)
    known = tuple(_known_rows(table, policy) for table in evidence.tables)
    withheld = {table.key for table in known if policy.protects and not _is_safe(table, constant, policy)}
    tables = tuple(_table(table, shown, constant, table.key in withheld) for table in known)
    notices = evidence.notices
    if groups_are_few(evidence.groups, policy):
        notices = (*notices, ("few_groups", in_numbers(FEW_GROUPS, policy)))
    rules = []
    if policy.protects:
        # that a column was left out for its few units must not show: the remark is made for every model
        rules = [applied(rule, policy) for rule in ("count_noise", "model_rounding", "rare_columns")]
        if policy.winsorises_models:
            rules.append(applied("winsorising", policy))
        if not constant and any(_is_constant(row) for table in evidence.tables for row in table.rows):
            rules.append(applied("constant_hidden", policy))
        if withheld:
            rules.append(applied("part_withheld", policy))
        if evidence.groups:
            rules.append(applied("group_size", policy))
    return ReleasedModel(evidence.command, tables, notices, evidence.view), tuple(rules)


def no_answer(evidence: NoAnswerEvidence, policy: Policy) -> GrilleError:
    """Return what is told of a model that could not be fitted.

    Risk: that a fit fails, and how, tells a small set from an empty one, and an outcome that nobody has from one that
    few have.
    Rule: below model_min units the refusal is that of any small model; an outcome without variation is refused like one
    that hardly varies.
    Numbers: standard 100.
    """
    if policy.protects and is_few(evidence.analysis_set.units, policy.model_min):
        return refusal("MODEL_TOO_SMALL", policy)
    if policy.protects and evidence.error.reason == "NO_VARIATION":
        return refusal("DESIGN_COLUMN_RARE", policy)
    return evidence.error


def _judge(evidence: ModelEvidence, policy: Policy) -> None:
    units = evidence.analysis_set.units
    tests = (
        ("MODEL_TOO_SMALL", model_is_supported(units, evidence.parameters, evidence.residual_df, policy)),
        ("FIT_TOO_GOOD", fit_is_imperfect(evidence.r2, evidence.lineage_violation, policy)),
        ("DESIGN_COLUMN_RARE", columns_are_common(evidence.columns, policy)),
        ("DESIGN_COLUMN_RARE", outcome_is_common(evidence.outcome_rarer_units, policy)),
        ("GROUP_COLUMN_RARE", group_columns_are_common(evidence.columns, policy)),
        ("UNIT_ISOLATED", nobody_is_isolated(evidence.leverage, policy)),
        ("UNIT_ISOLATED", all(_is_undominated(weight, policy) for weight in evidence.weights)),
        ("GROUPS_DETERMINE_OUTCOME", correlation_is_moderate(evidence.icc, policy)),
    )
    for reason, passed in tests:
        if not passed:
            raise refusal(reason, policy)


def _is_safe(table: FigureTable, constant: bool, policy: Policy) -> bool:
    """Say whether what a table needs holds; `constant` tells whether the constant term is shown."""
    needs = table.needs
    if needs is None:
        return True
    return (
        (constant or not needs.constant)
        and (needs.leverage is None or nobody_steers_a_test(needs.leverage, policy))
        and (needs.weight is None or _is_undominated(needs.weight, policy))
    )


def _is_undominated(weight: tuple[float, float, float], policy: Policy) -> bool:
    total, largest, second = (np.array([part]) for part in weight)
    return bool(undominated(total, largest, second, policy)[0])


def _known_rows(table: FigureTable, policy: Policy) -> FigureTable:
    """Return a table without the rows about few units, which then look like those about none."""
    if table.needs is None or not table.needs.cells or not policy.protects:
        return table
    counts = np.array([cell.n for cell in table.needs.cells], dtype=np.int64)
    noised = np.array([shown_count(cell, policy) for cell in table.needs.cells], dtype=np.int64)
    large = magnitude_cells_shown(counts, noised, policy)
    return replace(table, rows=tuple(row for row, kept in zip(table.rows, large, strict=True) if kept))


class _Figures:
    """Turns figures of one model into cells."""

    def __init__(self, evidence: ModelEvidence, policy: Policy) -> None:
        self._policy = policy
        self._n = evidence.analysis_set.units.n
        self._noised_n = shown_count(evidence.analysis_set.units, policy)
        self._df = evidence.residual_df
        self._noised_df = max(self._df + self._noised_n - self._n, 1)
        self._known_groups = known_numbers_of_groups(evidence.groups, policy)

    def cell(self, figure: Figure) -> Cell:
        """Return what is shown of a figure."""
        value = figure.value
        flag = Flag.BOUNDARY if figure.boundary else None
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return Cell(None, flag or Flag.NOT_AVAILABLE, figure.label)
        if isinstance(value, UnitCount):
            if figure.kind is FigureKind.GROUPS and value.n in self._known_groups:
                return Cell(value.n, flag, figure.label)
            return self._count(value, figure)
        if isinstance(value, str):
            return Cell(value, flag, figure.label)
        if not self._policy.protects:
            return Cell(value + figure.centre if isinstance(value, float) else value, flag, figure.label)
        if figure.kind is FigureKind.P_VALUE:
            return Cell(rounded_p_value(float(value), self._policy)[0], flag, figure.label)
        if figure.kind is FigureKind.DEGREES:
            return Cell(int(value), flag, figure.label)
        if figure.kind is FigureKind.RESIDUAL_DEGREES:
            return Cell(max(int(value) + self._noised_n - self._n, 1), flag, figure.label)
        exact = figure.centre + self._for_noised_n(figure.kind, float(value))
        digits = significant(np.array([exact]), self._policy.model_digits)
        return Cell(float(digits[0]), flag, figure.label)

    def _count(self, count: UnitCount, figure: Figure) -> Cell:
        shown = shown_count(count, self._policy)
        if self._policy.protects and shown < self._policy.cell_min:
            return Cell(None, Flag.BELOW_THRESHOLD, figure.label)
        return Cell(shown, Flag.BOUNDARY if figure.boundary else None, figure.label)

    def _for_noised_n(self, kind: FigureKind, value: float) -> float:
        """Recompute a figure as if there were the noised number of units.

        Otherwise R2 and adjusted R2, F, a sum of squares and its root mean or a standard deviation, or a standard error
        and the deviations behind it give the exact number of units. Variances stay, what sums over units moves.
        """
        ratio = self._noised_df / self._df if self._df > 0 else 1.0
        if kind is FigureKind.F_STATISTIC:
            return value * ratio
        if kind is FigureKind.RESIDUAL_SCALE:
            return value * math.sqrt(self._noised_n / self._n / ratio)
        if kind in (FigureKind.MEAN_SIZE, FigureKind.PER_UNIT):
            return value * self._noised_n / self._n
        if kind is FigureKind.MEAN_ERROR:
            return value / math.sqrt(ratio)
        if kind is FigureKind.MEAN_T:
            return value * math.sqrt(ratio)
        if kind is FigureKind.ADJUSTED_R2:
            return 1.0 - (1.0 - value) / ratio * (self._noised_n - 1) / (self._n - 1)
        return value


def _is_constant(row: tuple[Figure, ...]) -> bool:
    return bool(row) and row[0].kind is FigureKind.LABEL and row[0].value == TERM


def _table(table: FigureTable, figures: _Figures, constant: bool, withheld: bool) -> ReleasedTable:
    rows = []
    for row in table.rows:
        if withheld or (not constant and _is_constant(row)):
            label, *rest = row
            rows.append((figures.cell(label), *(Cell(None, Flag.SUPPRESSED) for _ in rest)))
        else:
            rows.append(tuple(figures.cell(figure) for figure in row))
    columns = tuple(
        Column(key, heading, _format([row[number].kind for row in table.rows]))
        for number, (key, heading) in enumerate(table.columns)
    )
    return ReleasedTable(table.key, table.title, columns, tuple(rows))


def _format(kinds: list[FigureKind]) -> Format:
    formats = {_FORMATS.get(kind, Format.NUMBER) for kind in kinds}
    return formats.pop() if len(formats) == 1 else Format.NUMBER
