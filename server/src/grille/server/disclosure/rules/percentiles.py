"""Rule: percentiles have many units beyond them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy

ALLOWED = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""The only probabilities at which percentiles are shown."""


def percentile_is_allowed(probability: float) -> bool:
    """Say whether a percentile may be shown at all.

    Risk: a walk over close probabilities reads off the values one by one.
    Rule: only the 1st, 5th, 10th, 25th, 50th, 75th, 90th, 95th and 99th percentile.
    Source: ESSnet/DwB guidelines for output checking: percentiles.
    """
    return any(abs(probability - allowed) < 1e-12 for allowed in ALLOWED)


def percentiles_shown(n: NDArray[np.int64], probability: float, policy: Policy) -> NDArray[np.bool_]:
    """Say in which cells a percentile is shown.

    Risk: an order statistic near the end of a small set is the value of one unit.
    Rule: an allowed probability q with n min(q, 1 - q) >= tail_min; the value is the mean of the five nearest order
    statistics on each side and is rounded to percentile_digits.
    Numbers: standard 10 units beyond, 3 significant digits.
    Source: ESSnet/DwB guidelines for output checking: percentiles and maxima.

    Args:
        n: int64 (cells,): units.
        probability: Between 0 and 1.
        policy: Numbers.
    """
    if not percentile_is_allowed(probability):
        return np.zeros(n.shape, dtype=np.bool_)
    # 1000 units x 0.01 are 10 units, also in binary fractions
    return n * min(probability, 1.0 - probability) >= policy.tail_min - 1e-6
