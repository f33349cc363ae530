"""A data set that a filter made small is stored small, and behaves as if it were not."""

import numpy as np
from support import sources as s
from support.small_bank import truth

from grille.server.engines.duckdb.sql import is_compact
from grille.server.plan.aggregates import Aggregation, BatchRequest
from grille.server.plan.expressions import Apply, Constant, ValueType

MEN = Apply("equal", (s.text("sex"), Constant("1", ValueType.STRING)), ValueType.NUMBER)
MOST = Apply("greater", (s.number("born"), Constant(194_500, ValueType.NUMBER)), ValueType.NUMBER)


def numbers(engine, frame, name):
    batches = list(engine.batches(frame, BatchRequest(((name, s.number(name)),)))[1]())
    return np.concatenate([batch.numbers[name] for batch in batches])


def men(engine):
    frame = engine.import_next(engine.import_first(s.SEX, "sex"), s.BORN, "born", "left")
    return engine.filter(frame, MEN)


def test_a_filter_that_leaves_half_makes_the_data_set_compact(engine):
    frame = men(engine)
    assert is_compact(frame.rows)
    assert frame.rows.count == 1500
    np.testing.assert_array_equal(numbers(engine, frame, "born"), truth().born[::2])


def test_a_filter_that_leaves_most_does_not(engine):
    frame = engine.import_first(s.BORN, "born")
    assert not is_compact(engine.filter(frame, MOST).rows)


def test_sets_of_a_compact_data_set_have_the_keys_and_sketches_of_its_units(engine):
    found = engine.aggregate(men(engine), Aggregation((), (s.UNITS, s.KEY, s.SKETCH))).measures
    known = truth()
    assert found["n"][0] == 1500
    assert found["key"][0] == known.record_key[::2].sum(dtype=np.uint64)
    np.testing.assert_array_equal(found["sketch"][0], np.bitwise_xor.reduce(known.sketch[::2], axis=0))


def test_an_import_after_compaction_finds_each_unit_its_value(engine):
    frame = engine.import_next(men(engine), s.WAGE, "wage", "left")
    wage = truth().wage[2022][::2]
    np.testing.assert_array_equal(numbers(engine, frame, "wage"), wage[~np.isnan(wage)])


def test_an_inner_join_after_compaction_drops_the_units_without_a_value(engine):
    frame = engine.import_next(men(engine), s.WAGE, "wage", "inner")
    wage = truth().wage[2022][::2]
    assert frame.rows.count == (~np.isnan(wage)).sum()
    np.testing.assert_array_equal(numbers(engine, frame, "born"), truth().born[::2][~np.isnan(wage)])


def test_an_outer_join_brings_others_back_without_values_in_older_columns(engine):
    frame = engine.import_next(men(engine), s.WAGE, "wage", "outer")
    known = truth()
    has_wage = ~np.isnan(known.wage[2022])
    is_man = np.arange(len(has_wage)) % 2 == 0
    assert frame.rows.count == (has_wage | is_man).sum()
    np.testing.assert_array_equal(numbers(engine, frame, "wage"), known.wage[2022][has_wage])
    np.testing.assert_array_equal(numbers(engine, frame, "born"), known.born[is_man])


def test_filters_of_filters_stay_right(engine):
    frame = engine.filter(engine.filter(men(engine), MOST), MOST)
    born = truth().born[::2]
    np.testing.assert_array_equal(numbers(engine, frame, "born"), born[born > 194_500])


def test_sweeping_keeps_what_a_compact_data_set_needs(engine):
    frame = men(engine)
    engine.sweep((frame,))
    assert engine.aggregate(frame, Aggregation((), (s.UNITS, s.KEY))).measures["n"][0] == 1500
    np.testing.assert_array_equal(numbers(engine, frame, "born"), truth().born[::2])


def sketch(engine, frame):
    return engine.aggregate(frame, Aggregation((), (s.SKETCH,))).measures["sketch"][0]


def test_sketches_that_were_lost_with_their_worker_are_made_again(open_another, tmp_path):
    engine = open_another(tmp_path)
    frame = men(engine)
    wanted = np.bitwise_xor.reduce(truth().sketch[::2], axis=0)
    np.testing.assert_array_equal(sketch(engine, frame), wanted)
    frame = engine.filter(frame, s.call("greater", s.number("born"), s.constant(196_000)))
    left = truth().born[::2] > 196_000
    engine.close()
    again = open_another(tmp_path)
    known = truth().sketch[::2][left]
    np.testing.assert_array_equal(sketch(again, frame), np.bitwise_xor.reduce(known, axis=0))
    again.close()


def test_a_cancelled_command_does_not_cost_the_sketches(engine):
    frame = men(engine)
    engine.interrupt()
    engine.sweep((frame,))
    np.testing.assert_array_equal(sketch(engine, frame), np.bitwise_xor.reduce(truth().sketch[::2], axis=0))


def test_a_filter_of_a_compact_data_set_has_the_sketches_of_its_units(engine):
    frame = engine.filter(men(engine), s.call("greater", s.number("born"), s.constant(196_000)))
    assert is_compact(frame.rows)
    known = truth()
    left = known.born[::2] > 196_000
    np.testing.assert_array_equal(sketch(engine, frame), np.bitwise_xor.reduce(known.sketch[::2][left], axis=0))
    passing = engine.filter(frame, s.call("greater", s.number("born"), s.constant(197_000)), passing=True)
    fewer = known.born[::2] > 197_000
    np.testing.assert_array_equal(sketch(engine, passing), np.bitwise_xor.reduce(known.sketch[::2][fewer], axis=0))


def test_a_sweep_keeps_the_sketches_of_live_data_sets(engine):
    frame = men(engine)
    before = sketch(engine, frame)
    engine.sweep((frame,))
    sexes = engine.aggregate(frame, Aggregation((("sex", s.text("sex")),), (s.SKETCH,)))
    np.testing.assert_array_equal(sexes.measures["sketch"][0], before)


def test_a_sweep_drops_the_sketches_of_data_sets_that_are_gone(engine):
    frame, other = men(engine), engine.import_first(s.BORN, "born")
    sketch(engine, frame)
    count = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'memory'"
    assert engine._connection.execute(count).fetchone() == (1,)
    engine.sweep((other,))
    assert engine._connection.execute(count).fetchone() == (0,)
    unread = men(engine)
    engine._sketches.close()
    engine.sweep((other,))
    assert unread.rows is not None
    assert engine._connection.execute(count).fetchone() == (0,)
