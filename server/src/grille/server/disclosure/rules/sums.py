"""Rule: sums are means times noised counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def noised_sums(mean: NDArray[np.float64], noised_n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return mean times noised n, float64 (cells,).

    Risk: an exact sum over an exact mean gives the exact count; two exact sums give the value of the unit between them.
    Rule: sum = mean x noised n, so that means stay right.
    Source: Thompson, Broadfoot and Elazar (2013), Methodology for the automatic confidentialisation of statistical
    outputs.
    """
    return mean * noised_n
