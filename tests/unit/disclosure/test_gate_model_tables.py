"""What the gate does to tables of a model that ask more than the model: margins and tests of residuals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.gate_cases import EVERYONE, UNITS, content_of, rules_of

from grille.server.blocks import Flag
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, Sensitivity, TableNeeds, UnitCount
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import ReleasedTable
from grille.server.disclosure.rules.rounding import significant
from grille.server.text import same

MEMBERS = EVERYONE[:1000]
FAR = UNITS.count(EVERYONE[:500])


def table(needs: TableNeeds | None, rows: int = 1) -> FigureTable:
    line = [(Figure(FigureKind.LABEL, f"row{number}"), Figure(FigureKind.ESTIMATE, 2.5)) for number in range(rows)]
    return FigureTable("extra", same("Extra"), (("at", same("At")), ("value", same("Value"))), tuple(line), needs)


def shown(gate: Gate, needs: TableNeeds | None, rows: int = 1, **changes: object) -> ReleasedTable:
    released: ReleasedTable = content_of(gate, UNITS.model(MEMBERS, tables=(table(needs, rows),), **changes)).tables[0]
    return released


@pytest.mark.parametrize(
    "needs, open_to_all",
    [
        (None, True),
        (TableNeeds(), True),
        (TableNeeds(leverage=0.5), True),
        (TableNeeds(leverage=0.501), False),
        (TableNeeds(leverage=math.nan), False),
        (TableNeeds(weight=(100.0, 50.0, 17.0)), True),
        (TableNeeds(weight=(100.0, 50.1, 1.0)), False),
        (TableNeeds(weight=(100.0, 40.0, 27.1)), False),
        (TableNeeds(weight=(0.0, 0.0, 0.0)), True),
        (TableNeeds(constant=True), True),
    ],
)
def test_a_table_is_withheld_at_the_limits_of_its_rules(
    gate: Gate, needs: TableNeeds | None, open_to_all: bool
) -> None:
    cell = shown(gate, needs).rows[0][1]
    assert (cell.value, cell.flag) == ((2.5, None) if open_to_all else (None, Flag.SUPPRESSED))
    told = rules_of(gate.release(UNITS.model(MEMBERS, tables=(table(needs),)), project="P"))
    assert ("part_withheld" in told) is not open_to_all


@pytest.mark.parametrize("smallest, value", [(5, 2.5), (4, None), (None, 2.5)])
def test_what_gives_the_constant_away_is_hidden_with_it(gate: Gate, smallest: int | None, value: float | None) -> None:
    assert shown(gate, TableNeeds(constant=True), smallest_combination=smallest).rows[0][1].value == value
    assert shown(gate, TableNeeds(), smallest_combination=smallest).rows[0][1].value == 2.5


@pytest.mark.parametrize("units", [0, 1, 5, 9])
def test_rows_about_few_units_are_left_out_as_those_about_none(gate: Gate, units: int) -> None:
    few = UNITS.count(EVERYONE[:units])
    kept = shown(gate, TableNeeds(cells=(FAR, few, FAR)), rows=3)
    assert [row[0].value for row in kept.rows] == ["row0", "row2"]
    assert [row[1].value for row in kept.rows] == [2.5, 2.5]


def test_without_protection_everything_is_shown(ledger: Ledger) -> None:
    needs = TableNeeds(1.0, (1.0, 1.0, 0.0), (UnitCount(1, 1),), constant=True)
    evidence = UNITS.model(MEMBERS, tables=(table(needs),), smallest_combination=1)
    content = Gate(Policy.open(), ledger).release(evidence, project="P", sensitivity=Sensitivity("PUBLIC")).content
    assert content.tables[0].rows[0][1].value == 2.5  # type: ignore[union-attr]


def test_errors_of_means_and_their_intervals_are_those_for_the_noised_number(gate: Gate) -> None:
    """A residual deviation over the error of the overall mean is the root of n: it must give the noised n."""
    n, shown_n, rmse = 1000, noised(1000, UNITS.count(MEMBERS).key), 77.7
    assert shown_n != n
    error = rmse / math.sqrt(n)
    figures = (
        Figure(FigureKind.LABEL, "means"),
        Figure(FigureKind.RESIDUAL_SCALE, rmse),
        Figure(FigureKind.MEAN_ERROR, error),
        Figure(FigureKind.MEAN_T, 500.0 / error),
        Figure(FigureKind.MEAN_ERROR, -2 * error, centre=500.0),
        Figure(FigureKind.MEAN_ERROR, 2 * error, centre=500.0),
        Figure(FigureKind.PER_UNIT, 3.0),
    )
    columns = tuple((name, same(name)) for name in ("at", "rmse", "error", "t", "low", "high", "lm"))
    evidence = UNITS.model(MEMBERS, tables=(FigureTable("m", same("M"), columns, (figures,)),))
    row = content_of(gate, evidence).tables[0].rows[0]
    found_rmse, found_error, t, low, high, lm = (float(cell.value) for cell in row[1:])
    assert (found_rmse / found_error) ** 2 == pytest.approx(shown_n, rel=1e-4)
    assert 500.0 / t == pytest.approx(found_error, rel=1e-4)
    exact = error * math.sqrt(n * (n - 3) / (shown_n * (shown_n - 3)))
    assert (low, high) == tuple(significant(np.array([500.0 - 2 * exact, 500.0 + 2 * exact]), 5).tolist())
    assert lm == pytest.approx(3.0 * shown_n / n, rel=1e-4)
