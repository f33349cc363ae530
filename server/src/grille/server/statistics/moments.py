"""All that a linear model needs of the rows, gathered in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grille.server.errors import InternalError
from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics import refusals
from grille.server.statistics.cells import CellIndex, Indices, cell_index
from grille.server.statistics.design import Design, Floats, Pass, column_values, fill
from grille.server.statistics.group_sums import GroupSums
from grille.server.statistics.prefetch import prefetch, with_first_of
from grille.server.statistics.ranges import ColumnRange, RangeTracker
from grille.server.statistics.weight import Ends
from grille.server.text import Text

# Enough rows that a value which all but nine rows share is the most common of them.
_FIRST_ROWS = 1024
_FEWEST_ROWS = 8192
_MOST_VALUES = 2**24


@dataclass(frozen=True, slots=True)
class GroupMoments:
    """Sizes and sums of the lowest groups of a multilevel model.

    Attributes:
        variables: Group variables, highest first, one or two.
        sizes: Rows per cell, float64 (cells,); a cell is a lowest group inside its top group. None is empty.
        means: Cell means of [columns, outcome] minus the grand means, float64 (columns + 1, cells).
        top: Top group of each cell, intp (cells,), ascending from 0; with one group variable the cell itself.
        n_top: Number of top groups.
        crossed: Middle groups whose label occurs in several top groups; each pair counts as a group of its own.
        index: Numbers the cells of a later pass over the same rows; `position` translates its numbers to cells here.
        position: intp (numbers,).
    """

    variables: tuple[str, ...]
    sizes: Floats
    means: Floats
    top: Indices
    n_top: int
    crossed: int
    index: CellIndex | None
    position: Indices

    def cells_of(self, batch: Batch) -> Indices:
        """Return the cell of each row of a batch of the same data, shape (rows,)."""
        if self.index is None:
            return self.position[batch.factors[self.variables[0]]]
        return self.position[self.index.number(batch.factors[self.variables[0]], batch.factors[self.variables[1]])]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sufficient statistics of a linear model.

    Attributes:
        design: The design that the arrays follow; the outcome is the last of the columns + 1 entries.
        n: Rows.
        mean: Means, float64 (columns + 1,).
        cross: Cross-products about the means, float64 (columns + 1, columns + 1).
        ranges: Range and rarity of each column, and last of the outcome.
        groups: Sums per group when group variables were given.
        outcome_ends: The two lowest and two highest values of the outcome; None when it was not looked at.
    """

    design: Design
    n: int
    mean: Floats
    cross: Floats
    ranges: tuple[ColumnRange, ...]
    groups: GroupMoments | None
    outcome_ends: Floats | None = None

    @property
    def outcome_rarer_units(self) -> int:
        """Rows whose outcome differs from the most common one (ColumnRange.rarer says how exact)."""
        return self.ranges[-1].rarer


def collect_moments(passes: Pass, design: Design, levels: FactorLevels, groups: tuple[str, ...] = ()) -> Moments:
    """Read the rows once and return the sufficient statistics of a linear model.

    Columns are shifted by their means in the first batch, so that large means cost no digits, and re-centred exactly at
    the end; each batch's cross-products are one BLAS call.

    Args:
        passes: Starts a pass over complete cases with the numbers and factors of the design and the group variables.
        design: The design, p columns.
        levels: Levels of the factors.
        groups: Group variables of a multilevel model, highest first; at most two.

    Returns:
        The moments.

    Raises:
        NumericError: TOO_FEW_ROWS without any row; NOT_FINITE when sums overflow.
    """
    gathering = Gathering(design, levels, groups)
    with prefetch(passes()) as batches, np.errstate(over="ignore", invalid="ignore"):  # finish() looks at the sums
        for batch in with_first_of(batches, _FIRST_ROWS):
            gathering.add(batch)
        return gathering.finish()


