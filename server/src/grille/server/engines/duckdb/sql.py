"""SQL trees for data sets: every row of a unit type in the order of the bank, one table per column, one mask table.

A data set is `mask POSITIONAL JOIN column ... POSITIONAL JOIN units`; a row belongs to it where the mask is true.
Shorter tables are padded with nulls, so a later version of a bank with more units fits under older columns.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame, Rows, StoredColumn
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.expressions import ColumnLookup, condition_sql, value_sql
from grille.server.errors import InternalError
from grille.server.plan.expressions import Apply, ColumnRef, Expression, ValueType, columns_of
from grille.server.text import Text

DIALECT = "duckdb"
SESSION = "session"
MEMORY = "memory"
KEYS = "keys"
VALUE = "v"
SKETCH_WORDS = 6

_MOST_RANGES = 8


def rows_of(frame: Frame) -> Rows:
    """Return the rows of `frame`; raises InternalError NO_ROWS when it has no population."""
    if frame.rows is None:
        raise InternalError("NO_ROWS", Text("The data set has no population.", "Datasettet har ingen populasjon."))
    return frame.rows


def table(name: str) -> exp.Table:
    """Return a stored table of the session."""
    return exp.Table(this=_quoted(name), db=_quoted("main"), catalog=_quoted(SESSION), alias=_alias(name))


def bank_table(bank: str, name: str, alias: str) -> exp.Table:
    """Return a table of the attached bank `bank`."""
    return exp.Table(this=_quoted(name), db=_quoted("main"), catalog=_quoted(bank), alias=_alias(alias))


def units_table(rows: Rows) -> exp.Table:
    """Return the bank's table of units that `rows` stand on, under the alias `keys`."""
    bank, name = rows.keys.split("/", 1)  # the bank is the session itself when the rows are compact
    return bank_table(bank, name, KEYS)


def is_compact(rows: Rows) -> bool:
    """Tell whether the rows are those of a data set alone, not of all units of the bank."""
    return rows.keys.startswith(f"{SESSION}/")


def sketches_of(rows: Rows) -> str:
    """Return the table, in memory, of the sketch words of compact rows."""
    return f"x{rows.keys.removeprefix(f'{SESSION}/k')}"


def sketch_table(rows: Rows) -> exp.Table:
    """Return the table of the sketch words of compact rows, under its own name."""
    return bank_table(MEMORY, sketches_of(rows), sketches_of(rows))


def only_present(rows: Rows, joined: exp.Table) -> exp.Select:
    """Return a SELECT without columns of the present rows of a table that has a row for each of `rows`."""
    select = exp.Select().from_(table(rows.present))
    select.append("joins", exp.Join(this=joined, method="POSITIONAL"))
    return select.where(stored(rows.present))


def sketch_words(rows: Rows) -> list[exp.Column]:
    """Return the sketch words of a row, in a SELECT over `composition` with keys and sketches."""
    alias = sketches_of(rows) if is_compact(rows) else KEYS
    return [field(alias, f"s{word}") for word in range(SKETCH_WORDS)]


def stored(name: str) -> exp.Column:
    """Return the value column of a stored table: values, codes or truth values."""
    return field(name, VALUE)


def column_values(column: StoredColumn) -> exp.Expr:
    """Return the values of a stored column; those of codes are looked up in a list."""
    if column.dictionary is None:
        return stored(column.table)
    if not isinstance(column, CodedColumn):
        raise TypeError("the dictionary of a column was not opened")
    place = exp.Add(this=cast(code(column), "INTEGER"), expression=exp.Literal.number(1))
    return function("list_extract", exp.Var(this=column.listed), place)


def code(column: CodedColumn) -> exp.Expr:
    """Return the codes of a stored column, USMALLINT; `column.absent` where a row has none."""
    return cast(exp.Coalesce(this=stored(column.table), expressions=[whole(column.absent)]), "USMALLINT")


def field(alias: str, name: str) -> exp.Column:
    """Return a column of the table `alias`."""
    return exp.Column(this=_quoted(name), table=_quoted(alias))


def lookup(frame: Frame) -> ColumnLookup:
    """Return how the variables of `frame` are read."""

    def column(name: str) -> exp.Expr:
        return column_values(frame.columns[name])

    return column


def condition(frame: Frame, expression: Expression) -> exp.Expr:
    """Return `expression` over `frame` as a condition, false or null where it does not hold."""
    if isinstance(expression, Apply) and expression.function == "and":
        return exp.and_(*(exp.Paren(this=condition(frame, one)) for one in expression.arguments))
    column = _coded(frame, expression)
    if column is not None and column.type is not ValueType.STRING:
        return _among(column, np.nan_to_num(column.numbers) != 0)
    return condition_sql(expression, lookup(frame))


