"""Categories as codes: their levels, the SQL that gives a row's code, and the arrays that come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.sql import SESSION, aliased, cast, code, function, value
from grille.server.engines.duckdb.store import Store
from grille.server.plan.expressions import ColumnRef, Expression, ValueType

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
        by_code: int32 code by code of a coded column, which `sql` then gives; `len(levels)` for missing values.
    """

    levels: tuple[str | float, ...]
    sql: exp.Expr
    numbers: NDArray[np.float64] | None
    table: NDArray[np.int32] | None
    by_code: NDArray[np.int32] | None = None

    def codes(self, found: NDArray[np.generic]) -> NDArray[np.int32]:
        """Return the codes, int32, of what `sql` gave for rows that are not missing."""
        if self.by_code is not None:
            return np.take(self.by_code, found.astype(np.uint16, copy=False))
        if self.numbers is None:
            return found.astype(np.int32, copy=False)
        numbers = np.asarray(found, dtype=np.float64)
        if self.table is not None:
            place = (numbers - self.numbers[0]).astype(np.int64)
            return np.asarray(self.table[place], dtype=np.int32)
        return np.searchsorted(self.numbers, numbers).astype(np.int32)


def codings(
    requests: Requests,
    store: Store,
    frame: Frame,
    expressions: Sequence[Expression],
    complete: exp.Select,
    *,
    every_level: bool = False,
) -> tuple[Coding, ...]:
    """Return the coding of each expression over the rows of `complete`, a SELECT that has no columns yet.

    With `every_level` the levels of coded columns are those of their dictionaries, whether they occur or not.
    """
    if not expressions:
        return ()
    read = [_coded(frame, one) for one in expressions]
    if every_level and all(read):
        return tuple(_recoding(one, code(one), range(len(one.values))) for one in read if one is not None)
    sqls = [value(frame, one) if coded is None else code(coded) for one, coded in zip(expressions, read, strict=True)]
    distinct = list(dict.fromkeys(sqls))
    lists = [function("list", exp.Distinct(expressions=[sql.copy()])) for sql in distinct]
    (answer,) = requests.rows(complete.copy().select(*(aliased(one, f"f{n}") for n, one in enumerate(lists))))
    found = {sql: one if isinstance(one, list) else [] for sql, one in zip(distinct, answer, strict=True)}
    return tuple(
        _coding(store, one, sql, found[sql]) if coded is None else _recoding(coded, sql, found[sql])
        for one, sql, coded in zip(expressions, sqls, read, strict=True)
    )


def _coded(frame: Frame, expression: Expression) -> CodedColumn | None:
    if isinstance(expression, ColumnRef):
        column = frame.columns[expression.name]
        return column if isinstance(column, CodedColumn) else None
    return None


def _recoding(column: CodedColumn, sql: exp.Expr, found: Iterable[int]) -> Coding:
    values = {one for one in (column.values[place] for place in found) if one is not None}
    levels = tuple(sorted(values, key=lambda one: one.encode() if isinstance(one, str) else one))
    places = {level: place for place, level in enumerate(levels)}
    by_code = np.array([places.get(one, len(levels)) if one is not None else len(levels) for one in column.values])
    return Coding(levels, sql, None, None, by_code.astype(np.int32))


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
    return Coding(levels, enumerated(store, levels, sql), None, None)


def enumerated(store: Store, levels: Sequence[str], sql: exp.Expr) -> exp.Expr:
    """Return the SQL of the number of a text among ascending `levels`, from 0, as INTEGER; for many levels."""
    kind = ".".join(
        exp.Identifier(this=part, quoted=True).sql("duckdb") for part in (SESSION, "main", store.levels(levels))
    )
    code = function("enum_code", exp.Cast(this=sql, to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=kind)))
    return cast(code, "INTEGER")


def _table(numbers: NDArray[np.float64]) -> NDArray[np.int32] | None:
    if not len(numbers) or not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        return None
    span = numbers[-1] - numbers[0]
    if span > TABULATED_SPAN:
        return None
    table = np.zeros(int(span) + 1, dtype=np.int32)
    table[(numbers - numbers[0]).astype(np.int64)] = np.arange(len(numbers), dtype=np.int32)
    return table
