"""Rule: no unit makes up most of a sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy


def undominated(
    total: NDArray[np.float64], largest: NDArray[np.float64], second: NDArray[np.float64], policy: Policy
) -> NDArray[np.bool_]:
    """Say in which cells no one or two units dominate.

    Risk: where one unit makes up most of a sum or mean, the figure is that unit's value.
    Rule: largest <= dominance_one_max and largest + second <= dominance_two_max of the sum of absolute values; a sum of
    zero is not dominated.
    Numbers: standard 50 % and 67 %.
    Source: ABS DataLab clearance rules (1,50) and (2,67).

    Args:
        total: float64 (cells,): sum of absolute values.
        largest: float64 (cells,): largest absolute value.
        second: float64 (cells,): second largest; NaN counts as 0.
        policy: Numbers.
    """
    one, two = np.nan_to_num(largest), np.nan_to_num(second)
    whole = np.nan_to_num(total)
    return (one <= policy.dominance_one_max * whole) & (one + two <= policy.dominance_two_max * whole)
