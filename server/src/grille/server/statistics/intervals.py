"""Confidence intervals of means and shares, from what a table shows of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grille.server.statistics.distributions import normal_quantile, t_quantile


@dataclass(frozen=True, slots=True)
class Interval:
    """Standard error and confidence limits; NaN where there are none."""

    std_error: float
    low: float
    high: float


def mean_interval(mean: float, sd: float, n: int, level: float) -> Interval:
    """Return the interval of a mean by Student's t with n - 1 df (statsmodels DescrStatsW.tconfint_mean).

    Args:
        mean: Mean.
        sd: Standard deviation, divisor n - 1.
        n: Units.
        level: Confidence level in percent.
    """
    if n < 2 or math.isnan(mean) or math.isnan(sd):
        return Interval(math.nan, math.nan, math.nan)
    std_error = sd / math.sqrt(n)
    half = t_quantile(level, n - 1) * std_error
    return Interval(std_error, mean - half, mean + half)


def share_interval(share: float, n: int, level: float) -> Interval:
    """Return the interval of a share by Wilson (1927) (statsmodels proportion_confint with method="wilson").

    Args:
        share: Between 0 and 1.
        n: Units.
        level: Confidence level in percent.
    """
    if n < 1 or math.isnan(share):
        return Interval(math.nan, math.nan, math.nan)
    z = normal_quantile(level)
    weight = 1.0 + z**2 / n
    centre = (share + z**2 / (2 * n)) / weight
    half = z / weight * math.sqrt(share * (1.0 - share) / n + z**2 / (4.0 * n**2))
    return Interval(math.sqrt(share * (1.0 - share) / n), max(centre - half, 0.0), min(centre + half, 1.0))
