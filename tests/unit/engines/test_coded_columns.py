"""Variables of few values are codes with dictionaries, and nothing shows it but the time."""

import numpy as np
import pytest
from support import sources as s
from support.small_bank import truth

from grille.server.engines.base import Frame
from grille.server.engines.duckdb import coded, factors, readings
from grille.server.plan.aggregates import Aggregation, BatchRequest, Measure, MeasureKind, OrderStatistics
from grille.server.plan.expressions import ValueType

STRING = ValueType.STRING
FIRST = s.call("substr", s.text("job"), s.constant(1), s.constant(1), kind=STRING)
YEAR = s.call("int", s.call("divide", s.number("born"), s.constant(100)))
IN_FORTIES = s.call("inrange", YEAR, s.constant(1940), s.constant(1949))


def people(engine):
    frame = engine.import_next(engine.import_first(s.BORN, "born"), s.JOB, "job", "left")
    return engine.import_next(frame, s.WAGE, "wage", "left")


def values(engine, frame, name, kind=ValueType.NUMBER):
    """Return how many units have each value."""
    reference = s.text(name) if kind is STRING else s.number(name)
    found = engine.aggregate(frame, Aggregation(((name, reference),), (s.UNITS,)))
    return dict(zip(found.by[name], found.measures["n"].tolist(), strict=True))


def first_digits():
    known = [one[:1] if one is not None else None for one in truth().job["2022-11-16"]]
    return {one: known.count(one) for one in set(known)}


def test_a_derived_variable_shares_the_codes_of_its_source(engine):
    frame = people(engine)
    after = engine.with_column(frame, "group", FIRST)
    assert after.columns["group"].table == frame.columns["job"].table
    assert after.columns["group"].identity != frame.columns["job"].identity
    assert values(engine, after, "group", STRING) == first_digits()


def test_what_is_derived_of_the_missing_value_is_not_missing(engine):
    frame = people(engine)
    frame = engine.with_column(frame, "jobless", s.call("sysmiss", s.text("job")))
    without = first_digits()[None]
    assert values(engine, frame, "jobless") == {0.0: 3000 - without, 1.0: without}


def test_an_expression_over_two_sources_is_computed_by_row(engine):
    frame = people(engine)
    old_clerk = s.call("and", IN_FORTIES, s.call("equal", FIRST, s.constant("4")))
    frame = engine.with_column(frame, "old_clerk", old_clerk)
    known = truth()
    wanted = sum(
        one is not None and one[0] == "4" and 1940 <= born // 100 <= 1949
        for one, born in zip(known.job["2022-11-16"], known.born, strict=True)
    )
    assert values(engine, frame, "old_clerk")[1.0] == wanted
    assert engine.aggregate(frame, Aggregation((), (s.UNITS,), old_clerk)).measures["n"][0] == wanted
    assert engine.any(frame, old_clerk)


