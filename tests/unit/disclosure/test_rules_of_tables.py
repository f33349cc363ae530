"""Rules for data sets and tables, on both sides of each number."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grille.server.disclosure.evidence import Axis, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.cells import count_cells_shown, magnitude_cells_shown
from grille.server.disclosure.rules.codes import without_unshown_codes
from grille.server.disclosure.rules.complement import complement_cells_shown
from grille.server.disclosure.rules.condition import Effect, condition_effect
from grille.server.disclosure.rules.population import population_is_large
from grille.server.disclosure.rules.sparse import table_is_dense
from grille.server.text import same

POLICY = Policy.standard()


def keyed(n: int) -> list[UnitCount]:
    """Return sets of n units whose noise differs."""
    return [UnitCount(n, int(key)) for key in np.random.default_rng(n).integers(0, 2**63, 400)]


@pytest.mark.parametrize("units", [0, 1, 990, 999])
def test_a_population_below_the_minimum_is_never_large(units: int) -> None:
    assert not any(population_is_large(one, POLICY) for one in keyed(units))


def test_a_population_is_large_from_ten_above_the_minimum_and_by_noise_in_between() -> None:
    assert all(population_is_large(one, POLICY) for n in (1010, 1011, 5000) for one in keyed(n))
    shares = [np.mean([population_is_large(one, POLICY) for one in keyed(n)]) for n in range(1000, 1010)]
    assert all(0 < share < 1 for share in shares)
    assert shares == sorted(shares)
    assert max(np.diff(shares)) < 0.3  # one unit more never decides


MANY = UnitCount(3000, 77)


@pytest.mark.parametrize("few", range(10))
def test_a_condition_on_few_units_counts_as_one_on_none(few: int) -> None:
    assert {condition_effect(one, MANY, POLICY) for one in keyed(few)} == {Effect.NOBODY}
    assert {condition_effect(MANY, one, POLICY) for one in keyed(few)} == {Effect.EVERYBODY}


def test_a_condition_holds_as_written_from_twenty_units_and_by_noise_from_ten() -> None:
    for n in (20, 21, 100):
        assert {condition_effect(one, MANY, POLICY) for one in keyed(n)} == {Effect.AS_WRITTEN}
        assert {condition_effect(MANY, one, POLICY) for one in keyed(n)} == {Effect.AS_WRITTEN}
    for n in range(10, 20):
        assert {condition_effect(one, MANY, POLICY) for one in keyed(n)} == {Effect.NOBODY, Effect.AS_WRITTEN}
        assert {condition_effect(MANY, one, POLICY) for one in keyed(n)} == {Effect.EVERYBODY, Effect.AS_WRITTEN}


def test_a_condition_on_public_data_holds_as_written() -> None:
    assert condition_effect(UnitCount(1, 5), MANY, Policy.open()) is Effect.AS_WRITTEN


def test_counts_are_shown_from_ten_and_none_looks_like_few() -> None:
    assert count_cells_shown(np.array([0, 5, 9, 10, 11]), POLICY).tolist() == [False, False, False, True, True]


def test_magnitudes_need_ten_units_exact_and_noised() -> None:
    n, noised = np.array([9, 10, 10, 10, 0]), np.array([12, 10, 9, 14, 0])
    assert magnitude_cells_shown(n, noised, POLICY).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize(
    "n,dimensions,share",
    [
        ([5] * 40, 2, 1.0),
        ([4] * 14 + [5] * 40, 1, 1.0),
        ([4] * 10 + [5] * 20, 1, 1.0),
        ([4] * 31 + [5] * 20, 1, 0.0),
        ([4] * 30 + [0] * 40, 2, 0.0),
        ([0, 0], 1, 1.0),
        ([100] * 4995, 3, 1.0),
        ([100] * 5006, 3, 0.0),
        ([100], 4, 0.0),
    ],
)
def test_sparse_tables_are_told_beyond_the_noise(n: list[int], dimensions: int, share: float) -> None:
    rng = np.random.default_rng(3)
    dense = [
        table_is_dense(np.array(n), rng.integers(0, 2**64, len(n), dtype=np.uint64), dimensions, POLICY)
        for _ in range(20)
    ]
    assert np.mean(dense) == share


@pytest.mark.parametrize("known", [1, 2, 5, 20])
def test_whether_one_more_cell_has_anybody_does_not_decide(known: int) -> None:
    rng = np.random.default_rng(known)

    def share_dense(small: int, large: int) -> float:
        n = np.array([1] * small + [500] * large)
        keys = rng.integers(0, 2**64, (600, len(n)), dtype=np.uint64)
        return float(np.mean([table_is_dense(n, row, 1, POLICY) for row in keys]))

    # as many small cells as large ones is the limit; one more of them must not carry the table over it for sure
    assert abs(share_dense(known, known) - share_dense(known + 1, known)) < 0.35


def one_way(*n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and units of a line and its margin, the margin last."""
    return np.array([[i] for i in range(len(n))] + [[-1]]), np.array([*n, sum(n)])


