"""Categories as codes: their levels, the SQL that gives a row's code, and the arrays that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.sql import SESSION, aliased, cast, function, value
from grille.server.engines.duckdb.store import Store
from grille.server.plan.expressions import Expression, ValueType

LISTED_LEVELS = 1_000
TABULATED_SPAN = 1_000_000


@dataclass(frozen=True, slots=True)
class Coding:
    """How the levels of one expression become codes 0 ... k-1.

    Attributes:
        levels: Ascending; str or float.
        sql: Gives an int32 code for text, the number itself for numbers, null for missing.
        numbers: float64 levels of a numeric expression, or None for text.
        table: int32 code by number minus the lowest level, when the levels are whole and close together.
    """

    levels: tuple[str | float, ...]
    sql: exp.Expr
    numbers: NDArray[np.float64] | None
    table: NDArray[np.int32] | None

    def codes(self, found: NDArray[np.generic]) -> NDArray[np.int32]:
        """Return the codes, int32, of what `sql` gave for rows that are not missing."""
        if self.numbers is None:
            return found.astype(np.int32, copy=False)
        numbers = np.asarray(found, dtype=np.float64)
        if self.table is not None:
            place = (numbers - self.numbers[0]).astype(np.int64)
            return np.asarray(self.table[place], dtype=np.int32)
        return np.searchsorted(self.numbers, numbers).astype(np.int32)


def codings(
    requests: Requests, store: Store, frame: Frame, expressions: Sequence[Expression], complete: exp.Select
) -> tuple[Coding, ...]:
    """Return the coding of each expression over the rows of `complete`, a SELECT that has no columns yet."""
    if not expressions:
        return ()
    distinct = [exp.Distinct(expressions=[value(frame, one)]) for one in expressions]
    lists = [aliased(function("list", one), f"f{number}") for number, one in enumerate(distinct)]
    (found,) = requests.rows(complete.copy().select(*lists))
    return tuple(
        _coding(store, one, value(frame, one), levels if isinstance(levels, list) else [])
        for one, levels in zip(expressions, found, strict=True)
    )


def _coding(store: Store, expression: Expression, sql: exp.Expr, found: list[str | float | None]) -> Coding:
    present = [level for level in found if level is not None]
    if expression.type is not ValueType.STRING:
        numbers = np.sort(np.array(present, dtype=np.float64))
        return Coding(tuple(float(one) for one in numbers), sql, numbers, _table(numbers))
    levels = tuple(sorted((str(level) for level in present), key=lambda level: level.encode()))
    if len(levels) <= LISTED_LEVELS:
        # runs once per entry of a stored dictionary: measured as fast as reading the column
        listed = exp.Array(expressions=[exp.Literal.string(level) for level in levels])
        place = function("list_position", cast(listed, "VARCHAR[]"), sql)
        return Coding(levels, cast(exp.Sub(this=place, expression=exp.Literal.number(1)), "INTEGER"), None, None)
    kind = ".".join(
        exp.Identifier(this=part, quoted=True).sql("duckdb") for part in (SESSION, "main", store.levels(levels))
    )
    code = function("enum_code", exp.Cast(this=sql, to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=kind)))
    return Coding(levels, cast(code, "INTEGER"), None, None)


def _table(numbers: NDArray[np.float64]) -> NDArray[np.int32] | None:
    if not len(numbers) or not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        return None
    span = numbers[-1] - numbers[0]
    if span > TABULATED_SPAN:
        return None
    table = np.zeros(int(span) + 1, dtype=np.int32)
    table[(numbers - numbers[0]).astype(np.int64)] = np.arange(len(numbers), dtype=np.int32)
    return table