def test_sets_told_apart_by_codes_have_the_keys_and_sketches_of_their_units(engine):
    frame = people(engine)
    found = engine.aggregate(frame, Aggregation((("group", FIRST),), (s.UNITS, s.KEY, s.SKETCH), IN_FORTIES))
    known = truth()
    forties = (known.born // 100 >= 1940) & (known.born // 100 <= 1949)
    group = np.array([one[:1] if one is not None else "" for one in known.job["2022-11-16"]])
    for place, name in enumerate(found.by["group"]):
        units = forties & (group == (name or ""))
        assert found.measures["n"][place] == units.sum()
        assert int(found.measures["key"][place]) == s.key_of(known.record_key[units])
        np.testing.assert_array_equal(found.measures["sketch"][place], s.xor_of(known.sketch[units]))
    assert list(found.by["group"]) == sorted(set(group[forties]) - {""}) + ([None] if "" in group[forties] else [])


def test_a_condition_that_nobody_meets_selects_nobody(engine):
    frame = people(engine)
    nobody = s.call("equal", s.text("job"), s.constant("no such code"))
    assert not engine.any(frame, nobody)
    assert engine.filter(frame, nobody, passing=True).rows.count == 0
    assert engine.aggregate(frame, Aggregation((), (s.UNITS, s.KEY, s.SKETCH), nobody)).measures["n"][0] == 0


def test_conditions_of_many_ranges_of_codes_hold_for_the_right_rows(engine):
    frame = people(engine)
    half = s.call("divide", s.number("born"), s.constant(2))
    odd = s.call("not_equal", half, s.call("int", half))
    narrow = s.call("and", odd, s.call("greater", s.number("wage"), s.constant(500_000)))
    known = truth()
    wanted = ((known.born % 2 == 1) & (np.nan_to_num(known.wage[2022]) > 500_000)).sum()
    assert engine.filter(frame, narrow, passing=True).rows.count == wanted


def test_a_filter_drops_codes_that_are_no_more_used(engine):
    frame = engine.with_column(people(engine), "year", YEAR)
    left = engine.filter(frame, IN_FORTIES)
    assert engine.few_values(left, s.number("year")) <= 11 < engine.few_values(frame, s.number("year"))
    assert set(values(engine, left, "year")) == {float(year) for year in range(1940, 1950)} & set(
        values(engine, frame, "year")
    )
    levels, passes = engine.batches(left, BatchRequest((("born", s.number("born")),), (("year", s.number("year")),)))
    batch = next(iter(passes()))
    years = np.array(levels.levels["year"])[batch.factors["year"]]
    np.testing.assert_array_equal(years, batch.numbers["born"] // 100)


def test_percentiles_by_codes_are_those_of_each_group(engine):
    frame = people(engine)
    found = engine.percentiles(frame, OrderStatistics(s.number("wage"), (0.5,), (("group", FIRST),)))
    known = truth()
    wage = known.wage[2022]
    group = np.array([one[:1] if one is not None else "" for one in known.job["2022-11-16"]])
    for place, name in enumerate(found.by["group"]):
        own = np.sort(wage[(group == (name or "")) & ~np.isnan(wage)])
        assert found.n[place] == len(own)
        rank = int(0.5 * (len(own) - 1))
        assert found.values[place, 0] == pytest.approx(own[max(rank - 4, 0) : rank + 6].mean(), rel=1e-12)


@pytest.mark.parametrize("limit", ["values", "levels"])
def test_variables_of_many_values_read_the_same(engine, monkeypatch, limit):
    if limit == "values":  # stored as they are
        monkeypatch.setattr(readings, "MOST_CODES", 3)
        monkeypatch.setattr(coded, "MOST_CODES", 3)
    else:  # text coded by an enumeration type
        monkeypatch.setattr(readings, "LISTED_LEVELS", 0)
        monkeypatch.setattr(factors, "LISTED_LEVELS", 0)
    frame = people(engine)
    assert (frame.columns["job"].dictionary is None) == (limit == "values")
    frame = engine.with_column(frame, "group", FIRST)
    assert values(engine, frame, "group", STRING) == first_digits()
    born = np.concatenate(
        [one.numbers["born"] for one in engine.batches(frame, BatchRequest((("born", s.number("born")),)))[1]()]
    )
    np.testing.assert_array_equal(born, truth().born)


@pytest.mark.parametrize("by", [(), (("group", s.text("one")),)])
def test_figures_of_a_coded_number_are_those_of_its_rows(engine, by):
    frame = engine.with_column(people(engine), "one", s.call("string", s.number("born"), kind=STRING))
    frame = engine.with_column(frame, "one", s.call("substr", s.text("one"), s.constant(4), s.constant(1), kind=STRING))
    number = s.call("divide", s.number("born"), s.call("int", s.call("divide", YEAR, s.constant(10))))
    kinds = (MeasureKind.SUM, MeasureKind.SUM_SQUARES, MeasureKind.LARGEST_ABS, MeasureKind.SECOND_ABS)
    measures = tuple(Measure(kind.value, kind, number, 0.0 if "abs" in kind.value else 1000.0) for kind in kinds)
    found = engine.aggregate(frame, Aggregation(by, measures, IN_FORTIES))
    born = truth().born
    values = born / np.floor(born // 100 / 10)
    chosen = (born // 100 >= 1940) & (born // 100 <= 1949)
    digit = np.array([str(one)[3] for one in born])
    groups = [chosen & (digit == one) for one in found.by["group"]] if by else [chosen]
    for place, units in enumerate(groups):
        own = np.sort(values[units])
        assert found.measures["sum"][place] == pytest.approx((own - 1000).sum(), rel=1e-12)
        assert found.measures["sum_squares"][place] == pytest.approx(((own - 1000) ** 2).sum(), rel=1e-12)
        assert found.measures["largest_abs"][place] == pytest.approx(own[-1], rel=1e-14)
        assert found.measures["second_abs"][place] == pytest.approx(own[-2], rel=1e-14)


def test_sums_over_codes_are_sums_over_rows(engine):
    frame = people(engine)
    total = Measure("total", MeasureKind.SUM, YEAR)
    found = engine.aggregate(frame, Aggregation((("group", FIRST),), (total,)))
    assert found.measures["total"].sum() == (truth().born // 100).sum()


def test_the_dictionaries_of_live_columns_survive_a_sweep(engine):
    frame = engine.with_column(people(engine), "group", FIRST)
    engine.sweep((frame,))
    assert values(engine, frame, "group", STRING) == first_digits()


def test_a_session_file_opens_again_with_its_dictionaries(open_another, tmp_path):
    engine = open_another(tmp_path)
    frame = engine.with_column(people(engine), "group", FIRST)
    engine.close()
    again = open_another(tmp_path)
    assert values(again, frame, "group", STRING) == first_digits()
    again.close()


def test_variables_that_change_names_change_what_is_computed_of_them(engine):
    frame = engine.with_column(people(engine), "year", YEAR)
    less = s.call("less", s.number("born"), s.number("year"))
    both = s.call("and", less, s.call("greater", s.number("wage"), s.constant(0)))
    swapped = Frame(frame.rows, {**frame.columns, "born": frame.columns["year"], "year": frame.columns["born"]})
    assert not engine.any(frame, both)
    assert engine.any(swapped, both)
    assert engine.filter(swapped, both, passing=True).rows.count == (~np.isnan(truth().wage[2022])).sum()
