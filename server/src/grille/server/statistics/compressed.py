"""Rows whose regressors and groups are equal, added up: a model of categories needs them once.

Let n_c rows have the combination c of values of all regressors and groups. Any cross-product of a design column x with
the outcome y is the sum of n_c x_c mean(y)_c, and that of the outcome with itself the sum of n_c mean(y)_c^2 plus the
sum of squares within combinations. Millions of rows become thousands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics import refusals
from grille.server.statistics.design import Design, Floats, Pass
from grille.server.statistics.moments import Gathering, Moments
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.ranges import ColumnRange, RangeTracker
from grille.server.statistics.weight import Ends

MOST_COMBINATIONS = 4_000_000
_ROWS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Compressed:
    """The combinations that occur.

    Attributes:
        batch: One row per combination; the outcome is the mean of its rows.
        levels: Levels of the factors that occur, ascending.
        weights: Rows of each combination, float64 (combinations,).
        within: Sum of squares of the outcome about the means of the combinations.
        outcome: Name of the outcome.
        outcome_range: Range of the outcome over all rows.
        outcome_ends: Its two lowest and two highest values.
    """

    batch: Batch
    levels: FactorLevels
    weights: Floats
    within: float
    outcome: str
    outcome_range: ColumnRange
    outcome_ends: Floats


def combinations(levels: FactorLevels) -> int:
    """Return how many combinations of levels there could be."""
    return math.prod(max(len(one), 1) for one in levels.levels.values())


def compress(passes: Pass, outcome: str, levels: FactorLevels, numbers: tuple[str, ...]) -> Compressed | None:
    """Read the rows once and add up those that are equal in everything but the outcome.

    Args:
        passes: Starts a pass over complete cases that has the outcome as a number and all else as factors.
        outcome: Its name.
        levels: Levels of these factors; some may not occur.
        numbers: Those of them that are numbers to the model, with float levels.

    Returns:
        The combinations, or None without any row.
    """
    sums = _Sums(levels)
    tracker, ends = RangeTracker(), Ends()
    with prefetch(passes()) as batches, np.errstate(over="ignore", invalid="ignore"):  # the moments look at the sums
        for batch in batches:
            values = batch.numbers[outcome]
            tracker.add(values)
            ends.add(values)
            sums.add(batch, values)
        found = sums.finish()
    if found is None:
        return None
    codes, count, mean, within = found
    kept: dict[str, tuple[str | float, ...]] = {}
    places: dict[str, NDArray[np.int32]] = {}
    for name, own in codes.items():
        occur = np.bincount(own, minlength=len(levels.levels[name])) > 0
        kept[name] = tuple(level for level, here in zip(levels.levels[name], occur, strict=True) if here)
        places[name] = (np.cumsum(occur) - 1).astype(np.int32)[own]
    given = {name: np.array(kept[name], dtype=np.float64)[places[name]] for name in numbers}
    batch = Batch({**given, outcome: mean}, places, len(count))
    rows = round(float(count.sum()))
    return Compressed(batch, FactorLevels(kept), count, within, outcome, tracker.result(rows), ends.values)


def compressed_moments(found: Compressed, design: Design, groups: tuple[str, ...] = ()) -> Moments:
    """Return the moments that collect_moments gives for the rows themselves; raises the same errors."""
    gathering = Gathering(design, found.levels, groups)
    with np.errstate(over="ignore", invalid="ignore"):
        gathering.add(found.batch, found.weights)
        moments = gathering.finish()
    moments.cross[-1, -1] += found.within
    if not np.isfinite(moments.cross[-1, -1]):
        raise refusals.not_finite()
    ranges = (*moments.ranges[:-1], found.outcome_range)
    return replace(moments, ranges=ranges, outcome_ends=found.outcome_ends)


class _Sums:
    """Counts, sums and sums of squares of the outcome by combination."""

    def __init__(self, levels: FactorLevels) -> None:
        self.names = tuple(levels.levels)
        self.sizes = tuple(max(len(levels.levels[name]), 1) for name in self.names)
        total = math.prod(self.sizes)
        self.count, self.sum, self.squares = np.zeros(total), np.zeros(total), np.zeros(total)
        self.origin: float | None = None
        self.waiting: list[tuple[NDArray[np.int32], Floats]] = []
        self.rows = 0

    def add(self, batch: Batch, values: Floats) -> None:
        if self.origin is None:
            self.origin = float(values.mean())
        number = np.zeros(batch.rows, dtype=np.int32)
        for name, size in zip(self.names, self.sizes, strict=True):
            number *= np.int32(size)
            number += batch.factors[name]
        self.waiting.append((number, values - self.origin))
        self.rows += batch.rows
        if self.rows >= _ROWS_AT_ONCE:
            self._flush()

    def finish(self) -> tuple[dict[str, NDArray[np.intp]], Floats, Floats, float] | None:
        """Return codes by factor, counts and means of the combinations that occur, and the squares within them."""
        if self.origin is None:
            return None
        self._flush()
        used = np.flatnonzero(self.count)
        count, total = self.count[used], self.sum[used]
        within = np.maximum(self.squares[used] - total**2 / count, 0.0)
        within[count == 1] = 0.0
        codes = dict(zip(self.names, np.unravel_index(used, self.sizes), strict=True))
        return codes, count, self.origin + total / count, float(within.sum())

    def _flush(self) -> None:
        if self.waiting:
            number = np.concatenate([one for one, _ in self.waiting])
            values = np.concatenate([one for _, one in self.waiting])
            for out, weights in ((self.count, None), (self.sum, values), (self.squares, values**2)):
                out += np.bincount(number, weights, minlength=len(out))
        self.waiting, self.rows = [], 0