class Gathering:
    """The accumulators of one pass."""

    def __init__(self, design: Design, levels: FactorLevels, groups: tuple[str, ...]) -> None:
        """Make room; see collect_moments."""
        if len(groups) > 2:
            text = "A multilevel model has at most two group variables."
            raise InternalError("GROUP_VARIABLES", Text(text, "En flernivåmodell har høyst to gruppevariabler."))
        q = len(design.columns) + 1
        self.design = design
        self.n = 0.0
        self.origin = np.zeros(q)
        self.total = np.zeros(q)
        self.cross = np.zeros((q, q))
        self.block = np.empty((q, 0))
        indicators = [column.is_indicator for column in design.columns] + [False]
        self.shifted = [row for row, indicator in enumerate(indicators) if not indicator]
        self.trackers = {row: RangeTracker() for row in self.shifted}
        self.ends = Ends()
        self.variables = groups
        sizes = [len(levels.levels[name]) for name in groups]
        self.index = cell_index(sizes[0], sizes[1]) if len(groups) == 2 else None
        cells = sizes[0] if len(groups) == 1 else 0
        self.sums = GroupSums(design, levels, cells) if groups else None

    def add(self, batch: Batch, weights: Floats | None = None) -> None:
        """Take in rows; with `weights`, float64 (rows,), each stands for so many equal ones, and all come at once."""
        if weights is not None:
            for row, tracker in self.trackers.items():
                columns = self.design.columns
                tracker.add(
                    column_values(columns[row], batch) if row < len(columns) else batch.numbers[self.design.outcome],
                    weights,
                )
        for part in _parts(batch.rows, len(self.total)):
            self._add(_part(batch, part), None if weights is None else weights[part])

    def _add(self, batch: Batch, weights: Floats | None) -> None:
        if self.block.shape[1] < batch.rows:
            self.block = np.empty((self.block.shape[0], batch.rows))
        block = fill(self.design, batch, self.block)
        if weights is None:
            self.ends.add(block[-1])
        for row in self.shifted:
            if weights is None:
                self.trackers[row].add(block[row])
            if self.n == 0:
                self.origin[row] = block[row].mean()
            block[row] -= self.origin[row]
        weighted = block if weights is None else block * weights
        self.n += batch.rows if weights is None else float(weights.sum())
        self.total += weighted.sum(axis=1)
        self.cross += weighted @ block.T
        if self.sums is not None:
            self.sums.add(self._cells(batch), batch, block, weights)

    def _cells(self, batch: Batch) -> Indices:
        if self.index is None:
            return batch.factors[self.variables[0]].astype(np.intp)
        return self.index.number(batch.factors[self.variables[0]], batch.factors[self.variables[1]])

    def finish(self) -> Moments:
        """Return the moments of all rows; see collect_moments for errors."""
        if self.n == 0:
            raise refusals.too_few_rows()
        shift = self.total / self.n
        mean = self.origin + shift
        cross = self.cross - self.n * np.outer(shift, shift)
        if not (np.isfinite(mean).all() and np.isfinite(cross).all()):
            raise refusals.not_finite()
        ranges = tuple(
            self.trackers[row].result(round(self.n))
            if row in self.trackers
            else ColumnRange.of_indicator(total, round(self.n))
            for row, total in enumerate(self.total)
        )
        groups = self._groups(shift) if self.sums is not None else None
        return Moments(
            self.design, round(self.n), mean, cross, ranges, groups, self.ends.values if self.ends.values.size else None
        )

    def _groups(self, shift: Floats) -> GroupMoments:
        assert self.sums is not None
        sizes, sums = self.sums.totals()
        used = np.flatnonzero(sizes)
        tops = used if self.index is None else self.index.tops()[used]
        order = np.argsort(tops, kind="stable")
        used, tops = used[order], tops[order]
        position = np.full(sizes.size, -1, dtype=np.intp)
        position[used] = np.arange(used.size)
        first, top = np.unique(tops, return_inverse=True)
        means: Floats = sums[:, used] / sizes[used] - shift[:, None]
        crossed = 0
        if self.index is not None:
            crossed = int(np.count_nonzero(np.bincount(self.index.middles()[used]) > 1))
        return GroupMoments(self.variables, sizes[used], means, top, first.size, crossed, self.index, position)


def _parts(rows: int, columns: int) -> Iterator[slice]:
    """Yield the rows in parts whose design fits into 128 MiB, however many columns it has."""
    step = max(_FEWEST_ROWS, _MOST_VALUES // columns)
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def _part(batch: Batch, part: slice) -> Batch:
    if part.stop - part.start == batch.rows:
        return batch
    numbers = {name: values[part] for name, values in batch.numbers.items()}
    return Batch(numbers, {name: codes[part] for name, codes in batch.factors.items()}, part.stop - part.start)
