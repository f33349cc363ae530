import numpy as np
import pytest
from support import sources as s
from support.small_bank import truth

from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind, OrderStatistics

MEASURES = (
    s.UNITS,
    s.KEY,
    s.SKETCH,
    Measure("sum", MeasureKind.SUM, s.number("wage")),
    Measure("squares", MeasureKind.SUM_SQUARES, s.number("wage"), origin=500_000.1),
    Measure("largest", MeasureKind.LARGEST_ABS, s.number("wage")),
    Measure("second", MeasureKind.SECOND_ABS, s.number("wage")),
    Measure("distinct", MeasureKind.DISTINCT, s.number("wage")),
)


@pytest.fixture
def frame(engine):
    frame = engine.import_first(s.SEX, "sex")
    frame = engine.import_next(frame, s.WAGE, "wage", "left")
    return engine.import_next(frame, s.MARRIED, "married", "left")


def expected(rows):
    known = truth()
    wage = known.wage[2022][rows]
    wage = wage[~np.isnan(wage)]
    return {
        "n": rows.sum(),
        "sum": wage.sum(),
        "squares": ((wage - 500_000.1) ** 2).sum(),
        "largest": np.sort(np.abs(wage))[-1] if len(wage) else 0,
        "second": np.sort(np.abs(wage))[-2] if len(wage) > 1 else 0,
        "distinct": len(set(wage)),
    }


def check(groups, place, rows):
    known = truth()
    for key, value in expected(rows).items():
        assert groups.measures[key][place] == pytest.approx(value, rel=1e-12), key
    assert int(groups.measures["key"][place]) == s.key_of(known.record_key[rows])
    np.testing.assert_array_equal(groups.measures["sketch"][place], s.xor_of(known.sketch[rows]))


def test_measures_of_all_rows_agree_with_numpy(engine, frame):
    groups = engine.aggregate(frame, Aggregation((), MEASURES))
    check(groups, 0, np.ones(3000, dtype=bool))
    assert groups.by == {}
    assert groups.measures["n"].dtype == np.int64
    assert groups.measures["key"].dtype == np.uint64
    assert groups.measures["sketch"].shape == (1, 6)


def test_groups_ascend_with_missing_last(engine, frame):
    known = truth()
    groups = engine.aggregate(frame, Aggregation((("m", s.text("married")), ("sex", s.text("sex"))), MEASURES))
    found = list(zip(groups.by["m"], groups.by["sex"], strict=True))
    assert found == sorted(found, key=lambda pair: (pair[0] is None, pair[0] or "", pair[1]))
    assert found[-1] == (None, "2")
    for place, (married, sex) in enumerate(found):
        check(groups, place, (known.married["2020-01-01"] == married) & (known.sex == sex))


def test_where_and_complete_choose_rows(engine, frame):
    known = truth()
    where = s.call("equal", s.text("sex"), s.constant("1"))
    groups = engine.aggregate(frame, Aggregation((), MEASURES, where, (s.text("married"), s.number("wage"))))
    has = np.array([one is not None for one in known.married["2020-01-01"]])
    check(groups, 0, (known.sex == "1") & has & ~np.isnan(known.wage[2022]))


def test_no_rows_give_one_group_of_zeros(engine, frame):
    where = s.call("equal", s.text("sex"), s.constant("3"))
    groups = engine.aggregate(frame, Aggregation((), MEASURES, where))
    check(groups, 0, np.zeros(3000, dtype=bool))
    assert len(engine.aggregate(frame, Aggregation((("m", s.text("married")),), MEASURES, where)).by["m"]) == 0


def test_number_groups_are_floats(engine, frame):
    by = (("high", s.call("greater", s.number("wage"), s.constant(500_000))), ("w", s.number("wage")))
    groups = engine.aggregate(frame, Aggregation(by, (s.UNITS,)))
    assert all(isinstance(one, float) for one in groups.by["high"])
    absent = [place for place, one in enumerate(groups.by["w"]) if one is None]
    assert absent == [sum(one == 0 for one in groups.by["high"]) - 1]
    assert groups.measures["n"].sum() == 3000


def test_results_do_not_depend_on_threads(open_another, tmp_path):
    answers = []
    for threads in (1, 4):
        folder = tmp_path / str(threads)
        folder.mkdir()
        engine = open_another(folder, threads=threads)
        frame = engine.import_first(s.WAGE, "wage")
        sevenths = s.call("divide", s.number("wage"), s.constant(7))
        frame = engine.with_column(frame, "x", s.call("power", sevenths, s.constant(1.37)))
        measures = (
            Measure("sum", MeasureKind.SUM, s.number("x")),
            Measure("sq", MeasureKind.SUM_SQUARES, s.number("x")),
        )
        groups = engine.aggregate(frame, Aggregation((), measures))
        answers.append(tuple(float(groups.measures[key][0]) for key in ("sum", "sq")))
        engine.close()
    assert answers[0] == answers[1]


def smoothed(values, probability, window=5):
    values = np.sort(values)
    rank = int(np.floor(probability * (len(values) - 1)))
    return values[max(rank - window + 1, 0) : min(rank + window, len(values) - 1) + 1].mean()


def test_percentiles_are_means_of_the_nearest_order_statistics(engine, frame):
    known = truth().wage[2022]
    values = known[~np.isnan(known)]
    answer = engine.percentiles(frame, OrderStatistics(s.number("wage"), (0.01, 0.5, 0.99, 1.0, 0.0)))
    assert answer.n.tolist() == [len(values)]
    wanted = [smoothed(values, q) for q in (0.01, 0.5, 0.99, 1.0, 0.0)]
    np.testing.assert_allclose(answer.values[0], wanted, rtol=1e-14)


def test_percentiles_by_group_agree_with_numpy(engine, frame):
    known = truth()
    by = (("m", s.text("married")), ("sex", s.call("equal", s.text("sex"), s.constant("1"))))
    where = s.call("not_equal", s.text("married"), s.constant("4"))
    answer = engine.percentiles(frame, OrderStatistics(s.number("wage"), (0.25, 0.5), by, where))
    groups = engine.aggregate(frame, Aggregation(by, (s.UNITS,), where))
    assert list(answer.by["m"]) == list(groups.by["m"])
    assert list(answer.by["sex"]) == list(groups.by["sex"])
    for place in range(len(answer.n)):
        rows = (known.married["2020-01-01"] == answer.by["m"][place]) & ((known.sex == "1") == answer.by["sex"][place])
        values = known.wage[2022][rows]
        values = values[~np.isnan(values)]
        assert answer.n[place] == len(values)
        np.testing.assert_allclose(answer.values[place], [smoothed(values, q) for q in (0.25, 0.5)], rtol=1e-14)


def test_a_group_without_values_has_no_percentiles(engine, frame):
    by = (("has", s.call("sysmiss", s.number("wage"))),)
    answer = engine.percentiles(frame, OrderStatistics(s.number("wage"), (0.5,), by))
    assert list(answer.by["has"]) == [0.0, 1.0]
    assert answer.n[1] == 0
    assert np.isnan(answer.values[1, 0])


def test_percentiles_of_missing_groups_come_last(engine, frame):
    answer = engine.percentiles(frame, OrderStatistics(s.number("wage"), (0.5,), (("m", s.text("married")),)))
    known = truth()
    none = np.array([one is None for one in known.married["2020-01-01"]])
    values = known.wage[2022][none]
    assert answer.by["m"][-1] is None
    np.testing.assert_allclose(answer.values[-1, 0], smoothed(values[~np.isnan(values)], 0.5), rtol=1e-14)
