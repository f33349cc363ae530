"""The stored tables of a session: numbered names, writing, and dropping what no data set uses any more."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.connection import INCOMING, Requests, identifier
from grille.server.engines.duckdb.sql import DIALECT, SESSION, VALUE, bank_table, create, field

_COLUMN, _MASK, _LEVELS, _KEYS, _DICTIONARY = "c", "m", "f", "k", "d"


class Store:
    """Writes one-column tables into the session's file. Tables are never changed once written."""

    def __init__(self, requests: Requests) -> None:
        """Go on after the tables that the file holds already."""
        self._requests = requests
        self._levels: set[str] = set()
        self._swept: tuple[frozenset[str], int] | None = None
        self._next = 1 + max((int(name[1:]) for name in self._tables()), default=0)

    def column(self, select: exp.Expr) -> tuple[str, int]:
        """Store the values of a variable; return the table and its number of rows."""
        return self._write(_COLUMN, select)

    def array(self, values: pa.Array) -> str:
        """Store the values of a variable that were put together in memory; return the table."""
        name = self._name(_COLUMN)
        incoming = exp.select(exp.column(VALUE)).from_(exp.to_identifier(INCOMING))
        self._requests.run(create(name, incoming), pa.table({VALUE: values}))
        return name

    def dictionary(self, select: exp.Expr) -> str:
        """Store the values of codes 0, 1, 2, ...; return the table."""
        return self._write(_DICTIONARY, select)[0]

    def mask(self, select: exp.Expr) -> tuple[str, int]:
        """Store which rows belong to a data set; return the table and its number of rows."""
        return self._write(_MASK, select)

    def keys(self, select: exp.Expression) -> tuple[str, int]:
        """Store unit and record key of the rows of a compact data set."""
        return self._write(_KEYS, select)

    def levels(self, levels: Iterable[str]) -> str:
        """Store ascending levels as an enumeration type, kept until the next sweep; return its name."""
        name = self._name(_LEVELS)
        literals = ", ".join(exp.Literal.string(level).sql(DIALECT) for level in levels)
        self._requests.run(f"CREATE TYPE {_path(name)} AS ENUM ({literals})")
        self._levels.add(name)
        return name

    def sweep(self, live: Iterable[Frame]) -> None:
        """Drop every table that no frame of `live` uses, and all level types."""
        used = {column.table for frame in live for column in frame.columns.values()}
        used |= {column.dictionary for frame in live for column in frame.columns.values() if column.dictionary}
        used |= {frame.rows.present for frame in live if frame.rows is not None}
        used |= {frame.rows.keys.split("/", 1)[1] for frame in live if frame.rows is not None}
        used |= {frame.rows.whole[1] for frame in live if frame.rows is not None and frame.rows.whole is not None}
        if not self._levels and (frozenset(used), self._next) == self._swept:
            return  # nothing was written, and the same is used
        for name in sorted(self._levels):
            self._requests.run(f"DROP TYPE IF EXISTS {_path(name)}")
        self._levels.clear()
        for name in self._tables():
            if name not in used:
                self._requests.run(f"DROP TABLE IF EXISTS {_path(name)}")
        self._swept = (frozenset(used), self._next)

    def _write(self, kind: str, select: exp.Expr) -> tuple[str, int]:
        name = self._name(kind)
        return name, self._requests.run(create(name, select))

    def _name(self, kind: str) -> str:
        name = f"{kind}{self._next}"
        self._next += 1
        return name

    def _tables(self) -> list[str]:
        select = exp.select(field("t", "table_name")).from_(
            exp.Table(this=exp.Anonymous(this="duckdb_tables"), alias=exp.TableAlias(this=exp.to_identifier("t")))
        )
        mine = exp.EQ(this=field("t", "database_name"), expression=exp.Literal.string(SESSION))
        return [str(name) for (name,) in self._requests.rows(select.where(mine), changing=True)]


def is_dense(requests: Requests, bank: str, table: str) -> bool:
    """Tell whether the units of a bank's table are 0, 1, 2, ... in the order of storage."""
    units = bank_table(bank, table, "u")
    out_of_place = exp.NEQ(this=field("u", "unit"), expression=exp.column("rowid", "u"))
    select = exp.select(exp.Count(this=exp.Star())).from_(units).where(out_of_place)
    return requests.rows(select)[0][0] == 0


def _path(name: str) -> str:
    return ".".join(identifier(part) for part in (SESSION, "main", name))
