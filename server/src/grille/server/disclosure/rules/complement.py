"""Rule: a withheld cell cannot be had by subtracting the shown cells from their margin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy


def complement_cells_shown(
    positions: NDArray[np.int64],
    n: NDArray[np.int64],
    shown: NDArray[np.bool_],
    dominated: NDArray[np.bool_],
    policy: Policy,
) -> NDArray[np.bool_]:
    """Withhold further cells until what is missing from each line of a table is nothing or many units.

    Risk: margin minus shown cells is the sum over the withheld ones; for few units that gives their values.
    Rule: in every line, the units of the margin less those of the shown cells are 0 or >= difference_min, and a
    dominated cell is not the only one withheld; else the smallest shown cell of the line is withheld too. Cells of a
    table without margins count as a line under their sum, since that may be asked for on its own.
    Numbers: standard 10.
    Source: Handbook on SDC 5.3 (secondary suppression).

    Args:
        positions: int64 (cells, axes), -1 for the margin over an axis.
        n: int64 (cells,): units.
        shown: bool (cells,): cells that the other rules show.
        dominated: bool (cells,): cells withheld because a unit dominates them.
        policy: Numbers.

    Returns:
        bool (cells,), true only where `shown` is.
    """
    shown = shown.copy()
    lines = _lines(positions)
    changed = True
    while changed:
        changed = False
        for margin, inner in lines:
            if margin is not None and not shown[margin]:
                continue
            visible, hidden = inner[shown[inner]], inner[~shown[inner]]
            missing = int((n[inner].sum() if margin is None else n[margin]) - n[visible].sum())
            alone = hidden.size == 1 and bool(dominated[hidden[0]])
            if visible.size and (0 < missing < policy.difference_min or alone):
                shown[visible[np.argmin(n[visible])]] = False
                changed = True
    return shown


def _lines(positions: NDArray[np.int64]) -> list[tuple[int | None, NDArray[np.int64]]]:
    """Return (index of the margin, indices of its cells) for every line along every axis."""
    lines: list[tuple[int | None, NDArray[np.int64]]] = []
    if positions.shape[1] and (positions >= 0).all():
        return [(None, np.arange(len(positions)))]
    for axis in range(positions.shape[1]):
        margins: dict[tuple[int, ...], int] = {}
        members: dict[tuple[int, ...], list[int]] = {}
        for cell, place in enumerate(positions.tolist()):
            rest = (*place[:axis], *place[axis + 1 :])
            if place[axis] < 0:
                margins[rest] = cell
            else:
                members.setdefault(rest, []).append(cell)
        lines += [(margins[rest], np.array(cells)) for rest, cells in members.items() if rest in margins]
    return lines
