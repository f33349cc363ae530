"""A figure without a unit of measurement is shown on a grid that one unit cannot be read off, and that costs little."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grille.server.disclosure.rules.steps import in_steps


@pytest.mark.parametrize("units", [100, 1_000, 1_023, 60_000, 5_000_000])
@pytest.mark.parametrize("spread", [1.0, 4.0, 10.0])
def test_steps_are_two_to_four_times_what_a_unit_moves(units: int, spread: float) -> None:
    values = np.linspace(-1, 1, 20_001)
    shown = np.unique([in_steps(float(value), units, spread) for value in values])
    error = max(abs(in_steps(float(value), units, spread) - value) for value in values)
    assert error <= 2 * spread / units
    if shown.size > 1 and units < 10_000:
        step = np.diff(shown)
        assert step.min() == pytest.approx(step.max())
        assert 2 * spread / units <= step[0] < 4 * spread / units
    assert error * math.sqrt(units) / spread <= 2 / math.sqrt(units)  # in standard errors


def test_one_unit_rarely_changes_what_is_shown() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 1_000))
    y = 0.3 * x + rng.normal(size=x.shape)
    changed = sum(
        in_steps(float(np.corrcoef(one, two)[0, 1]), 1_000)
        != in_steps(float(np.corrcoef(one[1:], two[1:])[0, 1]), 1_000)
        for one, two in zip(x, y, strict=True)
    )
    assert changed < 100  # five digits would change every time


def test_what_has_no_grid_stays() -> None:
    assert math.isnan(in_steps(math.nan, 100))
    assert in_steps(0.3, 0) == 0.3
