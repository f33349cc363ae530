"""A refusal tells nothing about how few units there are: none looks like nine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from support.gate_cases import COUNTY, EVERYONE, UNITS, WAGE, histogram

from grille.server.disclosure.evidence import Evidence, StatusEvidence
from grille.server.disclosure.gate import Gate
from grille.server.errors import DisclosureError
from grille.server.text import same


def words(gate: Gate, evidence: Evidence) -> tuple[object, ...] | None:
    try:
        gate.release(evidence, project="P")
    except DisclosureError as error:
        return (error.reason, error.message, error.hint, error.span, str(error))
    return None


def bars(members: np.ndarray) -> Evidence:
    full = histogram(COUNTY, EVERYONE)
    inside = UNITS.mask(members)
    cells = [(bar == COUNTY) & inside for bar in range(full.n.shape[1])]
    return dataclasses.replace(
        full,
        analysis_set=UNITS.set(members),
        n=np.array([[cell.sum() for cell in cells]], dtype=np.int64),
        keys=np.array([[UNITS.count(cell).key for cell in cells]], dtype=np.uint64),
    )


MAKERS: dict[str, Callable[[np.ndarray], Evidence]] = {
    "counts": lambda members: UNITS.counts([COUNTY], members),
    "two-way counts": lambda members: UNITS.counts([COUNTY, COUNTY // 2], members),
    "histogram": bars,
    "summary": lambda members: UNITS.magnitudes({"wage": WAGE}, members=members),
    "means by county": lambda members: UNITS.magnitudes({"wage": WAGE}, [COUNTY], members),
    "boxes": lambda members: UNITS.magnitudes({"wage": WAGE}, [COUNTY], members, margins=False),
    "model": lambda members: UNITS.model(members),
    "population": lambda members: StatusEvidence("kept", same("Kept."), {}, population=UNITS.count(members)),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_sets_of_none_to_nine_units_are_refused_in_the_same_words(gate: Gate, kind: str) -> None:
    refusals = {words(gate, MAKERS[kind](EVERYONE[:n])) for n in range(10)}
    assert len(refusals) == 1
    assert None not in refusals


@pytest.mark.parametrize("kind", MAKERS)
def test_control_large_sets_are_answered(gate: Gate, kind: str) -> None:
    assert words(gate, MAKERS[kind](EVERYONE)) is None


@pytest.mark.parametrize("kind", MAKERS)
def test_refusals_hold_no_figure_of_the_data(gate: Gate, kind: str) -> None:
    refused = words(gate, MAKERS[kind](EVERYONE[:7]))
    assert refused is not None
    assert " 7 " not in str(refused)
    assert str(UNITS.count(EVERYONE[:7]).key) not in str(refused)
