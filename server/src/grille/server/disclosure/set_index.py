"""The released sets of one project, bank and unit type in memory, searchable for sets that nearly equal a new one."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.difference import difference_sizes
from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.sketch import WORDS

Identity = tuple[int, int, tuple[int, ...]]
"""Size, cell key and sketch: equal for equal sets."""

# three sets at once are compared only so far as this many comparisons allow
_PAIR_BUDGET = 20_000


def identity(units: UnitCount, sketch: tuple[int, ...]) -> Identity:
    """Return what two sets share when, and (except with negligible probability) only when, they are equal."""
    return units.n, units.key, tuple(sketch)


class SetIndex:
    """Sets by size, with the latest ones apart. Not safe for threads: the ledger holds its lock.

    Sizes are kept sorted in a list beside row numbers; sizes, and sketches by row, are in arrays that grow by doubling.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._known: set[Identity] = set()
        self._order: list[tuple[int, int]] = []
        self._sizes = np.empty(64, dtype=np.int64)
        self._sketches = np.empty((64, WORDS), dtype=np.uint64)
        self._count = 0

    def __len__(self) -> int:
        """Number of sets."""
        return self._count

    def __contains__(self, candidate: Identity) -> bool:
        """Whether an equal set is here."""
        return candidate in self._known

    def add(self, new: Identity) -> None:
        """Add a set that is not here."""
        if self._count == len(self._sizes):
            self._sizes = np.concatenate([self._sizes, np.empty_like(self._sizes)])
            self._sketches = np.concatenate([self._sketches, np.empty_like(self._sketches)])
        size, _, sketch = new
        self._sizes[self._count] = size
        self._sketches[self._count] = sketch
        bisect.insort(self._order, (size, self._count))
        self._count += 1
        self._known.add(new)

    def candidates(self, size: int, below: int) -> list[int]:
        """Return the rows of the sets that can differ from one of `size` by fewer than `below` units.

        Sets that differ by fewer than `below` units differ in size by fewer.
        """
        start = bisect.bisect_left(self._order, (size - below + 1, -1))
        stop = bisect.bisect_left(self._order, (size + below, -1))
        return [row for _, row in self._order[start:stop]]

    def sketches(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return the sketches of rows, uint64 (rows, 6)."""
        return self._sketches[rows]

    def pairs(self, window: int, new_sets: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Return bounds on the size, and sketches, of the differences of all pairs of the latest sets.

        Args:
            window: Latest sets to take.
            new_sets: How many sets are to be compared; fewer pairs are taken for many.

        Returns:
            int64 (pairs, 2): least and largest possible size; uint64 (pairs, 6).
        """
        while window > 2 and window * (window - 1) // 2 * new_sets > _PAIR_BUDGET:
            window -= 1
        first = max(self._count - window, 0)
        sizes, sketches = self._sizes[first : self._count], self._sketches[first : self._count]
        one, two = np.triu_indices(len(sizes), 1)
        bounds = np.stack([np.abs(sizes[one] - sizes[two]), sizes[one] + sizes[two]], axis=1)
        return bounds, sketches[one] ^ sketches[two]

    def halves_of(self, new: Identity, window: int) -> NDArray[np.int64]:
        """Return the sizes, (pairs, 2), of pairs of latest sets whose symmetric difference is exactly the new set."""
        first = max(self._count - window, 0)
        sizes, sketches = self._sizes[first : self._count], self._sketches[first : self._count]
        others = sketches ^ np.array(new[2], dtype=np.uint64)
        ascending = np.argsort(sketches[:, 0])
        place = np.searchsorted(sketches[:, 0], others[:, 0], sorter=ascending)
        match = ascending[np.minimum(place, len(ascending) - 1)] if len(ascending) else ascending
        found = np.flatnonzero((sketches[match] == others).all(axis=1))
        return np.stack([sizes[found], sizes[match[found]]], axis=1)


def close_to_released(new: Sequence[Identity], index: SetIndex, below: int, window: int) -> NDArray[np.bool_]:
    """Say which new sets differ by 1 to `below` - 1 units from a released set, or from the difference of two.

    Risk: the statistics of two sets that differ in few units give those of the few; of three sets, one may be the
    other two put together but for a few units (the general tracker), or the other two may overlap in few, which then
    count twice in their sum.
    Source: Denning and Schlörer (1980), A fast procedure for finding a tracker in a statistical database.

    Args:
        new: Sets that are not in `index`.
        index: Released sets.
        below: Smallest allowed difference.
        window: Latest released sets whose pairs are compared; those that make up a new set exactly are looked for
            among the square of that number.

    Returns:
        bool (new,).
    """
    own = np.array([sketch for _, _, sketch in new], dtype=np.uint64).reshape(-1, WORDS)
    owner, rows = [], []
    for number, (size, _, _) in enumerate(new):
        found = index.candidates(size, below)
        owner += [number] * len(found)
        rows += found
    owners = [np.array(owner, dtype=np.int64)]
    differences = [own[owners[0]] ^ index.sketches(np.array(rows, dtype=np.int64))]
    bounds, pair_sketches = index.pairs(window, len(new))
    for number, (size, _, _) in enumerate(new):
        possible = (bounds[:, 0] < size + below) & (bounds[:, 1] > size - below)
        differences.append(pair_sketches[possible] ^ own[number])
        owners.append(np.full(int(possible.sum()), number))
    result = np.zeros(len(new), dtype=np.bool_)
    result[np.concatenate(owners)[_close(np.concatenate(differences), below)]] = True
    for number, one in enumerate(new):
        if not result[number]:
            result[number] = _overlaps(one[0], index.halves_of(one, window**2), below)
    return result


def _overlaps(size: int, halves: NDArray[np.int64], below: int) -> bool:
    """Say whether any two of three sets overlap in 1 to `below` - 1 units, each being the difference of the others."""
    one, two = halves[:, 0], halves[:, 1]
    overlaps = np.concatenate([one + two - size, one + size - two, two + size - one]) // 2
    return bool(((overlaps > 0) & (overlaps < below)).any())


def close_to_each_other(new: Sequence[Identity], below: int) -> list[list[int]]:
    """Return, per new set, the numbers of those before it that differ from it by 1 to `below` - 1 units."""
    own = np.array([sketch for _, _, sketch in new], dtype=np.uint64).reshape(-1, WORDS)
    sizes = np.array([size for size, _, _ in new], dtype=np.int64)
    near: list[list[int]] = [[] for _ in new]
    for number in range(1, len(new)):
        before = np.flatnonzero(np.abs(sizes[:number] - sizes[number]) < below)
        near[number] = before.tolist()
    later = np.repeat(np.arange(len(new)), [len(found) for found in near])
    earlier = np.array([row for found in near for row in found], dtype=np.int64)
    close = _close(own[later] ^ own[earlier], below)
    result: list[list[int]] = [[] for _ in new]
    for one, two in zip(later[close].tolist(), earlier[close].tolist(), strict=True):
        result[one].append(two)
    return result


def _close(differences: NDArray[np.uint64], below: int) -> NDArray[np.bool_]:
    sizes = difference_sizes(differences, below=below)
    return (sizes > 0) & (sizes < below)
