import numpy as np
import pytest
from support import sources as s
from support.small_bank import LATER_PERSONS, truth

from grille.server.errors import GrilleError
from grille.server.plan.aggregates import Aggregation, BatchRequest, Measure, MeasureKind
from grille.server.plan.expressions import ValueType


def numbers(engine, frame, *names):
    request = BatchRequest(tuple((name, s.number(name)) for name in names))
    batches = list(engine.batches(frame, request)[1]())
    return {name: np.concatenate([batch.numbers[name] for batch in batches]) for name in names}


def texts(engine, frame, name):
    levels, start = engine.batches(frame, BatchRequest((), ((name, s.text(name)),)))
    codes = np.concatenate([batch.factors[name] for batch in start()])
    return np.array(levels.levels[name], dtype=object)[codes]


def test_the_first_import_takes_every_unit_with_a_value(engine):
    frame = engine.import_first(s.WAGE, "wage")
    known = truth().wage[2022]
    assert frame.rows.count == (~np.isnan(known)).sum()
    np.testing.assert_array_equal(numbers(engine, frame, "wage")["wage"], known[~np.isnan(known)])


def test_a_later_import_adds_no_units_and_leaves_missing_values(engine):
    frame = engine.import_first(s.SEX, "sex")
    frame = engine.import_next(frame, s.WAGE, "wage", "left")
    assert frame.rows.count == 3000
    known = truth().wage[2022]
    np.testing.assert_array_equal(numbers(engine, frame, "wage")["wage"], known[~np.isnan(known)])


@pytest.mark.parametrize("day", ["2015-06-30", "2020-01-01"])
def test_an_event_gives_the_spell_that_covers_the_day(engine, day):
    frame = engine.import_first(s.dated("SIVSTAND", ValueType.STRING, "EVENT", day), "married")
    known = truth().married[day]
    assert list(texts(engine, frame, "married")) == [one for one in known if one is not None]


@pytest.mark.parametrize("day,expected", [("2017-05-04", "2015-06-30"), ("2017-05-05", "2020-01-01")])
def test_a_spell_holds_on_its_first_and_last_day(engine, day, expected):
    frame = engine.import_first(s.dated("SIVSTAND", ValueType.STRING, "EVENT", day), "married")
    assert list(texts(engine, frame, "married")) == [one for one in truth().married[expected] if one is not None]


def test_a_status_variable_gives_only_the_rows_of_its_own_day(engine):
    frame = engine.import_first(s.JOB, "job")
    assert list(texts(engine, frame, "job")) == [one for one in truth().job["2022-11-16"] if one is not None]
    assert engine.import_first(s.dated("YRKE", ValueType.STRING, "STATUS", "2022-11-17"), "job").rows.count == 0


def test_codes_and_beginnings_of_codes_choose_rows(engine):
    source = s.dated("YRKE", ValueType.STRING, "STATUS", "2022-11-16", values=("41*", "9112", "x'"))
    frame = engine.import_first(source, "job")
    wanted = [one for one in truth().job["2022-11-16"] if one in ("4110", "9112")]
    assert list(texts(engine, frame, "job")) == wanted


def test_outer_join_adds_units_without_values_for_the_other_variables(engine):
    known = truth()
    frame = engine.import_first(s.WAGE, "wage")
    frame = engine.with_column(frame, "one", s.call("add", s.number("wage"), s.constant(1)))
    frame = engine.filter(frame, s.call("greater", s.number("wage"), s.constant(600_000)))
    frame = engine.import_next(frame, s.WAGE_BEFORE, "before", "outer")
    high = np.nan_to_num(known.wage[2022]) > 600_000
    either = high | ~np.isnan(known.wage[2021])
    assert frame.rows.count == either.sum()
    # units that keep had removed come back without the values that they had
    np.testing.assert_array_equal(numbers(engine, frame, "wage")["wage"], known.wage[2022][high])
    np.testing.assert_array_equal(numbers(engine, frame, "one")["one"], known.wage[2022][high] + 1)
    before = known.wage[2021]
    np.testing.assert_array_equal(numbers(engine, frame, "before")["before"], before[~np.isnan(before)])


def test_inner_join_keeps_units_with_a_value(engine):
    known = truth()
    frame = engine.import_next(engine.import_first(s.WAGE, "wage"), s.WAGE_BEFORE, "before", "inner")
    both = ~np.isnan(known.wage[2021]) & ~np.isnan(known.wage[2022])
    assert frame.rows.count == both.sum()
    np.testing.assert_array_equal(numbers(engine, frame, "wage")["wage"], known.wage[2022][both])


def test_a_later_version_with_more_units_joins_an_earlier_one(engine):
    known = truth(LATER_PERSONS)
    frame = engine.import_first(s.BORN, "born")
    later = s.fixed("FODT", ValueType.NUMBER, version=2)
    assert engine.import_next(frame, later, "later", "left").rows.count == 3000
    outer = engine.import_next(frame, later, "later", "outer")
    assert outer.rows.count == LATER_PERSONS
    np.testing.assert_array_equal(numbers(engine, outer, "later")["later"], known.born)
    assert len(numbers(engine, outer, "born")["born"]) == 3000
    groups = engine.aggregate(outer, Aggregation((), (s.KEY, s.SKETCH)))
    assert int(groups.measures["key"][0]) == s.key_of(known.record_key)
    np.testing.assert_array_equal(groups.measures["sketch"][0], s.xor_of(known.sketch))


def test_two_values_of_a_unit_at_one_date_are_an_error_of_the_bank(engine):
    with pytest.raises(GrilleError) as caught:
        engine.import_first(s.fixed("DOBBEL", ValueType.NUMBER), "x")
    assert caught.value.reason == "BANK_INCONSISTENT"


def test_frames_are_values_and_filters_leave_the_old_one_alone(engine):
    frame = engine.import_first(s.BORN, "born")
    young = engine.filter(frame, s.call("greater", s.number("born"), s.constant(197_000)))
    assert young.rows.count == (truth().born > 197_000).sum()
    assert frame.rows.count == 3000
    assert engine.aggregate(frame, Aggregation((), (s.UNITS,))).measures["n"][0] == 3000


def test_sweep_drops_what_no_frame_uses_and_nothing_else(engine):
    first = engine.import_first(s.BORN, "born")
    second = engine.import_next(first, s.SEX, "sex", "left")
    engine.sweep((first,))
    assert engine.aggregate(first, Aggregation((), (Measure("s", MeasureKind.SUM, s.number("born")),)))
    with pytest.raises(GrilleError) as caught:
        engine.aggregate(second, Aggregation((("sex", s.text("sex")),), (s.UNITS,)))
    assert caught.value.reason == "ENGINE_FAILED"


def test_a_session_file_opens_again_with_its_columns(open_another, tmp_path):
    engine = open_another(tmp_path)
    frame = engine.import_first(s.WAGE, "wage")
    engine.close()
    again = open_another(tmp_path)
    known = truth().wage[2022]
    np.testing.assert_array_equal(numbers(again, frame, "wage")["wage"], known[~np.isnan(known)])
    frame = again.import_next(frame, s.SEX, "sex", "left")
    assert len(texts(again, frame, "sex")) == frame.rows.count
    again.close()
