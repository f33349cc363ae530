"""Rule: shares are made of noised counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def shares(noised_part: NDArray[np.int64], noised_whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return part over whole, cut to 0 ... 1; NaN where the whole is 0.

    Risk: an exact share times a count gives exact counts back.
    Rule: shares, percentages and means of 0/1 variables come from noised counts only.
    Source: Handbook on SDC 5.4 (cell key method).
    """
    whole = np.where(noised_whole > 0, noised_whole, np.nan)
    result: NDArray[np.float64] = np.clip(noised_part / whole, 0.0, 1.0)
    return result


def share_deviations(share: NDArray[np.float64], noised_n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the standard deviation (n - 1) of a 0/1 variable from its noised share; NaN where n < 2.

    Risk, rule and source as for `shares`.
    """
    n = np.where(noised_n > 1, noised_n, np.nan)
    result: NDArray[np.float64] = np.sqrt(share * (1.0 - share) * n / (n - 1.0))
    return result
