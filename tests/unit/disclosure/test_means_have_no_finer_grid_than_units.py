"""Means and deviations are shown no finer than a few units can move them, and stay useful."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.gate_cases import RNG, UNITS, WAGE, Silent, content_of

from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.resolution import resolved_deviations, resolved_means

# without tails, so that winsorising leaves whole numbers
YEARS = np.clip(RNG.integers(0, 10, UNITS.n), 1, 8).astype(np.float64)


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.floats(0.05, 0.4),
    st.integers(10, 10**7),
    st.floats(0.01, 0.99),
    st.floats(0.125, 8.0),
    st.sampled_from([-1.0, 1.0]),
)
def test_the_grid_follows_the_scale_and_origin_of_a_variable(
    low: float, width: float, spread: float, n: int, place: float, scale: float, sign: float
) -> None:
    mean, sd, units = np.array([low + place * width]), np.array([spread * width]), np.array([n])
    shown = resolved_means(mean, sd, units, (low, low + width))[0]
    assert abs(shown - mean[0]) <= 2.0 * sd[0] / n * (1 + 1e-9) + 1e-9 * width
    # not where rounding errors decide between two steps, or two points of the grid
    power = math.log2(2.0 * sd[0] / width / n)
    assume(abs(power - round(power)) > 1e-6)
    step = width * 2.0 ** math.ceil(power)
    assume(step > 1e-6 * (abs(low) + width))
    assume(abs((mean[0] - low - width / 2) / step % 1.0 - 0.5) > 1e-3)
    # the same variable turned round, in other units and from another origin gives nothing new
    ends = sorted((sign * scale * low + 5.0, sign * scale * (low + width) + 5.0))
    other = resolved_means(sign * scale * mean + 5.0, scale * sd, units, (ends[0], ends[1]))[0]
    assert abs((other - 5.0) / (sign * scale) - shown) <= 1e-3 * step


def test_a_deviation_is_never_zero_and_a_missing_one_stays() -> None:
    shown = resolved_deviations(np.array([0.4, 3.0, math.nan]), np.array([10, 1000, 1]), (0.0, 10.0))
    assert (shown[:2] > 0).all()
    assert shown[1] == pytest.approx(3.0, rel=0.003)
    assert math.isnan(shown[2])


def test_without_limits_means_stay() -> None:
    shown = resolved_means(np.array([1.5]), np.array([0.3]), np.array([20]), (math.nan, math.nan))
    assert shown.tolist() == [1.5]


def subsets(low: int, high: int) -> list[np.ndarray]:
    rng = np.random.default_rng(6)
    return [rng.choice(UNITS.n, int(rng.integers(low, high)), replace=False) for _ in range(60)]


def share_found(policy: Policy) -> float:
    """Return how often whole numbers tell the exact number of units: the count that makes mean times count whole."""
    found = 0
    for members in subsets(150, 400):
        shown = content_of(Gate(policy, Silent()), UNITS.magnitudes({"years": YEARS}, members=members)).variables[0]
        counts = shown.n[0] + np.arange(-5, 6)
        sums = shown.mean[0] * counts
        found += counts[np.argmin(np.abs(sums - np.round(sums)))] == len(members)
    return found / 60


def test_a_mean_of_whole_numbers_does_not_tell_the_number_of_units() -> None:
    assert share_found(Policy.standard()) < 0.3  # one of eleven by chance, more for the likelier ones


def test_control_five_digits_alone_would_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    target = "grille.server.disclosure.release.variable.resolved_means"
    monkeypatch.setattr(target, lambda mean, sd, n, limits: mean)
    assert share_found(Policy.standard()) > 0.6


@pytest.mark.parametrize("n", [200, 1_000, 6_000])
def test_control_means_and_deviations_stay_useful(n: int) -> None:
    evidence = UNITS.magnitudes({"wage": WAGE}, members=np.arange(n))
    exact, shown = evidence.variables[0], content_of(Gate(Policy.standard(), Silent()), evidence).variables[0]
    standard_error = exact.sd[0] / math.sqrt(n)
    assert abs(shown.mean[0] - exact.mean[0]) <= 2.1 / math.sqrt(n) * standard_error + 5e-5 * exact.mean[0]
    assert shown.sd[0] == pytest.approx(exact.sd[0], rel=2.1 / n + 5e-5)
