"""Rows for models in Arrow batches: complete cases, numbers as doubles, factors as codes, always in one order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import Requests, array
from grille.server.engines.duckdb.factors import codings
from grille.server.engines.duckdb.sql import aliased, code, composition, value
from grille.server.engines.duckdb.store import Store
from grille.server.plan.aggregates import Batch, BatchRequest, FactorLevels
from grille.server.plan.expressions import ColumnRef, Expression


def batches(
    requests: Requests, store: Store, frame: Frame, request: BatchRequest
) -> tuple[FactorLevels, Callable[[], Iterator[Batch]]]:
    """Return the factor levels over the complete rows and a function that starts a pass over them."""
    expressions = [expression for _, expression in (*request.numbers, *request.factors)]
    wanted = () if request.all_complete else expressions
    complete = composition(frame, expressions, where=request.where, complete=wanted)
    factors = [expression for _, expression in request.factors]
    looked_at = composition(frame, factors, where=request.where, complete=wanted)
    found = codings(requests, store, frame, factors, looked_at, every_level=request.every_level)
    coded = dict(zip((name for name, _ in request.factors), found, strict=True))
    numbers = {name: _Number.of(frame, expression) for name, expression in request.numbers}
    wanted_sql = list(dict.fromkeys((*(one.sql for one in numbers.values()), *(one.sql for one in coded.values()))))
    places = {sql: place for place, sql in enumerate(wanted_sql)}
    query = complete.select(*(aliased(sql.copy(), f"x{place}") for sql, place in places.items()))

    def start() -> Iterator[Batch]:
        for rows in requests.stream(query):
            if rows.num_rows:
                found = [array(column) for column in rows.columns]
                yield Batch(
                    numbers={name: one.values(found[places[one.sql]]) for name, one in numbers.items()},
                    factors={name: one.codes(found[places[one.sql]]) for name, one in coded.items()},
                    rows=rows.num_rows,
                )

    return FactorLevels({name: coding.levels for name, coding in coded.items()}), start


@dataclass(frozen=True, slots=True)
class _Number:
    """How a number is read: its SQL, and the values by code when that gives codes."""

    sql: exp.Expr
    by_code: NDArray[np.float64] | None

    @classmethod
    def of(cls, frame: Frame, expression: Expression) -> _Number:
        if isinstance(expression, ColumnRef):
            column = frame.columns[expression.name]
            if isinstance(column, CodedColumn):
                return cls(code(column), column.numbers)
        return cls(value(frame, expression), None)

    def values(self, found: NDArray[np.generic]) -> NDArray[np.float64]:
        if self.by_code is not None:
            return np.take(self.by_code, found.astype(np.uint16, copy=False))
        return np.asarray(found, dtype=np.float64)
