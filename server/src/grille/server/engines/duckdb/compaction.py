"""Compact data sets: once a filter has left few of a bank's units, later work should not cost the size of the bank."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress

import numpy as np
import pyarrow as pa
from sqlglot import exp

from grille.server.engines.base import Frame, Rows, StoredColumn
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import Requests, array
from grille.server.engines.duckdb.dictionaries import Dictionaries
from grille.server.engines.duckdb.sketches import Sketches
from grille.server.engines.duckdb.sql import (
    KEYS,
    SESSION,
    VALUE,
    aliased,
    bank_table,
    code,
    field,
    is_compact,
    only_present,
    rows_of,
    stored,
    table,
    units_table,
)
from grille.server.engines.duckdb.store import Store

WORTHWHILE = 0.7
"""Largest share of present rows at which the others are left behind."""

_UNIT = "unit"


class Compaction:
    """Writes data sets anew with present rows alone, and back."""

    def __init__(self, requests: Requests, store: Store, dictionaries: Dictionaries, sketches: Sketches) -> None:
        """Read with `requests`, write to the others."""
        self._requests = requests
        self._store = store
        self._dictionaries = dictionaries
        self._sketches = sketches

    def compact(self, frame: Frame, rows_stored: int) -> Frame:
        """Return the same data set without absent rows, or as it is when few of its `rows_stored` rows are absent."""
        rows = rows_of(frame)
        if rows.count > WORTHWHILE * rows_stored or rows.count == 0:
            return frame
        known = [field(KEYS, name) for name in (_UNIT, "record_key")]
        keys, _ = self._store.keys(only_present(rows, units_table(rows)).select(*known))
        columns: dict[str, StoredColumn] = {}
        for name in dict.fromkeys(column.table for column in frame.columns.values()):
            sharing = {one: column for one, column in frame.columns.items() if column.table == name}
            columns |= self._compacted(rows, name, sharing)
        everyone = exp.select(aliased(exp.true(), VALUE)).from_(bank_table(SESSION, keys, KEYS))
        present, _ = self._store.mask(everyone)
        whole = (rows.keys, rows.present) if rows.whole is None else (rows.whole[0], self._chosen(keys))
        compact = replace(rows, keys=f"{SESSION}/{keys}", present=present, whole=whole)
        self._sketches.begin(compact)
        return Frame(compact, {name: columns[name] for name in frame.columns})

    def _chosen(self, keys: str) -> str:
        """Store which units of the bank are among the keys of a data set that was compact before."""
        units = exp.select(field(KEYS, _UNIT)).from_(bank_table(SESSION, keys, KEYS))
        place = np.ma.getdata(self._requests.arrays(units)[_UNIT]).astype(np.int64)
        chosen = np.zeros(int(place.max(initial=-1)) + 1, dtype=np.bool_)
        chosen[place] = True
        return self._store.array(pa.array(chosen))

    def _compacted(self, rows: Rows, name: str, sharing: dict[str, StoredColumn]) -> dict[str, StoredColumn]:
        """Return the columns that share a stored table without absent rows, and without codes that are no more used."""
        coded = {one: column for one, column in sharing.items() if isinstance(column, CodedColumn)}
        select = only_present(rows, table(name))
        if not coded:
            written = self._store.column(select.select(aliased(stored(name), VALUE)))[0]
            return {one: replace(column, table=written) for one, column in sharing.items()}
        first = next(iter(coded.values()))
        parts = [array(part.column(0)) for part in self._requests.stream(select.select(aliased(code(first), VALUE)))]
        codes = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint16)
        used = np.bincount(codes, minlength=len(first.values)) > 0
        used[0] = True
        written = self._store.array(pa.array((np.cumsum(used) - 1).astype(np.uint16)[codes]))
        return {
            one: self._dictionaries.coded(written, list(compress(column.values, used)), column.type)
            for one, column in coded.items()
        }

    def undo(self, frame: Frame, bank_keys: str) -> Frame:
        """Return a compact data set spread over all units of the bank again, so that others can join it."""
        rows = rows_of(frame)
        if not is_compact(rows):
            return frame
        columns: dict[str, StoredColumn] = {}
        written: dict[str, str] = {}
        for name, column in frame.columns.items():
            if column.table not in written:
                spread = self._spread(rows, bank_keys, table(column.table), stored(column.table))
                written[column.table] = self._store.column(spread)[0]
            columns[name] = replace(column, table=written[column.table])
        here = self._spread(rows, bank_keys, table(rows.present), stored(rows.present))
        present, _ = self._store.mask(here)
        return Frame(replace(rows, keys=bank_keys, present=present, whole=None), columns)

    def _spread(self, rows: Rows, bank_keys: str, column: exp.Table, value: exp.Column) -> exp.Select:
        bank, units = bank_keys.split("/", 1)
        compact = exp.Select().from_(units_table(rows))
        compact.append("joins", exp.Join(this=column, method="POSITIONAL"))
        compact = compact.select(field(KEYS, _UNIT), aliased(value, VALUE))
        found = exp.Subquery(this=compact, alias=exp.TableAlias(this=exp.Identifier(this="d", quoted=True)))
        same = exp.EQ(this=field("u", _UNIT), expression=field("d", _UNIT))
        select = exp.select(aliased(field("d", VALUE), VALUE)).from_(bank_table(bank, units, "u"))
        select.append("joins", exp.Join(this=found, side="LEFT", on=same))
        return select.order_by(exp.Ordered(this=field("u", _UNIT)))
