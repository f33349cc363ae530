"""Rule: figures are rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy


def significant(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Return values rounded to significant digits, half to even on the decimal form; NaN and infinities stay.

    Risk: many digits of many figures can be solved for the values behind them.
    Rule: number_digits for means, standard deviations and sums, percentile_digits for percentiles, model_digits for
    models.
    Numbers: standard 5, 3 and 5; strict 3 throughout.
    Source: ESSnet/DwB guidelines for output checking; Dinur and Nissim (2003) for why digits matter.
    """
    flat = np.asarray(values, dtype=np.float64)
    rounded = [float(f"{value:.{digits - 1}e}") for value in flat.ravel().tolist()]
    return np.array(rounded, dtype=np.float64).reshape(flat.shape)


def rounded_counts(noised_n: NDArray[np.int64], policy: Policy) -> NDArray[np.int64]:
    """Return noised counts rounded to multiples of count_base, halves up; counts below cell_min stay as they are.

    Risk: a noised count is within two of the exact one in most cases, and every figure that depends on it says no more
    and no less.
    Rule: count_base for every count that is shown, and for all that is computed of it.
    Numbers: standard 1, strict 10.
    Source: Handbook on SDC 5.4.2 (rounding), on top of the noise.

    Args:
        noised_n: int64 (cells,).
        policy: Numbers.
    """
    base = policy.count_base
    rounded = (noised_n + base // 2) // base * base
    return np.where(noised_n >= policy.cell_min, np.maximum(rounded, policy.cell_min), noised_n)


def rounded_p_value(p: float, policy: Policy) -> tuple[float, bool]:
    """Return a p-value rounded to decimals, and whether it is a floor ("less than").

    Risk: as for `significant`; a tiny p-value also gives away the test statistic in many digits.
    Rule: p_value_decimals decimals, never below one unit of the last.
    Numbers: standard 3 decimals, floor 0.001.
    Source: ESSnet/DwB guidelines for output checking.
    """
    floor = 10.0**-policy.p_value_decimals
    if p < floor:
        return floor, True
    return round(p, policy.p_value_decimals), False
