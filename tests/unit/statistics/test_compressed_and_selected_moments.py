"""Moments from combinations, and moments of fewer columns, are those of the rows."""

import numpy as np
import pytest
from support.model_data import in_batches, spec

from grille.server.errors import NumericError
from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics import moments as moments_module
from grille.server.statistics.compressed import combinations, compress, compressed_moments
from grille.server.statistics.design import expand
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.reml import fit_mixed
from grille.server.statistics.selected import selected_moments

N = 4_000
TERMS = ("age", "man", "i.region", "i.region#c.age", "i.man#i.region")


def rows(seed=1):
    """Return rows whose every regressor has few values, and an outcome with a large mean."""
    rng = np.random.default_rng(seed)
    region, man, age = rng.integers(0, 5, N), rng.integers(0, 2, N), rng.integers(20, 60, N)
    school, class_ = rng.integers(0, 12, N), rng.integers(0, 3, N)
    outcome = 1e6 + 30 * age + 200 * man + 10 * region + rng.normal(0, 50, 12)[school] + rng.normal(0, 100, N)
    numbers = {"y": outcome, "age": age.astype(float), "man": man.astype(float)}
    return numbers, {"region": region, "man": man, "school": school, "class": class_}


def both(groups):
    """Return the moments from combinations and from rows, of one design."""
    numbers, factors = rows()
    model = spec("y", TERMS)
    passes, levels = in_batches(numbers, factors, rows=333)
    wanted = collect_moments(passes, expand(model, levels), levels, groups)
    coded = {**factors, "age": numbers["age"]}
    few, few_levels = in_batches({"y": numbers["y"]}, coded, rows=333)
    found = compress(few, "y", few_levels, ("age",))
    assert found is not None
    found.batch.numbers["man"] = np.array([float(one) for one in found.levels.levels["man"]])[
        found.batch.factors["man"]
    ]
    return compressed_moments(found, expand(model, found.levels), groups), wanted, found


@pytest.mark.parametrize("groups", [(), ("school",), ("school", "class")])
def test_combinations_give_the_moments_of_the_rows(groups):
    ours, wanted, found = both(groups)
    assert found.batch.rows < N
    assert ours.n == wanted.n == N
    assert ours.design == wanted.design
    # 1e-12: sums of the same 4 000 numbers in another order
    np.testing.assert_allclose(ours.mean, wanted.mean, rtol=1e-12)
    scale = np.sqrt(np.diagonal(wanted.cross))
    np.testing.assert_allclose(ours.cross / np.outer(scale, scale), wanted.cross / np.outer(scale, scale), atol=1e-12)
    assert [(one.low, one.high) for one in ours.ranges[:-1]] == [(one.low, one.high) for one in wanted.ranges[:-1]]
    assert ours.ranges[-1] == wanted.ranges[-1]
    if groups:
        np.testing.assert_array_equal(ours.groups.sizes, wanted.groups.sizes)
        np.testing.assert_array_equal(ours.groups.top, wanted.groups.top)
        np.testing.assert_allclose(ours.groups.means, wanted.groups.means, rtol=1e-9, atol=1e-9)


def test_a_fit_from_combinations_is_the_fit_of_the_rows():
    ours, wanted, _ = both(("school", "class"))
    first, second = fit_mixed(ours), fit_mixed(wanted)
    np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(first.std_errors, second.std_errors, rtol=1e-9)
    assert first.log_likelihood == pytest.approx(second.log_likelihood, rel=1e-11)


def test_the_rarer_side_of_a_number_is_counted_over_rows():
    ours, _, _ = both(())
    numbers, _ = rows()
    ages = np.unique(numbers["age"], return_counts=True)[1]
    assert ours.ranges[0].rarer == N - ages.max()


