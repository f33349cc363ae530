"""Dictionaries of coded columns: what is computed from columns that share their codes is computed once per code.

A register variable has few different values beside its millions of units. Its values are stored as codes with a
dictionary, and a variable derived from it, such as a county from a municipality, is a new dictionary over the same
codes. The dictionary is itself a small stored table, so that the same SQL gives the same values as row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlglot import exp

from grille.server.engines.base import Frame, StoredColumn
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.expressions import condition_sql
from grille.server.engines.duckdb.small_numbers import LARGEST
from grille.server.engines.duckdb.sql import (
    DIALECT,
    aliased,
    double,
    lookup,
    stored,
    table,
    value,
)
from grille.server.engines.duckdb.store import Store
from grille.server.plan.expressions import Apply, ColumnRef, Expression, ValueType, columns_of
from grille.server.plan.functions import ALL

Value = str | float | None

_FOLDED = "\0folded"
_MOST_FOLDED = 256
_TYPES = {ValueType.STRING: "VARCHAR[]", ValueType.NUMBER: "DOUBLE[]", ValueType.DATE: "DOUBLE[]"}


@dataclass(frozen=True, slots=True)
class _Known:
    """A dictionary that was read: see CodedColumn."""

    values: tuple[Value, ...]
    numbers: np.ndarray[tuple[int], np.dtype[np.float64]]
    listed: str
    small: bool


class Dictionaries:
    """Makes and reads the dictionaries of a session."""

    def __init__(self, requests: Requests, store: Store) -> None:
        """Read with `requests`, write to `store`."""
        self._requests = requests
        self._store = store
        self._known: dict[str, _Known] = {}
        self._folded: dict[tuple[Expression, tuple[str, ...]], _Known] = {}

    def opened(self, frame: Frame) -> Frame:
        """Return `frame` with the dictionaries of its coded columns at hand."""
        return Frame(frame.rows, {name: self.open(column) for name, column in frame.columns.items()})

    def open(self, column: StoredColumn) -> StoredColumn:
        """Return a column with its dictionary at hand, when it has one."""
        if column.dictionary is None or isinstance(column, CodedColumn):
            return column
        known = self._read(column.dictionary, column.type)
        return CodedColumn(
            *(column.table, column.type, known.small, column.dictionary), known.values, known.numbers, known.listed
        )

    def coded(self, codes: str, values: Sequence[Value], kind: ValueType) -> StoredColumn:
        """Return the column of the stored `codes`, whose values are given by code without the absent one."""
        every = (*values, None)
        dictionary = self._store.array(pa.array(every, pa.string() if kind is ValueType.STRING else pa.float64()))
        self._known[dictionary] = known = _known(every, kind)
        return StoredColumn(codes, kind, known.small, dictionary)

    def derive(self, frame: Frame, expression: Expression) -> StoredColumn | None:
        """Return `expression` as a column over the codes that all its columns share; None when they share none."""
        codes = shared_codes(frame, (expression,))
        if codes is None:
            return None
        rows = self.by_code(frame, (expression,), ())
        return self.coded(codes, [_value(one) for (one,) in rows[:-1]], expression.type)

    def folded(self, frame: Frame, *expressions: Expression) -> tuple[Frame, tuple[Expression, ...]]:
        """Replace parts of expressions that need one table of codes alone by columns over these codes.

        Args:
            frame: An opened frame.
            expressions: Expressions over it.

        Returns:
            The frame with more columns, under names that no variable can have, and the expressions that read them.
        """
        columns = dict(frame.columns)
        return Frame(frame.rows, columns), tuple(self._fold(frame, one, columns) for one in expressions)

    def _fold(self, frame: Frame, expression: Expression, columns: dict[str, StoredColumn]) -> Expression:
        if not isinstance(expression, Apply):
            return expression
        codes = shared_codes(frame, (expression,))
        if codes is not None and expression.type in _TYPES:
            name = f"{_FOLDED}{len(columns)}"
            columns[name] = self._fold_whole(frame, codes, expression)
            return ColumnRef(name, expression.type)
        parts = tuple(self._fold(frame, one, columns) for one in expression.arguments)
        return Apply(expression.function, parts, expression.type)

    def _fold_whole(self, frame: Frame, codes: str, expression: Expression) -> CodedColumn:
        key = (expression, tuple(frame.columns[name].identity for name in sorted(columns_of(expression))))
        if key not in self._folded:
            while len(self._folded) >= _MOST_FOLDED:
                self._folded.pop(next(iter(self._folded)))
            values = [_value(one) for (one,) in self.by_code(frame, (expression,), ())]
            self._folded[key] = _known(values, expression.type)
        known = self._folded[key]
        return CodedColumn(codes, expression.type, known.small, "", known.values, known.numbers, known.listed)

    def by_code(
        self, frame: Frame, values: Sequence[Expression], conditions: Sequence[Expression]
    ) -> list[tuple[object, ...]]:
        """Return for each code, the absent one last, the values and whether each condition holds.

        Args:
            frame: An opened frame.
            values: Expressions over columns that share their codes.
            conditions: The same, taken as conditions.
        """
        own = _of_dictionaries(frame, frozenset[str]().union(*(columns_of(one) for one in (*values, *conditions))))
        select = _rows(own)
        for number, one in enumerate(values):
            select = select.select(aliased(value(own, one), f"v{number}"))
        for number, one in enumerate(conditions):
            select = select.select(aliased(condition_sql(one, lookup(own)), f"c{number}"))
        return self._requests.rows(select, changing=True)

    def _read(self, dictionary: str, kind: ValueType) -> _Known:
        if dictionary not in self._known:
            found = self._requests.rows(exp.select(stored(dictionary)).from_(table(dictionary)), changing=True)
            self._known[dictionary] = _known([_value(one) for (one,) in found], kind)
        return self._known[dictionary]


def closed(frame: Frame) -> Frame:
    """Return `frame` without the values of dictionaries, as it may leave the engine."""
    return Frame(frame.rows, {name: _closed(column) for name, column in frame.columns.items()})


def shared_codes(frame: Frame, expressions: Iterable[Expression]) -> str | None:
    """Return the table of codes that all columns of some expressions share; None when there is none."""
    tables: set[str] = set()
    for expression in expressions:
        if _looks_across_rows(expression):
            return None
        for name in columns_of(expression):
            column = frame.columns[name]
            if column.dictionary is None:
                return None
            tables.add(column.table)
    return tables.pop() if len(tables) == 1 else None


def _looks_across_rows(expression: Expression) -> bool:
    if not isinstance(expression, Apply):
        return False
    across = expression.function in ALL and ALL[expression.function].window
    return across or any(_looks_across_rows(argument) for argument in expression.arguments)


def _closed(column: StoredColumn) -> StoredColumn:
    if not isinstance(column, CodedColumn):
        return column
    return StoredColumn(column.table, column.type, column.small, column.dictionary)


def _of_dictionaries(frame: Frame, names: frozenset[str]) -> Frame:
    """Return the data set of dictionaries: a row for each code."""
    columns = {name: frame.columns[name] for name in sorted(names)}
    return Frame(
        None,
        {name: StoredColumn(str(one.dictionary), one.type, one.small) for name, one in columns.items()},
    )


def _rows(dictionaries: Frame) -> exp.Select:
    first, *others = dict.fromkeys(column.table for column in dictionaries.columns.values())
    select = exp.Select().from_(table(first))
    for name in others:
        select.append("joins", exp.Join(this=table(name), method="POSITIONAL"))
    return select


def _known(values: Sequence[Value], kind: ValueType) -> _Known:
    numbers = np.array([one if isinstance(one, float) else np.nan for one in values])
    finite = numbers[np.isfinite(numbers)]
    small = kind is ValueType.NUMBER and bool((np.abs(finite) <= LARGEST).all() and (finite % 1 == 0).all())
    return _Known(tuple(values), numbers, _listed(values, kind), small)


def _value(found: object) -> Value:
    return found if isinstance(found, str) or found is None else float(str(found))


def _listed(values: Sequence[Value], kind: ValueType) -> str:
    items = ", ".join(_item(one).sql(DIALECT) for one in values)
    return f"CAST([{items}] AS {_TYPES[kind]})"


def _item(one: Value) -> exp.Expr:
    if one is None:
        return exp.Null()
    return exp.Literal.string(one) if isinstance(one, str) else double(one)
