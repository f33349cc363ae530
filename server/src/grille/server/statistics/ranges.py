"""Range of a column and how many rows are off its most common value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics.design import Floats

_LEADING = 8192


@dataclass(frozen=True, slots=True)
class ColumnRange:
    """Range and rarity of a column over all rows.

    Attributes:
        low: Smallest value.
        high: Largest value.
        rarer: Rows that differ from the most common value: exact whenever that is fewer than half of the
            leading rows that RangeTracker looks at, else an upper bound that is itself at least that half.
    """

    low: float
    high: float
    rarer: int

    @staticmethod
    def of_indicator(ones: float, n: int) -> ColumnRange:
        """Return the range of a 0/1 column from its sum."""
        count = round(float(ones))
        return ColumnRange(float(count == n), float(count > 0), min(count, n - count))


class RangeTracker:
    """Follows one column through a pass.

    The candidate is the most common value of the first r rows, and only rows equal to it are counted. Let n be all
    rows, m their most common value and d the number of rows that differ from m. When d < r/2, more than half of the
    first r rows equal m, so the candidate is m and n - count = d, exactly. Otherwise d >= r/2, and since no value is
    more common than m, n - count >= d >= r/2. So for any threshold t <= r/2, "n - count < t" holds exactly when
    "d < t", and then n - count = d. r is the first batch, at most 8 192 rows of it; the pass joins leading batches to
    1 024 rows, or to all rows when there are fewer: r = n then, and the count is always exact.
    """

    def __init__(self) -> None:
        """Start before the first batch."""
        self._low = np.inf
        self._high = -np.inf
        self._candidate: float | None = None
        self._count = 0

    def add(self, values: Floats, weights: Floats | None = None) -> None:
        """Take in the next rows, float64 (rows,), at least one.

        With `weights`, float64 (rows,), each stands for so many equal ones; then all rows must come at once, and the
        candidate is the most common value of all.
        """
        if self._candidate is None:
            self._candidate = _most_common(values[:_LEADING]) if weights is None else _heaviest(values, weights)
        self._low = min(self._low, float(values.min()))
        self._high = max(self._high, float(values.max()))
        same = values == self._candidate
        self._count += int(np.count_nonzero(same)) if weights is None else round(float(weights[same].sum()))

    def result(self, n: int) -> ColumnRange:
        """Return the range over all `n` rows."""
        return ColumnRange(self._low, self._high, n - self._count)


def _most_common(values: Floats) -> float:
    ordered = np.sort(values)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.append(starts, ordered.size))
    return float(ordered[starts[lengths.argmax()]])


def _heaviest(values: Floats, weights: Floats) -> float:
    found, place = np.unique(values, return_inverse=True)
    return float(found[np.bincount(place, weights).argmax()])
