"""What the gate does to statistics over several sets of units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.gate_cases import EVERYONE, UNITS, content_of, reason_of, rules_of

from grille.server.blocks import Cell, Flag, Format
from grille.server.disclosure.evidence import (
    Figure,
    FigureKind,
    FigureSet,
    FigureSetsEvidence,
    FigureTable,
    Sensitivity,
    UnitCount,
)
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy
from grille.server.text import same

TYPICAL: dict[str, Any] = {"parameters": 2, "rarer_units": 500, "leverage": (0.01, 0.03), "r2": 0.3}


def figure_set(members: Any = EVERYONE, **changes: Any) -> FigureSet:
    return FigureSet(UNITS.set(members), **{**TYPICAL, **changes})


def evidence(*sets: FigureSet, applied: Sequence[str] = ()) -> FigureSetsEvidence:
    rows = tuple(
        (
            Figure(FigureKind.LABEL, f"x{place}"),
            Figure(FigureKind.COUNT, one.analysis_set.units, group=place),
            Figure(FigureKind.ESTIMATE, 0.123456789, group=place),
            Figure(FigureKind.P_VALUE, 1e-9, group=place),
        )
        for place, one in enumerate(sets)
    )
    head = (("x", same("x")), ("n", same("n")), ("r", same("r")), ("p", same("p")))
    table = FigureTable("t", same("T"), head, rows)
    return FigureSetsEvidence("correlate", sets[0].analysis_set, sets, (table,), tuple(applied))


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({}, None),
        ({"members": EVERYONE[:9]}, "TOO_FEW_UNITS"),
        ({"members": EVERYONE[:0]}, "TOO_FEW_UNITS"),
        ({"members": EVERYONE[:39], "parameters": 4}, "TOO_FEW_UNITS"),
        ({"members": EVERYONE[:40], "parameters": 4}, None),
        ({"counts": (UnitCount(9, 1),)}, "TOO_FEW_UNITS"),
        ({"counts": (UnitCount(0, 0), UnitCount(900, 1))}, "TOO_FEW_UNITS"),
        ({"counts": (UnitCount(400, 0), UnitCount(900, 1))}, None),
        ({"rarer_units": 9}, "VALUES_TOO_RARE"),
        ({"rarer_units": 10}, None),
        ({"leverage": (0.21, 0.3)}, "DOMINATED"),
        ({"leverage": (0.2, 0.51)}, "DOMINATED"),
        ({"leverage": (float("nan"), 0.1)}, "DOMINATED"),
        ({"leverage": (0.2, 0.5)}, None),
        ({"r2": 0.991}, "VARIABLES_DETERMINED"),
        ({"r2": 0.99}, None),
    ],
)
def test_a_set_is_withheld_by_each_rule_at_its_number(gate: Gate, changes: dict[str, Any], reason: str | None) -> None:
    assert reason_of(gate, evidence(figure_set(**changes))) == reason


def test_figures_are_noised_rounded_and_formatted(gate: Gate) -> None:
    released = gate.release(evidence(figure_set(), applied=["winsorising"]), project="P")
    (table,) = released.content.tables
    n = noised(UNITS.n, UNITS.count(EVERYONE).key)
    assert table.rows == ((Cell("x0"), Cell(n), Cell(0.12346), Cell(0.001)),)
    assert [column.format for column in table.columns] == [
        Format.TEXT,
        Format.COUNT,
        Format.NUMBER,
        Format.P_VALUE,
    ]
    assert rules_of(released) == {"count_noise", "winsorising", "model_rounding"}


def test_one_set_is_withheld_and_the_others_stay(gate: Gate) -> None:
    small = figure_set(EVERYONE[:9])
    rare = figure_set(EVERYONE[100:400], rarer_units=3)
    released = gate.release(evidence(figure_set(EVERYONE[1_000:]), small, rare), project="P")
    withheld = Cell(None, Flag.SUPPRESSED)
    rows = released.content.tables[0].rows
    assert [row[2].value for row in rows] == [0.12346, None, None]
    assert rows[1][1:] == rows[2][1:] == (withheld, withheld, withheld)
    assert {"cell_suppression", "figure_suppression"} <= rules_of(released)


def test_sets_close_to_earlier_ones_or_to_each_other_are_withheld(gate: Gate) -> None:
    content = content_of(gate, evidence(figure_set(EVERYONE[:3_000]), figure_set(EVERYONE[:2_995])))
    assert [row[2].value for row in content.tables[0].rows] == [0.12346, None]
    assert reason_of(gate, evidence(figure_set(EVERYONE[:3_001]))) == "SETS_TOO_CLOSE"
    assert reason_of(gate, evidence(figure_set(EVERYONE[:3_000]))) is None


def test_the_units_of_one_of_two_values_are_a_set_of_their_own(gate: Gate) -> None:
    first, second = UNITS.set(EVERYONE[:2_000]), UNITS.set(EVERYONE[1:2_000])
    assert reason_of(gate, evidence(figure_set(parts=(first,)))) is None
    assert reason_of(gate, evidence(figure_set(parts=(second,)))) == "SETS_TOO_CLOSE"
    assert reason_of(gate, evidence(figure_set(parts=(first,)))) is None


def test_without_protection_nothing_is_withheld_or_rounded(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite", b"a" * 32)
    bad = figure_set(EVERYONE[:5], rarer_units=1, leverage=(1.0, 1.0), r2=1.0)
    released = Gate(Policy.open(), ledger).release(evidence(bad), project="P", sensitivity=Sensitivity("PUBLIC"))
    assert [cell.value for cell in released.content.tables[0].rows[0]] == ["x0", 5, 0.123456789, 1e-9]
    assert released.rules == ()
    ledger.close()


def test_what_is_not_a_number_is_not_available(gate: Gate) -> None:
    table = FigureTable(
        "t",
        same("T"),
        (("x", same("x")), ("r", same("r"))),
        ((Figure(FigureKind.LABEL, "x"), Figure(FigureKind.ESTIMATE, float(np.nan), group=0)),),
    )
    found = FigureSetsEvidence("normaltest", UNITS.set(EVERYONE), (figure_set(),), (table,))
    assert content_of(gate, found).tables[0].rows[0][1] == Cell(None, Flag.NOT_AVAILABLE)
