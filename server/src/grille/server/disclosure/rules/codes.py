"""Rule: a category is shown only with a figure."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import Axis


@dataclass(frozen=True, slots=True)
class Pruned:
    """Axes without withheld categories, which cells are kept, and the positions of those."""

    axes: tuple[Axis, ...]
    kept: NDArray[np.bool_]
    positions: NDArray[np.int64]

    def changed(self, before: tuple[Axis, ...]) -> bool:
        """Whether any category was dropped."""
        return any(len(a.codes) != len(b.codes) for a, b in zip(self.axes, before, strict=True))


def has_gaps(pruned: Pruned, shown: NDArray[np.bool_]) -> bool:
    """Say whether any cell that the categories left span is withheld, or empty: `shown` is bool (cells,) before."""
    visible = pruned.positions[shown[pruned.kept]]
    inner = (visible >= 0).all(axis=1)
    return int(inner.sum()) < math.prod(len(axis.codes) for axis in pruned.axes)


def without_unshown_codes(axes: tuple[Axis, ...], positions: NDArray[np.int64], shown: NDArray[np.bool_]) -> Pruned:
    """Drop categories of which no cell shows a figure.

    Risk: a category that comes from the data (an income, a name) is itself the value of its few units.
    Rule: a category stays only where at least one of its cells is shown.
    Source: code lists and labels come from the documentation, never from the data.

    Args:
        axes: Dimensions.
        positions: int64 (cells, axes).
        shown: bool (cells,): whether the cell shows a figure above 0.
    """
    kept = np.ones(len(positions), dtype=np.bool_)
    moved = positions.copy()
    result = []
    for number, axis in enumerate(axes):
        place = positions[:, number]
        alive = np.zeros(len(axis.codes), dtype=np.bool_)
        alive[place[shown & (place >= 0)]] = True
        kept &= (place < 0) | alive[place]
        new_place = np.cumsum(alive) - 1
        moved[:, number] = np.where(place < 0, place, new_place[place])
        indices = np.flatnonzero(alive).tolist()
        result.append(
            dataclasses.replace(
                axis,
                codes=tuple(axis.codes[i] for i in indices),
                labels=tuple(axis.labels[i] for i in indices),
            )
        )
    return Pruned(tuple(result), kept, moved[kept])
