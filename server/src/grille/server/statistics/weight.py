"""How much single rows, or small clusters of rows, make up of a figure that is a sum of squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics.design import Floats


@dataclass(frozen=True, slots=True)
class Weight:
    """Parts of a sum.

    Attributes:
        total: The sum, plus what chance alone would be expected to give where that matters.
        largest: Largest part of a row or small cluster.
        second: Largest of the other parts.
    """

    total: float
    largest: float
    second: float


class Ends:
    """The two lowest and the two highest values of a pass; fewer of fewer rows.

    The rows farthest from the mean are among them, wherever the mean turns out to be.
    """

    def __init__(self) -> None:
        """Start without a row."""
        self.values: Floats = np.zeros(0)

    def add(self, values: Floats) -> None:
        """Take in the next rows, float64 (rows,)."""
        if self.values.size == 4:
            values = values[(values < self.values[1]) | (values > self.values[2])]
        every = np.concatenate([self.values, values])
        last = every.size - 1
        self.values = np.sort(every) if last < 4 else np.partition(every, [0, 1, last - 1, last])[[0, 1, -2, -1]]


def deviations(ends: Floats, mean: float, squares: float) -> Weight:
    """Return the weight of rows in the sum of their squared deviations from their mean.

    Args:
        ends: As of Ends.
        mean: Mean of all rows.
        squares: Sum of the squared deviations.
    """
    away = np.sort(np.abs(ends - mean))
    largest, second = (float(away[-place]) if away.size >= place else 0.0 for place in (1, 2))
    return Weight(max(squares, 0.0), largest * largest, second * second)


class Deviations:
    """Squared deviations of rows from their mean: their sum and the two largest, in one pass."""

    def __init__(self) -> None:
        """Start without a row."""
        self._n = 0
        self._origin = self._sum = self._squares = 0.0
        self._ends = Ends()

    def add(self, values: Floats) -> None:
        """Take in the next rows, float64 (rows,), at least one."""
        if self._n == 0:
            self._origin = float(values.mean())
        away = values - self._origin
        self._n += values.size
        self._sum += float(away.sum())
        self._squares += float(np.square(away, out=away).sum())
        self._ends.add(values)

    def result(self) -> Weight:
        """Return the weights; zeros without any row."""
        if self._n == 0:
            return Weight(0.0, 0.0, 0.0)
        shift = self._sum / self._n
        return deviations(self._ends.values, self._origin + shift, self._squares - self._n * shift * shift)


class RowWeights:
    """The parts of rows in the variance of each coefficient: the squares of what rows add to the coefficients."""

    def __init__(self, turn: Floats) -> None:
        """Prepare for scores that the matrix `turn`, (p, p), takes to coefficients."""
        self._turn = turn
        self._total = np.zeros(turn.shape[0])
        self._top = np.zeros((turn.shape[0], 2))

    def add(self, scores: Floats) -> None:
        """Take in the scores e x of some rows, (p, rows)."""
        parts = (self._turn @ scores) ** 2
        self._total += parts.sum(axis=1)
        every = np.arange(parts.shape[0])
        for _ in range(2):  # twice the largest: several times faster than a partition
            place = parts.argmax(axis=1)
            self._top = np.sort(np.column_stack([self._top, parts[every, place]]), axis=1)[:, 1:]
            parts[every, place] = 0.0

    def result(self) -> tuple[Weight, ...]:
        """Return the weights per coefficient."""
        return tuple(
            Weight(float(total), float(largest), float(second))
            for total, (second, largest) in zip(self._total, self._top, strict=True)
        )


def cluster_weights(turn: Floats, scores: Floats, sizes: Floats, fewer: int) -> tuple[Weight, ...]:
    """Return, per coefficient, the part of the small cluster with the largest one, and the largest other part.

    With two clusters their scores are equal but for the sign: however large the other one is, the variance is that of
    the small one's score.

    Args:
        turn: Takes scores to coefficients, (p, p).
        scores: Sum of the scores of each cluster, (p, clusters).
        sizes: Rows per cluster, (clusters,).
        fewer: Rows of a cluster that is not small.
    """
    small = np.flatnonzero((sizes > 0) & (sizes < fewer))
    parts = (turn @ scores) ** 2
    weights = []
    for row in parts:
        if not small.size:
            weights.append(Weight(float(row.sum()), 0.0, 0.0))
            continue
        first = small[row[small].argmax()]
        others = np.delete(row, first)
        weights.append(Weight(float(row.sum()), float(row[first]), float(others.max(initial=0.0))))
    return tuple(weights)
