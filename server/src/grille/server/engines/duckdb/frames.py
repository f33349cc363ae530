"""Operations that give a new data set: import, a computed column, a filter. Columns are shared, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame, Rows, Source, StoredColumn
from grille.server.engines.duckdb.compaction import Compaction
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.cuts import resolve_quantiles
from grille.server.engines.duckdb.dictionaries import Dictionaries
from grille.server.engines.duckdb.readings import Readings, inconsistent
from grille.server.engines.duckdb.sketches import Sketches
from grille.server.engines.duckdb.small_numbers import is_small, narrow
from grille.server.engines.duckdb.sources import units_name
from grille.server.engines.duckdb.sql import (
    VALUE,
    aliased,
    bank_table,
    cast,
    has_value,
    is_compact,
    rows_of,
    sketch_table,
    sketch_words,
    stored,
    table,
    units_table,
    value,
    whole,
)
from grille.server.engines.duckdb.sql import condition as holding
from grille.server.engines.duckdb.store import Store, is_dense
from grille.server.errors import InternalError
from grille.server.plan.expressions import Expression, ValueType, columns_of
from grille.server.text import Text

_ELEMENT = 0xFFFFFFFF
"""The bits of the first sketch word of a unit that hold its element itself."""


class Frames:
    """Makes data sets out of banks and of one another."""

    def __init__(self, requests: Requests, store: Store, dictionaries: Dictionaries, sketches: Sketches) -> None:
        """Read with `requests`, write to the others."""
        self._requests = requests
        self._store = store
        self._dictionaries = dictionaries
        self._readings = Readings(requests, store, dictionaries)
        self._units: dict[str, int] = {}
        self._whole: dict[str, bool] = {}
        self._compaction = Compaction(requests, store, dictionaries, sketches)

    def import_first(self, source: Source, column: str) -> Frame:
        """Return a data set of the units that have a value in `source`, with one column."""
        keys = self._keys(source)
        stored_column = self._import(source, keys)
        mask = exp.select(aliased(_true(has_value(stored_column)), VALUE)).from_(table(stored_column.table))
        present = self._store.mask(mask)[0]
        rows = Rows(keys, self._count(present), source.unit_type, _bank_name(source.bank), present)
        return Frame(rows, {column: stored_column})

    def import_next(self, frame: Frame, source: Source, column: str, how: Literal["left", "outer", "inner"]) -> Frame:
        """Return `frame` with one more column; `how` tells which units it then has."""
        if how == "outer":
            frame = self._compaction.undo(frame, self._keys(source))
        rows = rows_of(frame)
        keys = rows.keys if is_compact(rows) else self._larger(rows.keys, self._keys(source))
        imported = self._import(source, keys, rows)
        columns = dict(frame.columns)
        columns[column] = imported
        if how == "left":
            return Frame(replace(rows, keys=keys), columns)
        present, given = stored(rows.present), _true(has_value(imported))
        if how == "inner":
            mask = self._mask(rows.present, (imported.table,), exp.And(this=_true(present), expression=given))
            return Frame(replace(rows, keys=keys, present=mask, count=self._count(mask)), columns)
        mask = self._mask(rows.present, (imported.table,), exp.Or(this=_true(present), expression=given))
        others = {name: one for name, one in frame.columns.items() if name != column}
        cleared = self._cleared(rows.present, others)
        return Frame(replace(rows, keys=keys, present=mask, count=self._count(mask)), {**cleared, column: imported})

    def with_column(self, frame: Frame, column: str, expression: Expression) -> Frame:
        """Return `frame` with a column computed, added or replaced."""
        expression = resolve_quantiles(self._requests, frame, expression)
        derived = self._dictionaries.derive(frame, expression)
        if derived is not None:
            return Frame(frame.rows, {**frame.columns, column: derived})
        read, (expression,) = self._dictionaries.folded(frame, expression)
        present = rows_of(frame).present
        tables = sorted({read.columns[name].table for name in columns_of(expression)})
        # a scan of one table runs on all threads and keeps the order, a positional join runs on one and pads with nulls
        alone = len(tables) == 1 and self._length(tables[0]) == self._length(present)
        first, *others = tables if alone else [present, *tables]
        select = exp.Select().from_(table(first))
        for name in others:
            select.append("joins", exp.Join(this=table(name), method="POSITIONAL"))
        small = is_small(expression, read)
        kept = narrow(read, expression) if small else value(read, expression)
        name, _ = self._store.column(select.select(aliased(kept, VALUE)))
        return Frame(frame.rows, {**frame.columns, column: StoredColumn(name, expression.type, small)})

    def with_values(self, frame: Frame, entered: Frame, columns: Mapping[str, NDArray[np.float64]]) -> Frame:
        """Return `frame` with columns of numbers added, one per row of its part `entered`, in the order of a pass."""
        present = rows_of(entered).present
        mask = self._requests.arrays(exp.select(aliased(_true(stored(present)), VALUE)).from_(table(present)))[VALUE]
        place = np.flatnonzero(np.asarray(mask, dtype=bool))
        added: dict[str, StoredColumn] = {}
        for name, values in columns.items():
            if len(values) != len(place):
                text = "There are not as many values as rows."
                raise InternalError("ROWS_AND_VALUES", Text(text, "Det er ikke like mange verdier som rader."))
            whole = np.full(len(mask), np.nan)
            whole[place] = values
            kept = pa.array(whole, mask=~np.isfinite(whole))
            added[name] = StoredColumn(self._store.array(kept), ValueType.NUMBER)
        return Frame(frame.rows, {**frame.columns, **added})

    def with_members(self, frame: Frame, column: str, elements: Sequence[int]) -> Frame:
        """Return `frame` with a column that is 1 for the units with these elements, else 0."""
        rows = rows_of(frame)
        own = exp.BitwiseAnd(this=sketch_words(rows)[0], expression=whole(_ELEMENT))
        among = exp.In(this=exp.Paren(this=own), expressions=[whole(one) for one in elements])
        select = exp.select(aliased(cast(among, "SMALLINT"), VALUE))
        name, _ = self._store.column(select.from_(sketch_table(rows) if is_compact(rows) else units_table(rows)))
        return Frame(rows, {**frame.columns, column: StoredColumn(name, ValueType.NUMBER, small=True)})

    def filter(self, frame: Frame, condition: Expression, passing: bool) -> Frame:
        """Return the rows of `frame` for which the condition is true, compact unless they are only `passing`."""
        rows = rows_of(frame)
        read, (folded,) = self._dictionaries.folded(frame, condition)
        tables = tuple(read.columns[name].table for name in sorted(columns_of(folded)))
        holds = holding(read, folded)
        both = exp.And(this=_true(stored(rows.present)), expression=exp.Paren(this=holds))
        mask = self._mask(rows.present, tables, both)
        chosen = Frame(replace(rows, present=mask, count=self._count(mask)), frame.columns)
        return chosen if passing else self._compaction.compact(chosen, self._units_of(rows.keys))

    def _import(self, source: Source, keys: str, rows: Rows | None = None) -> StoredColumn:
        return self._dictionaries.open(self._read(source, keys, rows))

    def _read(self, source: Source, keys: str, rows: Rows | None) -> StoredColumn:
        size = self._units_of(keys)
        if self._covers_all(source, keys):
            return self._readings.everyone(source, None, size)
        if rows is not None and rows.whole is not None and self._covers_all(source, rows.whole[0]):
            return self._readings.everyone(source, rows.whole[1], size)
        units = self._units_of(self._keys(source))
        if rows is not None and is_compact(rows):
            return self._readings.dated(source, rows, keys, units, size)
        return self._readings.dated(source, None, keys, max(units, size), size)

    def _covers_all(self, source: Source, keys: str) -> bool:
        """Tell whether a fixed variable has one row for each unit, in their order: it then needs no join."""
        if source.temporality != "FIXED" or source.values is not None or not keys.startswith(f"{source.bank}/"):
            return False
        table_token = f"{source.bank}/{source.table}"
        if table_token not in self._whole:
            rows = exp.select(exp.Count(this=exp.Star())).from_(bank_table(source.bank, source.table, "w"))
            count = int(str(self._requests.rows(rows)[0][0]))
            self._whole[table_token] = count == self._units_of(keys) and is_dense(
                self._requests, source.bank, source.table
            )
        return self._whole[table_token]

    def _keys(self, source: Source) -> str:
        """Return the token of the bank's table of units, checked once, that a source stands on."""
        units = units_name(source.unit_type)
        keys = f"{source.bank}/{units}"
        if keys not in self._units:
            if not is_dense(self._requests, source.bank, units):
                raise inconsistent("its units are not in order", "enhetene er ikke i orden")
            count = exp.select(exp.Count(this=exp.Star())).from_(bank_table(source.bank, units, "u"))
            self._units[keys] = int(str(self._requests.rows(count)[0][0]))
        return keys

    def _larger(self, ours: str, theirs: str) -> str:
        """Return which of two versions of a table of units has more; their common part is the same."""
        return theirs if self._units_of(theirs) > self._units_of(ours) else ours

    def _units_of(self, keys: str) -> int:
        """Return the number of rows of a table of units, or of the keys of compact rows."""
        if keys not in self._units:
            bank, units = keys.split("/", 1)
            count = exp.select(exp.Count(this=exp.Star())).from_(bank_table(bank, units, "u"))
            self._units[keys] = int(str(self._requests.rows(count)[0][0]))
        return self._units[keys]

    def _length(self, name: str) -> int:
        count = exp.select(exp.Count(this=exp.Star())).from_(table(name))
        return int(str(self._requests.rows(count)[0][0]))

    def _mask(self, present: str, read: tuple[str, ...], holds: exp.Expr) -> str:
        select = exp.select(aliased(holds, VALUE)).from_(table(present))
        for name in dict.fromkeys(read):
            select.append("joins", exp.Join(this=table(name), method="POSITIONAL"))
        return self._store.mask(select)[0]

    def _cleared(self, present: str, columns: Mapping[str, StoredColumn]) -> dict[str, StoredColumn]:
        """Return columns without values outside the data set, so that units that come back start with none."""
        written: dict[str, str] = {}
        for one in columns.values():
            if one.table not in written:
                kept = exp.Case(ifs=[exp.If(this=_true(stored(present)), true=stored(one.table))])
                select = exp.select(aliased(kept, VALUE)).from_(table(one.table))
                select.append("joins", exp.Join(this=table(present), method="POSITIONAL"))
                written[one.table] = self._store.column(select)[0]
        return {name: replace(one, table=written[one.table]) for name, one in columns.items()}

    def _count(self, mask: str) -> int:
        count = exp.select(exp.Count(this=exp.Star())).from_(table(mask)).where(stored(mask))
        return int(str(self._requests.rows(count)[0][0]))


def _true(condition: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def _bank_name(attached: str) -> str:
    return attached.partition("@")[0]
