"""What the gate does to models."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.gate_cases import (
    EVERYONE,
    UNITS,
    content_of,
    reason_of,
    rules_of,
)

from grille.server.blocks import Flag
from grille.server.disclosure.evidence import (
    DesignColumn,
    Figure,
    FigureKind,
    FigureTable,
    GroupLevel,
    UnitCount,
)
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.noise import noised
from grille.server.disclosure.released import (
    ReleasedModel,
)
from grille.server.disclosure.rules.rounding import significant
from grille.server.text import same


@pytest.mark.parametrize(
    "changes,reason",
    [
        ({}, None),
        ({"residual_df": 9}, "MODEL_TOO_SMALL"),
        ({"parameters": 101}, "MODEL_TOO_SMALL"),
        ({"r2": 0.991}, "FIT_TOO_GOOD"),
        ({"r2": math.nan}, "FIT_TOO_GOOD"),
        ({"lineage_violation": True}, "FIT_TOO_GOOD"),
        ({"columns": (DesignColumn("d", 9),)}, "DESIGN_COLUMN_RARE"),
        ({"outcome_rarer_units": 9}, "DESIGN_COLUMN_RARE"),
        ({"columns": (DesignColumn("d", 50, (1, 9)),)}, "GROUP_COLUMN_RARE"),
        ({"leverage": (0.21, 0.3)}, "UNIT_ISOLATED"),
        ({"icc": 0.99}, "GROUPS_DETERMINE_OUTCOME"),
    ],
)
def test_models_are_refused_by_rule(gate: Gate, changes: dict[str, Any], reason: str | None) -> None:
    assert reason_of(gate, UNITS.model(EVERYONE[:1000], **changes)) == reason


def test_figures_of_models_are_noised_and_rounded(gate: Gate) -> None:
    members = EVERYONE[:1000]
    released = gate.release(UNITS.model(members), project="P")
    assert isinstance(released.content, ReleasedModel)
    model, coefficients = released.content.tables
    n = noised(1000, UNITS.count(members).key)
    assert [row[1].value for row in model.rows] == [n, n - 3]
    assert [cell.value for cell in coefficients.rows[0]] == ["x", 1234.6, 0.046]
    assert [cell.value for cell in coefficients.rows[1]] == ["_cons", -0.00012346, 0.001]
    assert rules_of(released) == {"count_noise", "model_rounding", "rare_columns"}


def test_the_constant_is_hidden_when_a_combination_is_small(gate: Gate) -> None:
    released = gate.release(UNITS.model(EVERYONE[:1000], smallest_combination=4), project="P")
    assert isinstance(released.content, ReleasedModel)
    constant = released.content.tables[1].rows[1]
    assert constant[0].value == "_cons"
    assert [(cell.value, cell.flag) for cell in constant[1:]] == [(None, Flag.SUPPRESSED)] * 2
    assert "constant_hidden" in rules_of(released)
    assert "constant_hidden" not in rules_of(gate.release(UNITS.model(EVERYONE[2000:3000]), project="P"))


def test_small_groups_are_told_as_small_and_few_groups_are_remarked(gate: Gate) -> None:
    small, large = UNITS.count(EVERYONE[:7]), UNITS.count(EVERYONE[:400])
    table = FigureTable(
        "groups",
        same("Groups"),
        (("variable", same("Variable")), ("min", same("Min")), ("max", same("Max")), ("mean", same("Mean"))),
        (
            (
                Figure(FigureKind.LABEL, "county"),
                Figure(FigureKind.COUNT, UnitCount(4, 1)),
                Figure(FigureKind.COUNT, large),
                Figure(FigureKind.MEAN_SIZE, 125.0),
            ),
        ),
    )
    members = EVERYONE[:1000]
    evidence = UNITS.model(
        members, groups=(GroupLevel("county", 8, small, large, public=False),), icc=0.1, tables=(table,)
    )
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedModel)
    row = released.content.tables[0].rows[0]
    assert (row[1].value, row[1].flag) == (None, Flag.BELOW_THRESHOLD)
    assert row[2].value == noised(large.n, large.key)
    n = noised(1000, UNITS.count(members).key)
    assert row[3].value == significant(np.array([125.0 * n / 1000]), 5)[0]
    assert [key for key, _ in released.content.notices] == ["few_groups"]
    assert "group_size" in rules_of(released)


def test_boundary_and_missing_figures_keep_their_marks(gate: Gate) -> None:
    table = FigureTable(
        "random_effects",
        same("Random effects"),
        (("variable", same("V")), ("variance", same("Variance")), ("std_error", same("SE"))),
        (
            (
                Figure(FigureKind.LABEL, "county", label=same("County")),
                Figure(FigureKind.ESTIMATE, 0.0, boundary=True),
                Figure(FigureKind.ESTIMATE, None),
            ),
        ),
    )
    content = content_of(gate, UNITS.model(EVERYONE[:1000], tables=(table,)))
    label, variance, error = content.tables[0].rows[0]
    assert label.label == same("County")
    assert (variance.value, variance.flag) == (0.0, Flag.BOUNDARY)
    assert (error.value, error.flag) == (None, Flag.NOT_AVAILABLE)
