"""Rule: a correlation, a shape or a difference of means is shown no finer than one unit can move it."""

from __future__ import annotations

import math

# steps of about this many times what a typical unit moves a figure; as for means
_UNITS = 2.0

SKEWNESS_SPREAD = 4.0
KURTOSIS_SPREAD = 10.0
"""Standard deviations of the third and fourth power of a standard normal variable, rounded."""


def in_steps(value: float, units: int, spread: float = 1.0) -> float:
    """Return a figure without unit of measurement on a grid around zero.

    Risk: the figures of sets that differ in one unit, however they were made, tell that unit's value; figures of whole
    numbers to five digits tell by how many units they were divided.
    Rule: a grid whose steps are 2 to 4 times spread / units, about what one to three units move the figure, a power of
    two. The figure has no unit of measurement, so another scale or origin of a variable gives no other grid. A
    correlation moves by at most 2 standard errors over the root of the units: 6 % of one at 1 000 units.
    Source: as for means: Thompson, Broadfoot and Elazar (2013), section 4; Dinur and Nissim (2003).

    Args:
        value: A correlation, a standardised moment, a difference of means over the standard deviation within groups.
        units: Noised number of units.
        spread: Standard deviation of what a unit adds to the mean that the figure is.
    """
    if units < 1 or not math.isfinite(value) or not spread > 0.0:
        return value
    step = 2.0 ** math.ceil(math.log2(_UNITS * spread / units))
    return round(value / step) * step
