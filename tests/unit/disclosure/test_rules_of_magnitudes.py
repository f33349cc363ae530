"""Rules for means, sums, percentiles and histograms, on both sides of each number."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.dominance import undominated
from grille.server.disclosure.rules.histogram import grid_edges, merged_bins
from grille.server.disclosure.rules.percentiles import percentiles_shown
from grille.server.disclosure.rules.rounding import rounded_p_value, significant
from grille.server.disclosure.rules.shares import share_deviations, shares
from grille.server.disclosure.rules.sums import noised_sums
from grille.server.disclosure.rules.variation import varies
from grille.server.disclosure.rules.whiskers import whisker_probability
from grille.server.errors import BudgetError, TypeMismatchError

POLICY = Policy.standard()


@pytest.mark.parametrize(
    "total,largest,second,good",
    [
        (100.0, 50.0, 17.0, True),
        (100.0, 50.1, 1.0, False),
        (100.0, 40.0, 27.1, False),
        (100.0, 40.0, 26.9, True),
        (0.0, 0.0, 0.0, True),
        (100.0, 40.0, math.nan, True),
    ],
)
def test_dominance(total: float, largest: float, second: float, good: bool) -> None:
    result = undominated(np.array([total]), np.array([largest]), np.array([second]), POLICY)
    assert result.tolist() == [good]


def test_equal_values_do_not_vary_even_with_rounding_errors() -> None:
    sd = np.array([0.0, math.nan, 1e-3, 1.0, 0.0])
    assert varies(sd, np.array([5e5, 5e5, 5e5, 5e5, 0.0])).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize(
    "n,probability,shown",
    [
        (1000, 0.01, True),
        (999, 0.01, False),
        (1000, 0.99, True),
        (999, 0.99, False),
        (200, 0.05, True),
        (199, 0.95, False),
        (100, 0.9, True),
        (99, 0.1, False),
        (40, 0.25, True),
        (39, 0.75, False),
        (20, 0.5, True),
        (19, 0.5, False),
        (10**6, 0.5000001, False),
        (10**6, 0.02, False),
        (0, 0.5, False),
    ],
)
def test_percentiles(n: int, probability: float, shown: bool) -> None:
    assert percentiles_shown(np.array([n]), probability, POLICY).tolist() == [shown]


@pytest.mark.parametrize(
    "n,probability", [(1000, 0.01), (999, 0.05), (200, 0.05), (199, 0.1), (100, 0.1), (99, None), (0, None)]
)
def test_whiskers(n: int, probability: float | None) -> None:
    assert whisker_probability(n, POLICY) == probability


def test_whiskers_of_open_data_are_always_outermost() -> None:
    assert whisker_probability(3, Policy.open()) == 0.01


def test_shares_come_from_noised_counts_and_stay_shares() -> None:
    result = shares(np.array([5, 12, 0, 0]), np.array([10, 11, 11, 0]))
    assert result[:3].tolist() == [0.5, 1.0, 0.0]
    assert math.isnan(result[3])
    values = np.array([1.0] * 5 + [0.0] * 5)
    assert share_deviations(np.array([0.5]), np.array([10]))[0] == pytest.approx(values.std(ddof=1))
    assert math.isnan(share_deviations(np.array([1.0]), np.array([1]))[0])


def test_sums_are_means_times_noised_counts() -> None:
    assert noised_sums(np.array([2.5]), np.array([12])).tolist() == [30.0]


@pytest.mark.parametrize(
    "value,digits,rounded",
    [
        (123456.0, 5, 123460.0),
        (0.000123456, 5, 0.00012346),
        (-98765.4, 3, -98800.0),
        (0.0, 5, 0.0),
        (1e308, 3, 1e308),
        (99999.6, 5, 1e5),
    ],
)
def test_significant_digits(value: float, digits: int, rounded: float) -> None:
    assert significant(np.array([value]), digits).tolist() == [rounded]


def test_rounding_keeps_shape_missing_and_infinite() -> None:
    result = significant(np.array([[math.nan, math.inf], [-math.inf, 1.23456]]), 3)
    assert result.shape == (2, 2)
    assert math.isnan(result[0, 0])
    assert result[0, 1] == math.inf
    assert result[1].tolist() == [-math.inf, 1.23]


@pytest.mark.parametrize(
    "p,shown", [(0.04567, (0.046, False)), (0.0009, (0.001, True)), (0.001, (0.001, False)), (1.0, (1.0, False))]
)
def test_p_values(p: float, shown: tuple[float, bool]) -> None:
    assert rounded_p_value(p, POLICY) == shown


def test_edges_with_a_number_of_bins_span_the_rounded_limits() -> None:
    edges = grid_edges(12345.6, 98765.4, bins=10)
    assert edges[0] == 12300.0
    assert edges[-1] == 98800.0
    assert np.diff(edges) == pytest.approx(8650.0)


def test_edges_with_a_width_are_its_multiples() -> None:
    assert grid_edges(12345.6, 98765.4, width=10000).tolist() == [10000.0 * i for i in range(1, 11)]
    assert grid_edges(0.0, 0.3, width=0.1).tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])


@example(0.0, 5e-324, 0.0)
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(-4.9e-4, 4.9e-4))
def test_edges_hide_the_limits_beyond_three_digits(low: float, spread: float, wiggle: float) -> None:
    first, last = significant(np.array([low, low + spread]), 3).tolist()
    assert grid_edges(first, last, bins=7).tolist() == grid_edges(low, low + spread, bins=7).tolist()
    assert (np.diff(grid_edges(low, low + spread, bins=7)) > 0).all()
    moved = significant(np.array([low * (1 + wiggle)]), 3)[0]
    if moved == first:
        assert (
            grid_edges(low * (1 + wiggle), low + spread, bins=7).tolist()
            == grid_edges(low, low + spread, bins=7).tolist()
        )


def test_constant_variable_has_edges() -> None:
    assert len(grid_edges(5.0, 5.0, bins=3)) == 4
    assert len(grid_edges(5.0, 5.0, width=2.0)) == 2


@pytest.mark.parametrize("options", [{"bins": 31}, {"width": 1.0}])
def test_more_than_thirty_bins_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BudgetError, match="TOO_MANY_BINS"):
        grid_edges(0.0, 31.0, **options)  # type: ignore[arg-type]
    assert len(grid_edges(0.0, 30.0, bins=30)) == len(grid_edges(0.0, 30.0, width=1.0)) == 31


@pytest.mark.parametrize(
    "options", [{"bins": 0}, {"width": 0.0}, {"width": -1.0}, {"width": math.nan}, {"bins": 3, "width": 1.0}]
)
def test_impossible_bins_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(TypeMismatchError, match="BIN_SIZE_INVALID"):
        grid_edges(0.0, 30.0, **options)  # type: ignore[arg-type]


def exact(n: int, key: int) -> int:
    return n


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_merged_bins_are_large_and_cover_every_unit(n: list[int]) -> None:
    bins = np.arange(len(n)) * 2
    runs = merged_bins(bins, np.array(n), np.arange(len(n), dtype=np.uint64), exact, POLICY)
    assert sum(run.n for run in runs) == sum(n)
    assert sum(run.key for run in runs) == sum(range(len(n)))
    assert all(run.noised >= 10 for run in runs) or len(runs) == 1
    assert all(one.last < two.first for one, two in itertools.pairwise(runs))
    if min(n) >= 10:
        assert len(runs) == len(n)


def test_a_low_bin_joins_its_smaller_neighbour() -> None:
    runs = merged_bins(np.arange(3), np.array([50, 4, 20]), np.zeros(3, dtype=np.uint64), exact, POLICY)
    assert [(run.first, run.last, run.n) for run in runs] == [(0, 0, 50), (1, 2, 24)]
