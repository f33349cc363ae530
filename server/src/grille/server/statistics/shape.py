"""The shape of a distribution: central moments of one variable in two passes, and what a single row weighs in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics import refusals
from grille.server.statistics.design import Floats, Pass
from grille.server.statistics.prefetch import with_first_of
from grille.server.statistics.ranges import RangeTracker

_FIRST_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Shape:
    """Moments of n rows.

    Attributes:
        n: Rows.
        mean: Mean.
        skewness: m3 / m2^1.5 of the moments with divisor n (scipy.stats.skew); NaN when nothing varies.
        kurtosis: m4 / m2^2, 3 for a normal distribution (scipy.stats.kurtosis with fisher=False); NaN likewise.
        low: Smallest value.
        high: Largest value.
        rarer: Rows off the most common value (ranges.ColumnRange says how exact).
        heaviest: Share of the row farthest from the mean in the sum of fourth powers, and of the three farthest.
        two_valued: Whether every value is an end of the range.
    """

    n: int
    mean: float
    skewness: float
    kurtosis: float
    low: float
    high: float
    rarer: int
    heaviest: tuple[float, float]
    two_valued: bool


def collect_shape(passes: Pass, name: str) -> Shape:
    """Read a variable twice, for its mean and for its powers about it.

    The row farthest from the mean weighs more in the sum of fourth powers than in those of lower ones, so its share
    there bounds its share in all.

    Args:
        passes: Starts a pass over complete rows with the variable as a number.
        name: The variable.

    Raises:
        NumericError: TOO_FEW_ROWS without any row; NOT_FINITE when powers overflow.
    """
    tracker, n, total, origin = RangeTracker(), 0, 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # looked at below
        for batch in with_first_of(passes(), _FIRST_ROWS):
            values = batch.numbers[name]
            origin = float(values[0]) if n == 0 else origin
            tracker.add(values)
            n += batch.rows
            total += float((values - origin).sum())
        if n == 0:
            raise refusals.too_few_rows()
        mean, ends = origin + total / n, tracker.result(n)
        # in units of the range, so that fourth powers neither overflow nor vanish
        width = max(ends.high - mean, mean - ends.low)
        if not np.isfinite([mean, width]).all():
            raise refusals.not_finite()
        powers, farthest, at_ends = np.zeros(4), np.zeros(3), 0
        for batch in passes():
            values = batch.numbers[name]
            at_ends += int(np.count_nonzero((values == ends.low) | (values == ends.high)))
            scaled = (values - mean) / width if width > 0.0 else np.zeros(batch.rows)
            squares = scaled * scaled
            powers += (scaled.sum(), squares.sum(), (squares * scaled).sum(), (squares * squares).sum())
            farthest = np.sort(np.concatenate([farthest, np.partition(squares, -min(3, batch.rows))[-3:]]))[-3:]
    skewness, kurtosis = _standardised(powers / n, ends.rarer > 0)
    heaviest = (
        (float(farthest[-1] ** 2 / powers[3]), float((farthest**2).sum() / powers[3])) if powers[3] else (1.0, 1.0)
    )
    return Shape(
        n, mean, skewness, kurtosis, ends.low, ends.high, ends.rarer, heaviest, ends.rarer > 0 and at_ends == n
    )


def _standardised(moments: Floats, varies: bool) -> tuple[float, float]:
    """Return skewness and kurtosis from moments about an approximate mean, whose own moment is first."""
    shift, second, third, fourth = (float(one) for one in moments)
    variance = second - shift**2
    if not varies or not variance > 0.0:
        return float("nan"), float("nan")
    central_third = third - 3.0 * shift * second + 2.0 * shift**3
    central_fourth = fourth - 4.0 * shift * third + 6.0 * shift**2 * second - 3.0 * shift**4
    return central_third / variance**1.5, central_fourth / variance**2