def present(frame: Frame, expression: Expression) -> exp.Expr:
    """Return the condition that `expression` over `frame` is not missing."""
    column = _coded(frame, expression)
    return not_null(value(frame, expression)) if column is None else has_value(column)


def has_value(column: StoredColumn) -> exp.Expr:
    """Return the condition that a row has a value in a stored column."""
    if isinstance(column, CodedColumn):
        return _among(column, np.array([one is not None for one in column.values]))
    return not_null(stored(column.table))


def _coded(frame: Frame, expression: Expression) -> CodedColumn | None:
    column = frame.columns[expression.name] if isinstance(expression, ColumnRef) else None
    return column if isinstance(column, CodedColumn) else None


def _among(column: CodedColumn, chosen: NDArray[np.bool_]) -> exp.Expr:
    """Return the condition that a row's code is among the chosen ones, as ranges where they are few."""
    if chosen.all():
        return exp.true()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]])))
    if len(edges) > 2 * _MOST_RANGES:
        listed = ", ".join("TRUE" if one else "FALSE" for one in chosen)
        place = exp.Add(this=cast(code(column), "INTEGER"), expression=exp.Literal.number(1))
        return function("list_extract", exp.Var(this=f"CAST([{listed}] AS BOOLEAN[])"), place)
    codes = code(column) if chosen[column.absent] else stored(column.table)
    ranges = [
        exp.Between(this=codes.copy(), low=whole(int(first)), high=whole(int(end) - 1))
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]
    return exp.Paren(this=exp.or_(*ranges)) if ranges else exp.false()


def value(frame: Frame, expression: Expression) -> exp.Expr:
    """Return `expression` over `frame`: DOUBLE for numbers and dates, VARCHAR for text; missing is null."""
    sql = value_sql(expression, lookup(frame))
    return sql if expression.type is ValueType.STRING else cast(sql, "DOUBLE")


def composition(
    frame: Frame,
    expressions: Iterable[Expression],
    *,
    keys: bool = False,
    sketches: bool = False,
    where: Expression | None = None,
    complete: Iterable[Expression] = (),
) -> exp.Select:
    """Return a SELECT without columns over the present rows of `frame`, with what `expressions` read.

    Args:
        frame: The data set.
        expressions: What will be selected.
        keys: Whether units and record keys are needed.
        sketches: Whether sketch words are needed.
        where: Keep the rows for which this is true.
        complete: Keep the rows in which none of these is missing.
    """
    complete = tuple(complete)
    read = [*expressions, *complete, *(() if where is None else (where,))]
    names = sorted(frozenset[str]().union(*(columns_of(one) for one in read)))
    # the row order of sums must not depend on threads: a positional scan of two tables runs on one thread
    tables = [table(frame.columns[name].table) for name in names]
    rows = rows_of(frame)
    if keys or not tables or (sketches and not is_compact(rows)):
        tables.append(units_table(rows))
    if sketches and is_compact(rows):
        tables.append(sketch_table(rows))
    select = exp.Select().from_(table(rows.present))
    for joined in dict.fromkeys(tables):
        select.append("joins", exp.Join(this=joined, method="POSITIONAL"))
    conditions: list[exp.Expr] = [stored(rows.present)]
    if where is not None:
        conditions.append(condition(frame, where))
    conditions += [present(frame, one) for one in dict.fromkeys(complete)]
    return select.where(*conditions)


def not_null(operand: exp.Expr) -> exp.Expr:
    """Return `operand IS NOT NULL`."""
    return exp.Not(this=exp.Is(this=exp.Paren(this=operand), expression=exp.Null()))


def cast(operand: exp.Expr, kind: str) -> exp.Cast:
    """Return `CAST(operand AS kind)`."""
    return exp.Cast(this=operand, to=exp.DataType.build(kind, dialect=DIALECT))


def double(number: float) -> exp.Expr:
    """Return `number` as a DOUBLE literal, exactly."""
    written = repr(float(abs(number)))
    literal = exp.Literal.number(written if "e" in written else f"{written}e0")  # without exponent it were a DECIMAL
    return exp.Neg(this=literal) if number < 0 else literal


def whole(number: int) -> exp.Expr:
    """Return `number` as an integer literal."""
    literal = exp.Literal.number(str(abs(number)))
    return exp.Neg(this=literal) if number < 0 else literal


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Return a call of a DuckDB function."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def create(name: str, select: exp.Expr, catalog: str = SESSION) -> str:
    """Return the statement that stores `select` as table `name` of the session, or of another database."""
    bare = exp.Table(this=_quoted(name), db=_quoted("main"), catalog=_quoted(catalog))
    return exp.Create(this=bare, kind="TABLE", expression=select).sql(DIALECT)


def aliased(operand: exp.Expr, name: str) -> exp.Expr:
    """Return `operand AS name`."""
    return exp.Alias(this=operand, alias=_quoted(name))


def _quoted(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=_quoted(name))
