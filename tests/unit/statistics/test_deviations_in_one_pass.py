"""The squared deviations of an outcome, in one pass, are those of two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grille.server.statistics.weight import Deviations

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40)


@given(NUMBERS, st.integers(1, 7))
def test_sum_and_two_largest_are_those_of_two_passes(values: list[float], step: int) -> None:
    every = np.array(values)
    deviations = Deviations()
    for start in range(0, every.size, step):
        deviations.add(every[start : start + step])
    squares = np.sort((every - every.mean()) ** 2)
    found = deviations.result()
    # sums of 40 numbers below 1e6 lose at most 1e-12 of 1e12 each
    close = {"rel": 1e-9, "abs": 1.0 if np.abs(every).max() > 1e3 else 1e-3}
    assert found.total == pytest.approx(squares.sum(), **close)
    assert found.largest == pytest.approx(squares[-1], **close)
    assert found.second == pytest.approx(squares[-2] if squares.size > 1 else 0.0, **close)


def test_no_rows_have_no_deviations() -> None:
    found = Deviations().result()
    assert (found.total, found.largest, found.second) == (0.0, 0.0, 0.0)
