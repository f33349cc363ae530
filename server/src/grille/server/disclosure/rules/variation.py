"""Rule: a cell in which all units have one value is not shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def varies(sd: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say in which cells the values differ: float64 (cells,) standard deviations to bool (cells,).

    Risk: the mean of a group whose values are all equal is the value of every member.
    Rule: the standard deviation is above 0. Not for 0/1 variables, which are counts.
    Source: ESSnet/DwB guidelines for output checking: group disclosure.
    """
    return np.nan_to_num(sd) > 0
