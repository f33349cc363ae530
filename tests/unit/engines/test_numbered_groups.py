"""Groups that can be numbered have the figures that a hash table gives them, and others are left to it."""

from __future__ import annotations

import numpy as np
import pytest
from support import sources as s

from grille.server.engines.duckdb import engine as engines
from grille.server.engines.duckdb import numbered
from grille.server.plan.aggregates import Aggregation
from grille.server.plan.expressions import ValueType

YEAR = s.call("int", s.call("divide", s.number("born"), s.constant(100)))
THOUSANDS = s.call("int", s.call("divide", s.number("wage"), s.constant(1000)))
MEASURES = (s.UNITS, s.KEY, s.SKETCH)


@pytest.fixture
def frame(engine):
    frame = engine.import_next(engine.import_first(s.BORN, "born"), s.WAGE, "wage", "left")
    frame = engine.import_next(frame, s.MARRIED, "married", "left")
    frame = engine.with_column(frame, "year", YEAR)
    frame = engine.with_column(frame, "thousands", THOUSANDS)
    frame = engine.with_column(frame, "tens", s.call("int", s.call("divide", s.number("thousands"), s.constant(10))))
    return engine.with_column(frame, "rough", s.call("divide", s.number("thousands"), s.constant(7)))


@pytest.mark.parametrize(
    "by, cells, is_numbered",
    [
        (("thousands",), 1_000_000, True),  # numbers with gaps among them
        (("thousands", "year"), 1_000_000, True),
        (("married", "thousands"), 1_000_000, True),
        (("tens", "thousands"), 1, True),  # every thousand lies in ten thousands
        (("year", "thousands"), 1, False),  # a thousand lies in many years
        (("rough",), 1_000_000, False),
        (("year", "rough"), 1_000_000, False),
    ],
)
@pytest.mark.parametrize("measures", [MEASURES, (s.UNITS,), (s.UNITS, s.SKETCH)])
def test_figures_are_those_of_a_hash_table(engine, frame, monkeypatch, by, cells, is_numbered, measures):
    monkeypatch.setattr(numbered, "_MOST_CELLS", cells)
    answers = []
    real = engines.counts_of_numbered
    monkeypatch.setattr(engines, "counts_of_numbered", lambda *given: answers.append(real(*given)) or answers[-1])
    kind = {"married": ValueType.STRING}
    request = Aggregation(
        tuple((name, s.text(name) if name in kind else s.number(name)) for name in by),
        measures,
        where=s.call("not", s.call("equal", s.number("year"), s.constant(1950))),
    )
    ours = engine.aggregate(frame, request)
    assert (answers[0] is not None) is is_numbered
    monkeypatch.setattr(engines, "counts_of_numbered", lambda *given: None)
    theirs = engine.aggregate(frame, request)
    assert {name: one.tolist() for name, one in ours.by.items()} == {
        name: one.tolist() for name, one in theirs.by.items()
    }
    for measure in measures:
        np.testing.assert_array_equal(ours.measures[measure.key], theirs.measures[measure.key])
        assert ours.measures[measure.key].dtype == theirs.measures[measure.key].dtype
