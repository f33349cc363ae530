"""Aggregates per group: one SELECT per request."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.sql import (
    KEYS,
    SKETCH_WORDS,
    aliased,
    cast,
    composition,
    double,
    field,
    function,
    rows_of,
    sketch_words,
    value,
)
from grille.server.plan.aggregates import Aggregation, Groups, Measure, MeasureKind
from grille.server.plan.expressions import Expression

_DTYPES: dict[MeasureKind, type[np.generic]] = {
    MeasureKind.UNITS: np.int64,
    MeasureKind.CELL_KEY: np.uint64,
    MeasureKind.SKETCH: np.uint64,
    MeasureKind.SUM: np.float64,
    MeasureKind.SUM_SQUARES: np.float64,
    MeasureKind.LARGEST_ABS: np.float64,
    MeasureKind.SECOND_ABS: np.float64,
    MeasureKind.DISTINCT: np.int64,
}


def aggregate(requests: Requests, frame: Frame, request: Aggregation) -> Groups:
    """Compute measures per group; a figure without any value is 0."""
    arrays = requests.arrays(_query(frame, request))
    by = {name: group_values(arrays[f"g{number}"]) for number, (name, _) in enumerate(request.by)}
    measures = {measure.key: figures(arrays, number, measure) for number, measure in enumerate(request.measures)}
    return Groups(by, measures)


def counted_before(requests: Requests, frame: Frame, condition: Expression) -> bool | None:
    """Tell whether a condition holds for any row, if the rows for which it does were counted before; else None."""
    counts = (Measure("n", MeasureKind.UNITS), Measure("key", MeasureKind.CELL_KEY))
    kept = requests.recall(_query(frame, Aggregation((), counts, condition)))
    return None if kept is None else bool(figures(kept, 0, counts[0])[0])


def grouped(frame: Frame, select: exp.Select, by: tuple[tuple[str, Expression], ...]) -> exp.Select:
    """Return `select` grouped by g0, g1, ..., in ascending order, missing last."""
    groups = [value(frame, expression) for _, expression in by]
    columns = [aliased(group, f"g{number}") for number, group in enumerate(groups)]
    select = select.select(*columns).group_by(*(group.copy() for group in groups))
    return select.order_by(*(exp.Ordered(this=group.copy(), nulls_first=False) for group in groups))


def group_values(found: NDArray[np.generic]) -> NDArray[np.object_]:
    """Return group values as str, float or None."""
    values = np.ma.getdata(found).astype(object)
    values[np.ma.getmaskarray(found)] = None
    return values


def _query(frame: Frame, request: Aggregation) -> exp.Select:
    read = [expression for _, expression in request.by]
    read += [measure.operand for measure in request.measures if measure.operand is not None]
    kinds = {measure.kind for measure in request.measures}
    keys, sketches = MeasureKind.CELL_KEY in kinds, MeasureKind.SKETCH in kinds
    select = composition(frame, read, keys=keys, sketches=sketches, where=request.where, complete=request.complete)
    for number, measure in enumerate(request.measures):
        select = select.select(*measure_columns(frame, number, measure))
    if not request.by:
        return select.select(aliased(exp.Count(this=exp.Star()), "rows_read"))
    return grouped(frame, select, request.by)


def measure_columns(frame: Frame, number: int, measure: Measure) -> list[exp.Expr]:
    """Return what a SELECT over `composition` with keys selects for a measure."""
    if measure.kind is MeasureKind.SKETCH:
        words = [function("bit_xor", word) for word in sketch_words(rows_of(frame))]
        return [aliased(word, f"m{number}_{place}") for place, word in enumerate(words)]
    return [aliased(_figure(frame, measure), f"m{number}")]


def _figure(frame: Frame, measure: Measure) -> exp.Expr:
    if measure.kind is MeasureKind.UNITS:
        return exp.Count(this=exp.Star())
    if measure.kind is MeasureKind.CELL_KEY:
        total = exp.Sum(this=field(KEYS, "record_key"))  # 128 bits wide, so it does not overflow
        return cast(exp.Mod(this=total, expression=exp.Literal.number(2**64)), "UBIGINT")
    if measure.operand is None:
        raise ValueError(f"{measure.kind} needs an operand")
    operand = value(frame, measure.operand)
    if measure.kind is MeasureKind.DISTINCT:
        return exp.Count(this=exp.Distinct(expressions=[operand]))
    if measure.kind in (MeasureKind.LARGEST_ABS, MeasureKind.SECOND_ABS):
        place = 1 if measure.kind is MeasureKind.LARGEST_ABS else 2
        largest = function("max", exp.Abs(this=operand), exp.Literal.number(2))
        return function("list_extract", largest, exp.Literal.number(place))
    centred = exp.Sub(this=exp.Paren(this=operand), expression=double(measure.origin)) if measure.origin else operand
    if measure.kind is MeasureKind.SUM:
        return exp.Sum(this=centred)
    return exp.Sum(this=exp.Mul(this=exp.Paren(this=centred), expression=exp.Paren(this=centred.copy())))


def figures(arrays: dict[str, NDArray[np.generic]], number: int, measure: Measure) -> NDArray[np.generic]:
    """Return the figures of a measure, by group, from what its columns gave; 0 where there is none."""
    if measure.kind is MeasureKind.SKETCH:
        words = [_filled(arrays[f"m{number}_{word}"], np.uint64) for word in range(SKETCH_WORDS)]
        return np.stack(words, axis=1)
    return _filled(arrays[f"m{number}"], _DTYPES[measure.kind])


def _filled(found: NDArray[np.generic], dtype: type[np.generic]) -> NDArray[np.generic]:
    values = np.ma.getdata(found).astype(dtype)
    values[np.ma.getmaskarray(found)] = 0
    return values
