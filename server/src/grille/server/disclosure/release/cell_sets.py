"""The sets of units behind the cells of a table, brought before the ledger."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import AnalysisSet, MagnitudeEvidence, MagnitudeVariable, UnitCount
from grille.server.disclosure.release.admission import Admission, partition_of

Mask = NDArray[np.bool_]


def admitted_cells(evidence: MagnitudeEvidence, shown: list[Mask], admission: Admission) -> list[Mask]:
    """Record the sets of the shown cells of all variables; return which cells may stay shown.

    Larger margins go first, so that a conflict costs the finer cell. The cells that have no margin over them are also
    taken together: their union is known to who adds them up, and a later total must not differ from it by few units.

    Args:
        evidence: Cells.
        shown: Per variable bool (cells,).
        admission: The ledger.
    """
    masks = [mask.copy() for mask in shown]
    unions = [
        _union_for(evidence, variable, mask, admission)
        for variable, mask in zip(evidence.variables, masks, strict=True)
    ]
    places = [(number, cell) for number, mask in enumerate(masks) for cell in _by_margin(evidence.positions, mask)]
    sets = [_cell_set(evidence, evidence.variables[number], np.array([cell])) for number, cell in places]
    known = [union for union in unions if union is not None]
    inner = (evidence.positions >= 0).all(axis=1)
    keys = np.concatenate([variable.keys[inner] for variable in evidence.variables])
    partition = partition_of(evidence.analysis_set, keys) if inner.sum() > 1 else None
    accepted = admission.apart((*known, *sets), partition)
    for (number, cell), good in zip(places, accepted[len(known) :], strict=True):
        masks[number][cell] = good
    return masks


def _by_margin(positions: NDArray[np.int64], mask: Mask) -> list[int]:
    margins = (positions < 0).sum(axis=1)
    return sorted(np.flatnonzero(mask).tolist(), key=lambda cell: -int(margins[cell]))


def _cell_set(evidence: MagnitudeEvidence, variable: MagnitudeVariable, cells: NDArray[np.int64]) -> AnalysisSet:
    """Return the union of disjoint cells as a set."""
    base = evidence.analysis_set
    key = int(np.add.reduce(variable.keys[cells], dtype=np.uint64))
    sketch = np.bitwise_xor.reduce(variable.sketches[cells], axis=0)
    return AnalysisSet(
        base.bank,
        base.unit_type,
        UnitCount(int(variable.n[cells].sum()), key),
        tuple(int(word) for word in sketch),
        f"{base.label} cell" if len(cells) == 1 else f"{base.label} cells together",
    )


def _union_for(
    evidence: MagnitudeEvidence, variable: MagnitudeVariable, mask: Mask, admission: Admission
) -> AnalysisSet | None:
    """Return the union of the shown inner cells, less the smallest ones while it is too close to an earlier set."""
    inner = (evidence.positions >= 0).all(axis=1)
    while (mask & inner).sum() > 1:
        cells = np.flatnonzero(mask & inner)
        union = _cell_set(evidence, variable, cells)
        if admission.acceptable((union,))[0]:
            return union
        mask[cells[np.argmin(variable.n[cells])]] = False
    return None
