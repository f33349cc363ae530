"""Sketches tell the size of small differences, and that larger ones are large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.unit_sets import Units

from grille.server.disclosure.difference import difference_sizes
from grille.server.disclosure.sketch import CAPACITY

UNITS = Units(5_000)
members = st.sets(st.integers(0, UNITS.n - 1), max_size=60)
few = st.sets(st.integers(0, UNITS.n - 1), max_size=16)


def size_between(one: set[int], two: set[int]) -> int:
    return int(difference_sizes(UNITS.sketch(sorted(one))[None], UNITS.sketch(sorted(two))[None])[0])


@given(members, few)
def test_size_is_exact_up_to_twelve_and_twelve_beyond(base: set[int], change: set[int]) -> None:
    assert size_between(base, base ^ change) == min(len(change), CAPACITY)


@given(members, members)
def test_any_two_sets(one: set[int], two: set[int]) -> None:
    assert size_between(one, two) == min(len(one ^ two), CAPACITY)


@given(members, members, few)
def test_three_sets_at_once(one: set[int], two: set[int], change: set[int]) -> None:
    third = one ^ two ^ change
    merged = UNITS.sketch(sorted(one)) ^ UNITS.sketch(sorted(two))
    sizes = difference_sizes(merged[None], UNITS.sketch(sorted(third))[None])
    assert sizes.tolist() == [min(len(change), CAPACITY)]


@pytest.mark.parametrize("size", [*range(14), 50, 1000])
def test_many_differences_of_one_size_at_once(size: int) -> None:
    rng = np.random.default_rng(size)
    sketches = np.array([UNITS.sketch(rng.choice(UNITS.n, size, replace=False)) for _ in range(200)])
    assert set(difference_sizes(sketches).tolist()) == {min(size, CAPACITY)}


def test_noise_is_never_taken_for_a_small_difference() -> None:
    sketches = np.random.default_rng(5).integers(0, 2**64, (50_000, 6), dtype=np.uint64)
    sizes = difference_sizes(sketches)
    assert sizes.min() >= 11
    assert (sizes == CAPACITY).mean() > 0.9999
