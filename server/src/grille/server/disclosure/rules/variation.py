"""Rule: a cell in which all units have one value is not shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# sums of squares in double precision leave this much of a deviation that is truly 0
_RELATIVE = 1e-6


def varies(sd: NDArray[np.float64], largest: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say in which cells the values differ.

    Risk: the mean of a group whose values are all equal is the value of every member.
    Rule: the standard deviation is above one millionth of the largest absolute value. Not for 0/1 variables, which are
    counts.
    Source: ESSnet/DwB guidelines for output checking: group disclosure.

    Args:
        sd: float64 (cells,): standard deviations; NaN counts as 0.
        largest: float64 (cells,): largest absolute values.
    """
    differs: NDArray[np.bool_] = np.nan_to_num(sd) > _RELATIVE * np.nan_to_num(largest)
    return differs
