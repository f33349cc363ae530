import numpy as np
import pytest
from support import sources as s
from support.small_bank import truth

from grille.server.plan.aggregates import BatchRequest
from grille.server.plan.expressions import ValueType


@pytest.fixture
def frame(engine):
    frame = engine.import_first(s.SEX, "sex")
    frame = engine.import_next(frame, s.WAGE, "wage", "left")
    frame = engine.import_next(frame, s.BORN, "born", "left")
    return engine.import_next(frame, s.JOB, "job", "left")


def read(start):
    batches = list(start())
    joined = {name: np.concatenate([batch.numbers[name] for batch in batches]) for name in batches[0].numbers}
    codes = {name: np.concatenate([batch.factors[name] for batch in batches]) for name in batches[0].factors}
    return joined, codes, sum(batch.rows for batch in batches)


def test_batches_hold_complete_rows_in_the_same_order_each_pass(engine, frame):
    known = truth()
    request = BatchRequest(
        (("wage", s.number("wage")), ("double", s.call("multiply", s.number("wage"), s.constant(2)))),
        (("job", s.text("job")), ("born", s.number("born"))),
        s.call("equal", s.text("sex"), s.constant("1")),
    )
    levels, start = engine.batches(frame, request)
    has_job = np.array([one is not None for one in known.job["2022-11-16"]])
    rows = has_job & ~np.isnan(known.wage[2022]) & (known.sex == "1")
    for _ in range(2):
        numbers, codes, count = read(start)
        assert count == rows.sum()
        np.testing.assert_array_equal(numbers["wage"], known.wage[2022][rows])
        np.testing.assert_array_equal(numbers["double"], 2 * known.wage[2022][rows])
        assert codes["job"].dtype == np.int32
        job = np.array(levels.levels["job"], dtype=object)[codes["job"]]
        assert list(job) == list(known.job["2022-11-16"][rows])
        np.testing.assert_array_equal(np.array(levels.levels["born"])[codes["born"]], known.born[rows])
    assert list(levels.levels["job"]) == sorted(set(known.job["2022-11-16"][rows]))
    assert list(levels.levels["born"]) == sorted({float(one) for one in known.born[rows]})


def test_factors_with_many_text_levels_are_coded_as_well(engine, frame):
    known = truth()
    frame = engine.with_column(frame, "id", s.call("string", s.number("wage"), kind=ValueType.STRING))
    levels, start = engine.batches(frame, BatchRequest((("wage", s.number("wage")),), (("id", s.text("id")),)))
    numbers, codes, _ = read(start)
    wage = known.wage[2022][~np.isnan(known.wage[2022])]
    assert len(levels.levels["id"]) == len(set(wage)) > 1_000
    by_level = {}
    for code, value in zip(codes["id"], numbers["wage"], strict=True):
        assert by_level.setdefault(int(code), value) == value
    assert len(by_level) == len(levels.levels["id"])


def test_number_factors_that_are_not_whole_are_coded(engine, frame):
    frame = engine.with_column(frame, "part", s.call("divide", s.number("born"), s.constant(7)))
    levels, start = engine.batches(frame, BatchRequest((("born", s.number("born")),), (("part", s.number("part")),)))
    numbers, codes, _ = read(start)
    np.testing.assert_array_equal(np.array(levels.levels["part"])[codes["part"]], numbers["born"] / 7)


def test_no_complete_rows_give_no_batches_and_no_levels(engine, frame):
    request = BatchRequest(
        (("wage", s.number("wage")),), (("job", s.text("job")),), s.call("equal", s.text("sex"), s.constant("9"))
    )
    levels, start = engine.batches(frame, request)
    assert levels.levels == {"job": ()}
    assert list(start()) == []


def test_two_passes_may_run_at_once(engine, frame):
    _, start = engine.batches(frame, BatchRequest((("born", s.number("born")),)))
    first, second = start(), start()
    np.testing.assert_array_equal(next(first).numbers["born"], next(second).numbers["born"])
