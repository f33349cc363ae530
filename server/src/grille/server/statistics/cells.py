"""Numbering the lowest groups of a nested model as they are met: a cell is a pair (top group, middle group)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]

_LOOKUP_LIMIT = 1 << 24


class CellIndex(Protocol):
    """Gives each observed pair of codes a number 0, 1, ... in order of first appearance or of the middle code."""

    def number(self, top: NDArray[np.int32], middle: NDArray[np.int32]) -> Indices:
        """Return the cell of each row, shape (rows,)."""

    def tops(self) -> Indices:
        """Return the top code of each cell so far, shape (cells,); -1 for a number that no pair has."""

    def middles(self) -> Indices:
        """Return the middle code of each cell so far, shape (cells,)."""


def cell_index(n_top: int, n_middle: int) -> CellIndex:
    """Return an index for pairs of codes below `n_top` and `n_middle`, by table when small, else by home group."""
    if n_top * n_middle <= _LOOKUP_LIMIT:
        return _TableIndex(n_top, n_middle)
    return _HomeIndex(n_top, n_middle)


class _TableIndex:
    """One table entry per possible pair."""

    def __init__(self, n_top: int, n_middle: int) -> None:
        self._n_middle = n_middle
        self._cell = np.full(n_top * n_middle, -1, dtype=np.intp)
        self._pairs: list[Indices] = []
        self._count = 0

    def number(self, top: NDArray[np.int32], middle: NDArray[np.int32]) -> Indices:
        pair = top.astype(np.intp)
        pair *= self._n_middle
        pair += middle
        cells: Indices = self._cell[pair]
        if cells.size and cells.min() < 0:
            new = np.unique(pair[cells < 0])
            self._cell[new] = np.arange(self._count, self._count + new.size)
            self._pairs.append(new)
            self._count += new.size
            cells = self._cell[pair]
        return cells

    def tops(self) -> Indices:
        return self._all() // self._n_middle

    def middles(self) -> Indices:
        return self._all() % self._n_middle

    def _all(self) -> Indices:
        return np.concatenate([np.empty(0, dtype=np.intp), *self._pairs])


class _HomeIndex:
    """For many middle groups, nearly all inside one top group: that one is home; other pairs are kept sorted."""

    def __init__(self, n_top: int, n_middle: int) -> None:
        self._n_top = n_top
        self._n_middle = n_middle
        self._home = np.full(n_middle, -1, dtype=np.int32)
        self._stray_pairs = np.empty(0, dtype=np.int64)
        self._stray_cells = np.empty(0, dtype=np.intp)

    def number(self, top: NDArray[np.int32], middle: NDArray[np.int32]) -> Indices:
        cells = middle.astype(np.intp)
        home = self._home[cells]
        unseen = home < 0
        if unseen.any():
            # Reversed, so that the first appearance is written last and wins.
            self._home[cells[unseen][::-1]] = top[unseen][::-1]
            home = self._home[cells]
        stray = np.flatnonzero(home != top)
        if stray.size:
            pairs = top[stray].astype(np.int64) * self._n_middle + middle[stray]
            cells[stray] = self._strays(pairs)
        return cells

    def _strays(self, pairs: NDArray[np.int64]) -> Indices:
        new = np.setdiff1d(pairs, self._stray_pairs)
        if new.size:
            first = self._n_middle + self._stray_pairs.size
            merged = np.concatenate([self._stray_pairs, new])
            order = np.argsort(merged)
            self._stray_cells = np.concatenate([self._stray_cells, np.arange(first, first + new.size)])[order]
            self._stray_pairs = merged[order]
        return self._stray_cells[np.searchsorted(self._stray_pairs, pairs)]

    def tops(self) -> Indices:
        return np.concatenate([self._home.astype(np.intp), self._in_order() // self._n_middle])

    def middles(self) -> Indices:
        return np.concatenate([np.arange(self._n_middle), self._in_order() % self._n_middle])

    def _in_order(self) -> Indices:
        return self._stray_pairs[np.argsort(self._stray_cells)].astype(np.intp)
