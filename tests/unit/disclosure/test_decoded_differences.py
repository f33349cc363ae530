"""The units in which two sets differ come out of their sketches, and only when they are few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grille.server.disclosure.decode import elements_of
from grille.server.disclosure.sketch import sketch_columns

elements = st.sets(st.integers(1, 2**32 - 1), max_size=14)


def sketch(members: set[int]) -> tuple[int, ...]:
    columns = sketch_columns(np.array(sorted(members), dtype=np.uint32).reshape(-1))
    return tuple(int(word) for word in np.bitwise_xor.reduce(columns, axis=0))


@given(elements, elements)
@settings(max_examples=150, deadline=None)
def test_the_difference_of_two_sets_is_found_when_it_is_small(one: set[int], two: set[int]) -> None:
    difference = tuple(a ^ b for a, b in zip(sketch(one), sketch(two), strict=True))
    apart = one ^ two
    assert elements_of(difference, 10) == (tuple(sorted(apart)) if len(apart) < 10 else None)


@pytest.mark.parametrize("size", [10, 11, 12, 13, 25, 500, 20_000])
def test_larger_sets_never_pass_for_small_ones(size: int) -> None:
    rng = np.random.default_rng(size)
    for _ in range(20):
        members = set(rng.integers(1, 2**32 - 1, size).tolist())
        assert elements_of(sketch(members), 10) is None


def test_words_that_are_no_sketch_are_not_decoded() -> None:
    rng = np.random.default_rng(7)
    for _ in range(100):
        assert elements_of(tuple(int(word) for word in rng.integers(0, 2**63, 6)), 10) is None
