"""One pass gives exact moments, whatever the batches."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from support.model_data import gathered, in_batches, spec

from grille.server.errors import NumericError
from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics import cells
from grille.server.statistics.design import expand
from grille.server.statistics.moments import collect_moments


def data(n: int = 5000) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.int64]]]:
    rng = np.random.default_rng(1)
    numbers = {"x": rng.normal(1e6, 1.0, n), "z": rng.lognormal(size=n), "y": rng.normal(5, 2, n)}
    return numbers, {"g": rng.integers(0, 40, n), "h": rng.integers(0, 3, n), "e": rng.integers(0, 4, n)}


TERMS = ["x", "z", "i.e", "i.e#c.z"]


def full_design(numbers: dict[str, NDArray[np.float64]], e: NDArray[np.int64]) -> NDArray[np.float64]:
    dummies = [(e == level).astype(float) for level in (1, 2, 3)]
    return np.array([numbers["x"], numbers["z"], *dummies, *(d * numbers["z"] for d in dummies), numbers["y"]])


@pytest.mark.parametrize("rows", [1, 37, 1500, 10_000])
def test_means_and_cross_products_do_not_depend_on_the_batches(rows: int) -> None:
    numbers, factors = data(3000)
    moments = gathered(spec("y", TERMS), numbers, factors, rows=rows)[0]
    columns = full_design(numbers, factors["e"])
    centred = columns - columns.mean(axis=1, keepdims=True)
    assert moments.n == 3000
    np.testing.assert_allclose(moments.mean, columns.mean(axis=1), rtol=1e-13)
    size = np.sqrt(np.outer((centred**2).sum(axis=1), (centred**2).sum(axis=1)))
    assert np.abs(moments.cross - centred @ centred.T).max() <= 1e-12 * size.max()
    np.testing.assert_allclose(moments.cross / size, centred @ centred.T / size, atol=1e-12)


def test_a_large_mean_costs_no_digits() -> None:
    x = 1e9 + np.arange(2000) % 7
    moments = gathered(spec("y", ["x"]), {"x": x, "y": x[::-1].copy()}, rows=300)[0]
    exact = [Fraction(int(v)) for v in x]
    mean = sum(exact) / len(exact)
    squares = sum((v - mean) ** 2 for v in exact)
    assert moments.cross[0, 0] == pytest.approx(float(squares), rel=1e-13)


@pytest.mark.parametrize("groups", [("g",), ("h", "g")])
def test_group_sums_are_those_of_the_rows(groups: tuple[str, ...]) -> None:
    numbers, factors = data()
    moments, passes, _, _ = gathered(spec("y", TERMS), numbers, factors, groups, rows=700)
    assert moments.groups is not None
    columns = full_design(numbers, factors["e"]) - moments.mean[:, None]
    pairs = sorted({tuple(int(factors[name][i]) for name in groups) for i in range(5000)})
    assert moments.groups.sizes.size == len(pairs)
    assert (np.diff(moments.groups.top) >= 0).all()
    cell = np.concatenate([moments.groups.cells_of(batch) for batch in passes()])
    for number in range(len(pairs)):
        rows = cell == number
        assert rows.sum() == moments.groups.sizes[number]
        assert len({tuple(int(factors[name][i]) for name in groups) for i in np.flatnonzero(rows)}) == 1
        np.testing.assert_allclose(moments.groups.means[:, number], columns[:, rows].mean(axis=1), atol=1e-9)


def test_middle_labels_in_several_top_groups_are_counted() -> None:
    factors = {"top": [0, 0, 1, 1, 1, 2], "mid": [5, 6, 5, 6, 7, 8]}
    moments = gathered(spec("y", []), {"y": np.arange(6.0)}, factors, ("top", "mid"))[0]
    assert moments.groups is not None
    assert moments.groups.crossed == 2
    assert moments.groups.sizes.size == 6


def test_the_home_index_gives_the_same_cells_as_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    mid = rng.integers(0, 300, 4000)
    top = np.where(rng.random(4000) < 0.1, rng.integers(0, 9, 4000), mid % 9)  # a tenth are strays
    numbers = {"y": rng.normal(size=4000)}
    arguments = (spec("y", []), numbers, {"top": top, "mid": mid}, ("top", "mid"))
    table = gathered(*arguments)[0].groups
    monkeypatch.setattr(cells, "_LOOKUP_LIMIT", 0)
    home, passes, _, _ = gathered(*arguments)
    assert table is not None
    assert home.groups is not None
    assert home.groups.crossed == table.crossed

    def ordered(groups: object) -> list[tuple[int, float, float]]:
        return sorted(zip(groups.top, groups.sizes, groups.means[0], strict=True))  # type: ignore[attr-defined]

    np.testing.assert_allclose(ordered(home.groups), ordered(table))
    cell = np.concatenate([home.groups.cells_of(batch) for batch in passes()])
    np.testing.assert_array_equal(np.bincount(cell), home.groups.sizes)
    assert len({(int(a), int(b), int(c)) for a, b, c in zip(top, mid, cell, strict=True)}) == home.groups.sizes.size


@settings(deadline=None, max_examples=200)
@given(
    hnp.arrays(np.float64, st.integers(3, 400), elements=st.sampled_from([0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1e300])),
    st.integers(1, 50),
)
def test_rarity_is_exact_whenever_it_is_small(values: NDArray[np.float64], rows: int) -> None:
    y = np.arange(values.size, dtype=float)
    try:
        moments = gathered(spec("y", ["x"]), {"x": values / 1e298, "y": y}, rows=rows)[0]
    except NumericError:
        return
    commonest = max(int(np.count_nonzero(values == v)) for v in np.unique(values))
    found = moments.ranges[0]
    # Fewer rows than the first batch is joined to: every count is exact.
    assert found.rarer == values.size - commonest
    assert (found.low, found.high) == (values.min() / 1e298, values.max() / 1e298)
    assert moments.outcome_rarer_units == values.size - 1


def test_rarity_is_a_bound_that_passes_when_the_first_batch_misleads() -> None:
    x = np.concatenate([np.ones(1500), np.zeros(20_000)])
    moments = gathered(spec("y", ["x"]), {"x": x, "y": np.arange(x.size)}, rows=1500)[0]
    assert moments.ranges[0].rarer == 20_000  # the truth is 1 500, and both are at least half of the first batch
    few = np.concatenate([np.zeros(9000), np.ones(9)])
    assert gathered(spec("y", ["x"]), {"x": few, "y": np.arange(9009)}, rows=1500)[0].ranges[0].rarer == 9


def test_an_indicator_of_nearly_all_rows_is_as_rare_as_its_complement() -> None:
    factors = {"f": np.array([0] * 7 + [1] * 993)}
    moments = gathered(spec("y", ["i.f"]), {"y": np.arange(1000.0)}, factors)[0]
    assert moments.ranges[0].rarer == 7


def test_a_pass_without_rows_is_refused() -> None:
    design = expand(spec("y", []), FactorLevels({}))
    with pytest.raises(NumericError) as caught:
        collect_moments(lambda: iter([Batch({"y": np.empty(0)}, {}, 0)]), design, FactorLevels({}))
    assert caught.value.reason == "TOO_FEW_ROWS"


def test_an_error_of_the_reader_reaches_the_caller() -> None:
    passes, levels = in_batches({"y": np.arange(100.0)})

    def failing() -> object:
        yield next(passes())
        raise KeyError("reader")

    with pytest.raises(KeyError, match="reader"):
        collect_moments(failing, expand(spec("y", []), levels), levels)  # type: ignore[arg-type]


def test_values_too_large_for_sums_are_refused() -> None:
    with pytest.raises(NumericError) as caught:
        gathered(spec("y", ["x"]), {"x": [1e200, -1e200, 3.0], "y": [1, 2, 3]})
    assert caught.value.reason == "NOT_FINITE"
