"""Rows for models in Arrow batches: complete cases, numbers as doubles, factors as codes, always in one order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.factors import Coding, codings
from grille.server.engines.duckdb.sql import aliased, composition, value
from grille.server.engines.duckdb.store import Store
from grille.server.plan.aggregates import Batch, BatchRequest, FactorLevels

_DTYPES = {"double": "<f8", "int32": "<i4"}


def batches(
    requests: Requests, store: Store, frame: Frame, request: BatchRequest
) -> tuple[FactorLevels, Callable[[], Iterator[Batch]]]:
    """Return the factor levels over the complete rows and a function that starts a pass over them."""
    expressions = [expression for _, expression in (*request.numbers, *request.factors)]
    wanted = () if request.all_complete else expressions
    complete = composition(frame, expressions, where=request.where, complete=wanted)
    factors = [expression for _, expression in request.factors]
    looked_at = composition(frame, factors, where=request.where, complete=wanted)
    coded = dict(
        zip((name for name, _ in request.factors), codings(requests, store, frame, factors, looked_at), strict=True)
    )
    query = complete
    for number, (_, expression) in enumerate(request.numbers):
        query = query.select(aliased(value(frame, expression), f"x{number}"))
    for number, coding in enumerate(coded.values()):
        query = query.select(aliased(coding.sql, f"f{number}"))

    def start() -> Iterator[Batch]:
        for rows in requests.stream(query):
            if rows.num_rows:
                yield _batch(rows, tuple(name for name, _ in request.numbers), coded)

    return FactorLevels({name: coding.levels for name, coding in coded.items()}), start


def _batch(rows: pa.RecordBatch, numbers: tuple[str, ...], coded: dict[str, Coding]) -> Batch:
    found = [_array(column) for column in rows.columns]
    return Batch(
        numbers={name: np.asarray(found[place], dtype=np.float64) for place, name in enumerate(numbers)},
        factors={name: coding.codes(found[len(numbers) + place]) for place, (name, coding) in enumerate(coded.items())},
        rows=rows.num_rows,
    )


def _array(column: pa.Array) -> NDArray[np.generic]:
    """Return the values of a column of doubles or integers without nulls, not copied."""
    # pyarrow's own to_numpy() imports pandas, which costs a second at a session's first model
    dtype = np.dtype(_DTYPES[str(column.type)])
    buffer = column.buffers()[1]
    return np.frombuffer(buffer, dtype=dtype, count=len(column), offset=column.offset * dtype.itemsize)
