"""The Gini coefficient per cell: the one statistic of describe that needs the values in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.scope import Variable
from grille.server.disclosure.evidence import Axis
from grille.server.engines.base import Engine, Frame
from grille.server.plan.aggregates import BatchRequest
from grille.server.plan.expressions import ColumnRef, Expression


def gini_of_cells(
    engine: Engine,
    frame: Frame,
    value: Expression,
    by: Sequence[Variable],
    where: Expression | None,
    axes: tuple[Axis, ...],
    positions: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the Gini coefficient of `value` in each cell, float64 (cells,); NaN where it is not defined.

    Args:
        engine: Engine.
        frame: Data set.
        value: Winsorised variable.
        by: Variables of the axes; rows with a missing one are in no cell.
        where: Condition.
        axes: Axes of the cells.
        positions: int64 (cells, axes), -1 for a margin.
    """
    factors = tuple((one.name, ColumnRef(one.name, one.type)) for one in by)
    levels, passes = engine.batches(frame, BatchRequest((("value", value),), factors, where))
    batches = list(passes())
    values = np.concatenate([batch.numbers["value"] for batch in batches]) if batches else np.empty(0)
    codes = [
        np.concatenate([batch.factors[axis.variable] for batch in batches]) if batches else np.empty(0, np.int32)
        for axis in axes
    ]
    order = np.argsort(values, kind="stable")
    values, codes = values[order], [code[order] for code in codes]
    out = np.full(len(positions), np.nan)
    for cell, place in enumerate(positions.tolist()):
        inside = np.ones(len(values), dtype=bool)
        for axis, spot, code in zip(axes, place, codes, strict=True):
            if spot >= 0:
                known: Iterable[object] = levels.levels[axis.variable]
                wanted = [number for number, level in enumerate(known) if level == axis.codes[spot]]
                inside &= np.isin(code, wanted)
        out[cell] = gini(values[inside])
    return out


def gini(ascending: NDArray[np.float64]) -> float:
    """Return the Gini coefficient of values in ascending order; NaN without values, for negative ones or a sum of 0.

    G = 2 sum_i i x_(i) / (n sum x) - (n + 1) / n (Sen 1973, On Economic Inequality).
    """
    n = len(ascending)
    total = float(ascending.sum())
    if n == 0 or ascending[0] < 0 or total <= 0:
        return float("nan")
    ranks = np.arange(1, n + 1, dtype=np.float64)
    return float(2 * (ranks @ ascending) / (n * total) - (n + 1) / n)
