"""Tukey's honestly significant difference: all pairs of group means at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.statistics.design import Floats


@dataclass(frozen=True, slots=True)
class PairwiseTest:
    """Comparisons of g groups; m = g (g - 1) / 2 pairs, the second of a pair after the first.

    Attributes:
        first: intp (m,).
        second: intp (m,).
        difference: Mean of the second minus that of the first, float64 (m,).
        half_width: Half the simultaneous confidence interval, float64 (m,).
        p_value: Adjusted for all pairs, float64 (m,).
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    difference: Floats
    half_width: Floats
    p_value: Floats


def tukey_hsd(means: Floats, sizes: Floats, ss_within: float, df: int, level: float) -> PairwiseTest:
    """Compare all pairs of means, by Kramer's (1956) method for groups of unequal size.

    The same as statsmodels pairwise_tukeyhsd and scipy.stats.tukey_hsd.

    Args:
        means: Group means, float64 (g,), at least two.
        sizes: Units per group, float64 (g,).
        ss_within: Sum of squares within the groups.
        df: Its degrees of freedom.
        level: Confidence level in percent, of all intervals together.
    """
    from scipy.stats import studentized_range  # here: importing it takes half a second

    first, second = np.triu_indices(means.size, 1)
    difference = means[second] - means[first]
    spread = np.sqrt(ss_within / df / 2.0 * (1.0 / sizes[first] + 1.0 / sizes[second]))
    half_width = float(studentized_range.ppf(level / 100.0, means.size, df)) * spread
    p_value = np.asarray(studentized_range.sf(np.abs(difference) / spread, means.size, df), dtype=np.float64)
    return PairwiseTest(first, second, difference, half_width, p_value)
