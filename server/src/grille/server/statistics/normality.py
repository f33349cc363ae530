"""Tests of normality from skewness and kurtosis, and the test of Shapiro and Wilk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from grille.server.statistics.design import Floats
from grille.server.statistics.distributions import chi2_p_value, normal_p_values

SHAPIRO_MOST = 5000
"""Rows for which Royston's approximation of the distribution of W was made."""

SHAPIRO_LEAST = 12
"""Fewest rows for the branch of it that holds here."""


@dataclass(frozen=True, slots=True)
class Test:
    """A statistic and its p-value; NaN where there is none."""

    statistic: float
    p_value: float


def skewness_test(skewness: float, n: int) -> Test:
    """Test that the skewness is that of a normal distribution (D'Agostino 1970; scipy.stats.skewtest), n >= 8."""
    if n < 8 or math.isnan(skewness):
        return Test(math.nan, math.nan)
    y = skewness * math.sqrt((n + 1) * (n + 3) / (6.0 * (n - 2)))
    beta = 3.0 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2.0) * (n + 5) * (n + 7) * (n + 9))
    squared = -1.0 + math.sqrt(2.0 * (beta - 1.0))
    delta, alpha = 1.0 / math.sqrt(0.5 * math.log(squared)), math.sqrt(2.0 / (squared - 1.0))
    return _normal(delta * math.asinh(y / alpha))


def kurtosis_test(kurtosis: float, n: int) -> Test:
    """Test that the kurtosis is that of a normal distribution (Anscombe and Glynn 1983; scipy.stats.kurtosistest).

    Args:
        kurtosis: 3 for a normal distribution.
        n: Rows, at least 20 for the approximation to be good, at least 5 for a result.
    """
    if n < 5 or math.isnan(kurtosis):
        return Test(math.nan, math.nan)
    expected = 3.0 * (n - 1) / (n + 1)
    variance = 24.0 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3.0) * (n + 5))
    x = (kurtosis - expected) / math.sqrt(variance)
    root_beta = (
        6.0 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * math.sqrt(6.0 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)))
    )
    a = 6.0 + 8.0 / root_beta * (2.0 / root_beta + math.sqrt(1.0 + 4.0 / root_beta**2))
    denominator = 1.0 + x * math.sqrt(2.0 / (a - 4.0))
    if denominator == 0.0:
        return Test(math.nan, math.nan)
    term = math.copysign(((1.0 - 2.0 / a) / abs(denominator)) ** (1.0 / 3.0), denominator)
    return _normal((1.0 - 2.0 / (9.0 * a) - term) / math.sqrt(2.0 / (9.0 * a)))


def omnibus_test(skewness: float, kurtosis: float, n: int) -> Test:
    """Test both together, the sum of their squared statistics (D'Agostino and Pearson 1973; scipy.stats.normaltest)."""
    statistic = skewness_test(skewness, n).statistic ** 2 + kurtosis_test(kurtosis, n).statistic ** 2
    return _chi2(statistic)


def jarque_bera_test(skewness: float, kurtosis: float, n: int) -> Test:
    """Test both together, without small-sample corrections (Jarque and Bera 1980; scipy.stats.jarque_bera)."""
    return _chi2(n / 6.0 * (skewness**2 + (kurtosis - 3.0) ** 2 / 4.0))


def shapiro_wilk_statistic(values: Floats) -> float:
    """Return W of Shapiro and Wilk (1965) with Royston's (1995) weights, AS R94 (scipy.stats.shapiro).

    Args:
        values: float64 (n,), in any order, SHAPIRO_LEAST to about SHAPIRO_MOST of them, not all equal.
    """
    ordered = np.sort(values)
    n = ordered.size
    # scipy has it too, in a module that takes long to import
    scores = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    norm, u = float(scores @ scores), 1.0 / math.sqrt(n)
    last = np.polyval((-2.706056, 4.434685, -2.07119, -0.147981, 0.221157, 0.0), u) + scores[-1] / math.sqrt(norm)
    before = np.polyval((-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, 0.0), u) + scores[-2] / math.sqrt(norm)
    inner = (norm - 2.0 * (scores[-1] ** 2 + scores[-2] ** 2)) / (1.0 - 2.0 * (last**2 + before**2))
    weights = scores / math.sqrt(inner)
    weights[[-1, -2, 1, 0]] = last, before, -before, -last
    centred = ordered - ordered.mean()
    centred /= max(centred[-1], -centred[0])
    return float((weights @ centred) ** 2 / (centred @ centred))


def shapiro_wilk_p_value(w: float, n: int) -> float:
    """Return the p-value of W for n rows, by Royston's (1995) normal approximation of ln(1 - W); NaN out of range."""
    if not SHAPIRO_LEAST <= n <= SHAPIRO_MOST or not w < 1.0:
        return math.nan
    log_n = math.log(n)
    mean = np.polyval((0.0038915, -0.083751, -0.31082, -1.5861), log_n)
    deviation = math.exp(np.polyval((0.0030302, -0.082676, -0.4803), log_n))
    return float(ndtr(-(math.log1p(-w) - mean) / deviation))


def _normal(statistic: float) -> Test:
    return Test(statistic, float(normal_p_values(np.array([statistic]))[0]))


def _chi2(statistic: float) -> Test:
    return Test(statistic, math.nan if math.isnan(statistic) else chi2_p_value(statistic, 2))
