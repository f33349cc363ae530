"""Counts, cell keys and sketches of sets that are told apart by codes: added up from those of each code.

The figures per code are asked for once; every condition, grouping and sum over the same codes is then one over a table
of some hundred rows. Counts, keys and sketches are whole numbers and XORs, so theirs are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.aggregates import figures, measure_columns
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.dictionaries import Dictionaries, shared_codes
from grille.server.engines.duckdb.sql import (
    aliased,
    code,
    is_compact,
    rows_of,
    sketch_table,
    stored,
    table,
    units_table,
)
from grille.server.plan.aggregates import Aggregation, Groups, Measure, MeasureKind
from grille.server.plan.expressions import Apply, Expression, ValueType

_ADDED = (MeasureKind.UNITS, MeasureKind.CELL_KEY)
_COUNTED = frozenset((*_ADDED, MeasureKind.SKETCH))
_OF_VALUES = frozenset((MeasureKind.SUM, MeasureKind.SUM_SQUARES, MeasureKind.LARGEST_ABS, MeasureKind.SECOND_ABS))
_CODE = "code"


def counts_by_code(requests: Requests, dictionaries: Dictionaries, frame: Frame, request: Aggregation) -> Groups | None:
    """Compute an aggregation over an opened frame from its figures per code.

    Returns:
        The groups, or None when the aggregation needs the rows: it has other measures, or reads columns that do not
        share their codes.
    """
    by = [expression for _, expression in request.by]
    operands = [one.operand for one in request.measures if one.operand is not None]
    read = [*by, *operands, *request.complete, *(() if request.where is None else (request.where,))]
    codes = shared_codes(frame, read)
    if codes is None or any(one.kind not in _COUNTED | _OF_VALUES for one in request.measures):
        return None
    sketched = any(one.kind is MeasureKind.SKETCH for one in request.measures)
    found, per_code = _figures_per_code(requests, frame, codes, sketched)
    missing = [Apply("sysmiss", (one,), ValueType.NUMBER) for one in request.complete]
    where = [] if request.where is None else [request.where]
    table_of_codes = dictionaries.by_code(frame, [*by, *operands], [*where, *missing])
    rows = [table_of_codes[one] for one in found]
    values, first = len(by), len(by) + len(operands)
    used = [
        place
        for place, row in enumerate(rows)
        if all(row[first : first + len(where)]) and not any(row[first + len(where) :])
    ]
    groups = _groups([rows[place][:values] for place in used]) if by else {(): list(range(len(used)))}
    members = [np.array(used, dtype=np.intp)[places] for places in groups.values()]
    columns = iter(range(values, first))
    measures: dict[str, NDArray[np.generic]] = {}
    for one in request.measures:
        if one.operand is None:
            measures[one.key] = _combined(one.kind, per_code[one.kind], members)
        else:
            place = next(columns)
            numbers = np.array([np.nan if row[place] is None else float(str(row[place])) for row in rows])
            units = per_code[MeasureKind.UNITS].astype(np.int64)
            measures[one.key] = np.array([_of_values(one, numbers[which], units[which]) for which in members])
    return Groups(
        {name: group_column([key[place] for key in groups]) for place, (name, _) in enumerate(request.by)}, measures
    )


def _of_values(measure: Measure, numbers: NDArray[np.float64], units: NDArray[np.int64]) -> float:
    """Return a figure of the units that have each of some numbers; NaN is a missing one."""
    present = ~np.isnan(numbers) & (units > 0)
    numbers, units = numbers[present], units[present]
    if measure.kind in (MeasureKind.SUM, MeasureKind.SUM_SQUARES):
        centred = numbers - measure.origin
        return float(units @ (centred if measure.kind is MeasureKind.SUM else centred**2))
    largest = np.repeat(np.abs(numbers), np.minimum(units, 2))
    place = 1 if measure.kind is MeasureKind.LARGEST_ABS else 2
    return float(np.sort(largest)[-place]) if len(largest) >= place else 0.0


def any_by_code(requests: Requests, dictionaries: Dictionaries, frame: Frame, condition: Expression) -> bool | None:
    """Tell whether a condition over an opened frame holds for any row; None when the rows must be looked at."""
    codes = shared_codes(frame, (condition,))
    if codes is None:
        return None
    holds = [bool(one) for (one,) in dictionaries.by_code(frame, (), (condition,))]
    if not any(holds):
        return False
    found, _ = _figures_per_code(requests, frame, codes, sketched=False)
    return any(holds[one] for one in found)


def _figures_per_code(
    requests: Requests, frame: Frame, codes: str, sketched: bool
) -> tuple[NDArray[np.int64], dict[MeasureKind, NDArray[np.generic]]]:
    """Return the codes that occur among the present rows, and per measure a figure for each."""
    column = next(one for one in frame.columns.values() if one.table == codes)
    assert isinstance(column, CodedColumn)
    rows = rows_of(frame)
    kinds = (*_ADDED, MeasureKind.SKETCH) if sketched else _ADDED
    measures = [Measure(kind.value, kind) for kind in kinds]
    select = exp.Select().from_(table(rows.present))
    words = [sketch_table(rows)] if sketched and is_compact(rows) else []
    for joined in (table(codes), units_table(rows), *words):
        select.append("joins", exp.Join(this=joined, method="POSITIONAL"))
    for number, measure in enumerate(measures):
        select = select.select(*measure_columns(frame, number, measure))
    select = select.select(aliased(code(column), _CODE)).where(stored(rows.present)).group_by(code(column))
    arrays = requests.arrays(select)
    per_code = {measure.kind: figures(arrays, number, measure) for number, measure in enumerate(measures)}
    return np.ma.getdata(arrays[_CODE]).astype(np.int64), per_code


def _groups(keys: Sequence[tuple[object, ...]]) -> dict[tuple[object, ...], list[int]]:
    """Return the places of each key, keys ascending, missing last."""
    places: dict[tuple[object, ...], list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return {key: places[key] for key in sorted(places, key=ascending)}


def ascending(key: tuple[object, ...]) -> tuple[Any, ...]:
    """Return what sorts groups: text by its bytes, missing last."""
    return tuple((True, 0) if one is None else (False, one.encode() if isinstance(one, str) else one) for one in key)


def group_column(values: Sequence[object]) -> NDArray[np.object_]:
    """Return the values of groups as they leave the engine."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _combined(
    kind: MeasureKind, per_code: NDArray[np.generic], members: Sequence[NDArray[np.intp]]
) -> NDArray[np.generic]:
    operation = np.bitwise_xor if kind is MeasureKind.SKETCH else np.add
    shape = (len(members), *per_code.shape[1:])
    combined = np.zeros(shape, dtype=per_code.dtype)
    for place, one in enumerate(members):
        combined[place] = operation.reduce(per_code[one], axis=0)
    return combined
