"""How few units or groups tell a design column apart: what disclosure control asks of a design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics.design import CONSTANT_NAME, Floats
from grille.server.statistics.moments import GroupMoments, Moments
from grille.server.statistics.scaling import Scaling

_ROUNDING = 1e-11


@dataclass(frozen=True, slots=True)
class ColumnRarity:
    """Rarity of one kept design column.

    Attributes:
        term: Its name.
        rarer_units: Rows that differ from the most common value (ranges.ColumnRange says how exact); 0 for the
            constant.
        rarer_groups: For a column that is constant within the groups of a level: groups (of the highest such level)
            whose value differs from the most common one, and the rows of the smallest group among them; else None.
        constant: Whether it is the constant term.
    """

    term: str
    rarer_units: int
    rarer_groups: tuple[int, int] | None = None
    constant: bool = False


def column_rarity(moments: Moments, scaling: Scaling) -> tuple[ColumnRarity, ...]:
    """Return the rarity of each kept column, in order, the constant last."""
    columns = [
        ColumnRarity(
            moments.design.columns[j].name,
            moments.ranges[j].rarer,
            None if moments.groups is None else _rarer_groups(moments, moments.groups, int(j)),
        )
        for j in scaling.kept
    ]
    if scaling.constant:
        columns.append(ColumnRarity(CONSTANT_NAME, 0, constant=True))
    return tuple(columns)


def two_valued_columns(moments: Moments) -> frozenset[str]:
    """Return the names of the columns that take two values only.

    A column within [low, high] has the largest variance for its mean, (mean - low) (high - mean), exactly when every
    value is an end. One value of n at a distance d from both ends lowers it by about d (high - low - d) / n, so values
    closer than n 1e-11 of the range to an end are taken for it.
    """
    names = set()
    for number, column in enumerate(moments.design.columns):
        ends = moments.ranges[number]
        if ends.low < ends.high:
            mean = float(moments.mean[number])
            largest = moments.n * (mean - ends.low) * (ends.high - mean)
            if largest - float(moments.cross[number, number]) <= 1e-11 * moments.n * (ends.high - ends.low) ** 2:
                names.add(column.name)
    return frozenset(names)


def _rarer_groups(moments: Moments, groups: GroupMoments, column: int) -> tuple[int, int] | None:
    sizes, means = groups.sizes, groups.means[column]
    total = float(moments.cross[column, column])
    within_cells = total - float(sizes @ means**2)
    if within_cells > _ROUNDING * total:
        return None
    if len(groups.variables) == 2:
        top_sizes: Floats = np.bincount(groups.top, weights=sizes).astype(np.float64)
        top_means: Floats = np.bincount(groups.top, weights=sizes * means) / top_sizes
        if total - float(top_sizes @ top_means**2) <= _ROUNDING * total:
            sizes, means = top_sizes, top_means
    return _rarer(sizes, means, np.sqrt(total / moments.n))


def _rarer(sizes: Floats, values: Floats, spread: float) -> tuple[int, int]:
    """Group equal values (to rounding) and return how many groups are off the commonest, and the smallest's rows."""
    order = np.argsort(values)
    steps = np.diff(values[order]) > 1e-7 * spread
    label = np.empty(values.size, dtype=np.intp)
    label[order] = np.concatenate([[0], np.cumsum(steps)])
    rare = label != np.bincount(label).argmax()
    return int(np.count_nonzero(rare)), int(sizes[rare].min()) if rare.any() else 0
