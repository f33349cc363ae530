"""Cells of a table and their margins, from groups that the engine counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.scope import Labels, Variable
from grille.server.disclosure.evidence import Axis
from grille.server.plan.aggregates import Groups
from grille.server.text import Text, same

MISSING_LABEL = same("SYSMISS")


@dataclass(frozen=True, slots=True)
class Cells:
    """Non-empty cells: their positions on the axes, int64 (cells, axes), and which group of the engine each one is."""

    axes: tuple[Axis, ...]
    positions: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Margin:
    """One way to add cells up.

    Attributes:
        kept: Axes that are kept.
        positions: int64 (margin cells, axes); -1 on the axes that are added over.
        members: int64 (cells,): the margin cell that each cell belongs to.
    """

    kept: tuple[int, ...]
    positions: NDArray[np.int64]
    members: NDArray[np.int64]


def cells_of(groups: Groups, variables: Sequence[Variable]) -> Cells:
    """Return the cells of an aggregation by `variables`; categories are those that occur, in ascending order."""
    axes = []
    positions = []
    for variable in variables:
        codes, where = _codes(groups.by[variable.name])
        axes.append(
            Axis(variable.name, variable.title, codes, tuple(label_of(code, variable.labels) for code in codes))
        )
        positions.append(where)
    shape = (len(next(iter(groups.measures.values()))), 0)
    return Cells(tuple(axes), np.stack(positions, axis=1) if positions else np.empty(shape, dtype=np.int64))


def _codes(values: NDArray[np.object_]) -> tuple[tuple[str | float | None, ...], NDArray[np.int64]]:
    present = {value for value in values if value is not None}
    codes: tuple[str | float | None, ...] = tuple(sorted(present))
    if any(value is None for value in values):
        codes = (*codes, None)
    place = {code: number for number, code in enumerate(codes)}
    return codes, np.fromiter((place[value] for value in values), dtype=np.int64, count=len(values))


def label_of(code: str | float | None, labels: Labels | None) -> Text:
    """Return what a person reads for a category: code and label, the code alone, or SYSMISS."""
    if code is None:
        return MISSING_LABEL
    label = labels.labels.get(code) if labels is not None else None
    plain = code_text(code)
    if label is None or label.en == plain:
        return same(plain)
    return Text(f"{plain} - {label.en}", f"{plain} - {label.no}")


def code_text(code: str | float | None) -> str:
    """Return a code as text: whole numbers without a decimal point, a missing value as SYSMISS."""
    if code is None:
        return MISSING_LABEL.en
    if isinstance(code, float) and code.is_integer() and abs(code) < 1e15:
        return str(int(code))
    return str(code)


def margins(cells: Cells) -> Iterator[Margin]:
    """Yield every way to add the cells up, the cells themselves first and the grand total last."""
    axes = len(cells.axes)
    for count in range(axes, -1, -1):
        for kept in itertools.combinations(range(axes), count):
            positions = np.full_like(cells.positions, -1)
            positions[:, kept] = cells.positions[:, kept]
            unique, members = np.unique(positions, axis=0, return_inverse=True)
            yield Margin(kept, unique, members.reshape(-1).astype(np.int64))


def add(values: NDArray[np.generic], margin: Margin) -> NDArray[np.generic]:
    """Add values of cells up to the cells of a margin; unsigned integers wrap, as cell keys must."""
    out = np.zeros((len(margin.positions), *values.shape[1:]), dtype=values.dtype)
    np.add.at(out, margin.members, values)
    return out


def combine_sketches(sketches: NDArray[np.uint64], margin: Margin) -> NDArray[np.uint64]:
    """Combine the sketches of disjoint cells by XOR."""
    out = np.zeros((len(margin.positions), sketches.shape[1]), dtype=np.uint64)
    np.bitwise_xor.at(out, margin.members, sketches)
    return out


def top_two(
    largest: NDArray[np.float64], second: NDArray[np.float64], margin: Margin
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest and second largest value of each margin cell from those of its cells."""
    first = np.full(len(margin.positions), 0.0)
    np.maximum.at(first, margin.members, largest)
    runner_up = np.full(len(margin.positions), 0.0)
    taken = np.zeros(len(margin.positions), dtype=bool)
    for cell, owner in enumerate(margin.members):
        if not taken[owner] and largest[cell] == first[owner]:
            taken[owner] = True
            runner_up[owner] = max(runner_up[owner], second[cell])
        else:
            runner_up[owner] = max(runner_up[owner], largest[cell])
    return first, runner_up