def test_levels_that_do_not_occur_are_left_out():
    numbers, factors = rows()
    passes, _ = in_batches({"y": numbers["y"]}, {"region": factors["region"]})
    more = FactorLevels({"region": (-1, 0, 1, 2, 3, 4, 9)})

    def shifted():
        for batch in passes():
            yield Batch(batch.numbers, {"region": batch.factors["region"] + np.int32(1)}, batch.rows)

    assert combinations(more) == 7
    found = compress(shifted, "y", more, ())
    assert found.levels.levels == {"region": (0, 1, 2, 3, 4)}
    np.testing.assert_array_equal(found.weights, np.bincount(factors["region"]))


def test_no_rows_give_no_combinations():
    passes, _ = in_batches({"y": []}, {})
    assert compress(passes, "y", FactorLevels({"g": (1.0,)}), ()) is None


def test_an_outcome_whose_squares_overflow_is_refused():
    passes, levels = in_batches({"y": [1e200, -1e200, 1e200, 5.0]}, {"g": [0, 0, 1, 1]})
    with pytest.raises(NumericError) as caught:
        compressed_moments(compress(passes, "y", levels, ()), expand(spec("y", ("i.g",)), levels))
    assert caught.value.reason == "NOT_FINITE"


def test_moments_serve_a_design_with_some_of_the_columns_in_another_order():
    numbers, factors = rows()
    passes, levels = in_batches(numbers, factors)
    whole = collect_moments(passes, expand(spec("y", TERMS), levels), levels, ("school",))
    design = expand(spec("y", ("i.region", "age")), levels)
    ours, wanted = selected_moments(whole, design), collect_moments(passes, design, levels, ("school",))
    assert ours.design == design
    np.testing.assert_allclose(ours.cross, wanted.cross, rtol=1e-12, atol=1e-9 * np.abs(wanted.cross).max())
    np.testing.assert_allclose(ours.groups.means, wanted.groups.means, rtol=1e-9, atol=1e-9)
    assert ours.ranges == wanted.ranges


def test_moments_serve_another_outcome_that_was_a_regressor():
    numbers, factors = rows()
    passes, levels = in_batches(numbers, factors)
    whole = collect_moments(passes, expand(spec("y", ("age", "man", "i.region")), levels), levels, ("school",))
    design = expand(spec("age", ("i.region", "y")), levels)
    ours, wanted = selected_moments(whole, design), collect_moments(passes, design, levels, ("school",))
    assert ours.design == design
    np.testing.assert_allclose(ours.mean, wanted.mean, rtol=1e-12)
    np.testing.assert_allclose(ours.cross, wanted.cross, rtol=1e-12, atol=1e-9 * np.abs(wanted.cross).max())
    np.testing.assert_allclose(ours.groups.means, wanted.groups.means, rtol=1e-9, atol=1e-9)
    assert ours.ranges == wanted.ranges
    assert ours.outcome_rarer_units == wanted.outcome_rarer_units


def test_moments_do_not_serve_a_design_with_another_column_or_outcome():
    numbers, factors = rows()
    passes, levels = in_batches(numbers, factors)
    whole = collect_moments(passes, expand(spec("y", ("age",)), levels), levels)
    assert selected_moments(whole, expand(spec("y", ("age", "i.region")), levels)) is None
    assert selected_moments(whole, expand(spec("man", ("age",)), levels)) is None


def test_wide_designs_are_taken_in_parts_and_give_the_same_moments(monkeypatch):
    whole, _, _ = both(("school",))
    monkeypatch.setattr(moments_module, "_FEWEST_ROWS", 7)
    monkeypatch.setattr(moments_module, "_MOST_VALUES", 11)
    parts, wanted, _ = both(("school",))
    for found in (parts, wanted):
        np.testing.assert_allclose(found.mean, whole.mean, rtol=1e-12)
        np.testing.assert_allclose(found.cross, whole.cross, rtol=1e-9, atol=1e-9 * np.abs(whole.cross).max())
        np.testing.assert_allclose(found.groups.means, whole.groups.means, rtol=1e-9, atol=1e-9)
    assert parts.ranges == whole.ranges
