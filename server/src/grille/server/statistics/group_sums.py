"""Row counts and column sums per group, added up batch by batch."""

from __future__ import annotations

import numpy as np

from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics.cells import Indices
from grille.server.statistics.design import Design, Floats


class GroupSums:
    """Sizes and column sums per cell.

    Columns that are indicators of one factor need no weighted sum each: one count by (cell, level) gives them all.
    """

    def __init__(self, design: Design, levels: FactorLevels, cells: int) -> None:
        """Make room for `cells` cells; more are added when met."""
        rows_of: dict[str, list[tuple[int, int]]] = {}
        self._weighted: list[int] = [len(design.columns)]
        for row, column in enumerate(design.columns):
            level = column.parts[0].level
            if len(column.parts) == 1 and level is not None:
                rows_of.setdefault(column.parts[0].variable, []).append((row, level))
            else:
                self._weighted.append(row)
        self._factors = [
            (name, len(levels.levels[name]), [r for r, _ in pairs], [c for _, c in pairs])
            for name, pairs in rows_of.items()
        ]
        self._sizes = np.zeros(cells)
        self._sums = np.zeros((len(design.columns) + 1, cells))

    def add(self, cells: Indices, batch: Batch, block: Floats, weights: Floats | None = None) -> None:
        """Add rows.

        Args:
            cells: Cell of each row, (rows,).
            batch: The rows.
            block: Their columns and outcome, float64 (columns + 1, rows), indicators unshifted.
            weights: How many equal rows each stands for, float64 (rows,); None for one.
        """
        self._grow(int(cells.max()) + 1)
        size = self._sizes.size
        self._sizes += np.bincount(cells, weights, minlength=size)
        for row in self._weighted:
            self._sums[row] += np.bincount(cells, _weighted(block[row], weights), minlength=size)
        for name, n_levels, rows, codes in self._factors:
            if size * n_levels <= 4 * batch.rows:
                counts = np.bincount(cells * n_levels + batch.factors[name], weights, minlength=size * n_levels)
                self._sums[rows] += counts.reshape(size, n_levels)[:, codes].T
            else:  # the table of counts would be larger than the batch
                for row in rows:
                    self._sums[row] += np.bincount(cells, _weighted(block[row], weights), minlength=size)

    def totals(self) -> tuple[Floats, Floats]:
        """Return sizes (cells,) and sums (columns + 1, cells)."""
        return self._sizes, self._sums

    def _grow(self, cells: int) -> None:
        extra = cells - self._sizes.size
        if extra > 0:
            extra = max(extra, self._sizes.size)  # doubling keeps the copying linear
            self._sizes = np.concatenate([self._sizes, np.zeros(extra)])
            self._sums = np.concatenate([self._sums, np.zeros((self._sums.shape[0], extra))], axis=1)


def _weighted(values: Floats, weights: Floats | None) -> Floats:
    return values if weights is None else values * weights
