"""Rule: a mean or deviation is shown no finer than one unit can move it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# steps of about this many times what a typical unit moves a mean
_UNITS = 2.0


def resolved_means(
    mean: NDArray[np.float64], sd: NDArray[np.float64], n: NDArray[np.int64], limits: tuple[float, float]
) -> NDArray[np.float64]:
    """Return means on a grid around the middle of the winsor limits.

    Risk: a mean of whole numbers to five digits tells by how many it was divided, and so the exact number of units; and
    the means of sets that differ in one unit tell that unit's value, whatever way the sets were made.
    Rule: a grid whose steps are 2 to 4 times sd / n, as much as one to three units move the mean; a power of two of the
    range between the limits, so that another scale or origin of the variable gives no other grid. A mean moves by 0.6
    to 1.2 standard errors over the root of n: 4 % of one at 1 000 units.
    Source: Thompson, Broadfoot and Elazar (2013), section 4: perturbation of magnitudes in proportion to large
    contributions; Dinur and Nissim (2003) for why it must be of that size.

    Args:
        mean: float64 (cells,).
        sd: float64 (cells,): standard deviations; NaN leaves a mean as it is.
        n: int64 (cells,): noised units.
        limits: Winsor limits of the data set; a mean without them stays as it is.
    """
    low, high = limits
    steps = _steps(sd, n, high - low)
    middle = (low + high) / 2
    return np.where(np.isfinite(steps), middle + np.round((mean - middle) / steps) * steps, mean)


def resolved_deviations(
    sd: NDArray[np.float64], n: NDArray[np.int64], limits: tuple[float, float]
) -> NDArray[np.float64]:
    """Return standard deviations on the grid of `resolved_means`, from 0; risk, rule, source and args as there."""
    steps = _steps(sd, n, limits[1] - limits[0])
    return np.where(np.isfinite(steps), np.maximum(np.round(sd / steps), 1.0) * steps, sd)


def _steps(sd: NDArray[np.float64], n: NDArray[np.int64], width: float) -> NDArray[np.float64]:
    """Return the steps, NaN where there is no grid."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = _UNITS * sd / width / np.maximum(n, 1)
        steps: NDArray[np.float64] = width * 2.0 ** np.ceil(np.log2(relative))
    return np.where((relative > 0) & np.isfinite(steps), steps, np.nan)