@pytest.mark.parametrize(
    "n,hidden,expected",
    [
        ([50, 20, 9], [2], [1, 2]),
        ([50, 20, 9, 5], [2, 3], [2, 3]),
        ([50, 20, 10], [], []),
        ([50, 3, 4], [1, 2], [0, 1, 2]),
    ],
)
def test_what_is_missing_from_a_line_is_nothing_or_ten_units(
    n: list[int], hidden: list[int], expected: list[int]
) -> None:
    positions, units = one_way(*n)
    shown = np.ones(len(units), dtype=bool)
    shown[hidden] = False
    none = np.zeros(len(units), dtype=bool)
    result = complement_cells_shown(positions, units, shown, none, POLICY)
    assert np.flatnonzero(~result).tolist() == expected


def test_a_dominated_cell_is_never_withheld_alone() -> None:
    positions, units = one_way(500, 300, 400)
    shown = np.array([False, True, True, True])
    result = complement_cells_shown(positions, units, shown, ~shown, POLICY)
    assert result.tolist() == [False, False, True, True]


def test_without_margins_the_sum_of_the_cells_counts_as_one() -> None:
    positions, units = np.array([[0], [1], [2]]), np.array([40, 30, 5])
    none = np.zeros(3, dtype=bool)
    result = complement_cells_shown(positions, units, units >= 10, none, POLICY)
    assert result.tolist() == [True, False, False]


@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_line_of_a_two_way_table_gives_a_small_remainder(table: list[list[int]]) -> None:
    inner = np.array(table)
    full = np.zeros((inner.shape[0] + 1, 4), dtype=np.int64)
    full[:-1, :-1] = inner
    full[-1, :-1], full[:-1, -1], full[-1, -1] = inner.sum(0), inner.sum(1), inner.sum()
    rows, columns = [*range(inner.shape[0]), -1], [0, 1, 2, -1]
    places = [place for place in itertools.product(rows, columns) if full[place] > 0]
    positions = np.array(places, dtype=np.int64).reshape(-1, 2)
    n = np.array([full[place] for place in places], dtype=np.int64)
    large = n >= 10
    result = complement_cells_shown(positions, n, large, np.zeros(len(n), dtype=bool), POLICY)
    assert not (result & ~large).any()
    visible = {place: int(count) for place, count, good in zip(places, n, result, strict=True) if good}
    for axis in (0, 1):
        for other in columns if axis == 0 else rows:
            along = rows if axis == 0 else columns
            line = [(i, other) if axis == 0 else (other, i) for i in along]
            inside = [visible[place] for place in line[:-1] if place in visible]
            if line[-1] in visible and inside:
                assert not 0 < visible[line[-1]] - sum(inside) < 10


def test_categories_without_a_figure_are_dropped_and_positions_move() -> None:
    axis = Axis("wage", same("Wage"), (1.0, 2.0, 3.0, None), (same("1"), same("2"), same("3"), same("none")))
    positions = np.array([[0], [1], [2], [3], [-1]])
    pruned = without_unshown_codes((axis,), positions, np.array([False, True, False, True, True]))
    assert pruned.axes[0].codes == (2.0, None)
    assert [label.en for label in pruned.axes[0].labels] == ["2", "none"]
    assert pruned.positions.tolist() == [[0], [1], [-1]]
    assert pruned.kept.tolist() == [False, True, False, True, True]
    assert pruned.changed((axis,))
    assert not without_unshown_codes((axis,), positions, np.ones(5, dtype=bool)).changed((axis,))
