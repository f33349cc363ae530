"""Reading a register variable into a column: as codes where it has few values, by position instead of a join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Rows, Source, StoredColumn
from grille.server.engines.duckdb.coded import MOST_CODES
from grille.server.engines.duckdb.connection import Requests, array
from grille.server.engines.duckdb.dictionaries import Dictionaries, Value
from grille.server.engines.duckdb.factors import LISTED_LEVELS, enumerated
from grille.server.engines.duckdb.sources import column, every_value, observations
from grille.server.engines.duckdb.sql import (
    KEYS,
    aliased,
    bank_table,
    cast,
    field,
    function,
    table,
    units_table,
    whole,
)
from grille.server.engines.duckdb.store import Store
from grille.server.errors import InternalError
from grille.server.plan.expressions import ValueType
from grille.server.text import Text

_ROWS = "w"
_WHOLE_NUMBERS = frozenset(("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"))
_MOST_POSITIONS = 4
_MOST_SPAN = 65_535
_FEW = 64


@dataclass(frozen=True, slots=True)
class _Codes:
    """How values become codes: the SQL of a code from 1 on, 0 for none, and the values by code.

    `sparse` says that many of the values do not occur, and that the codes should be numbered anew.
    """

    sql: exp.Expr
    values: tuple[Value, ...]
    sparse: bool


class Readings:
    """Reads register variables of attached banks into columns."""

    def __init__(self, requests: Requests, store: Store, dictionaries: Dictionaries) -> None:
        """Read with `requests`, write to `store` and `dictionaries`."""
        self._requests = requests
        self._store = store
        self._dictionaries = dictionaries
        self._positions: dict[str, NDArray[np.uint32]] = {}

    def everyone(self, source: Source, chosen: str | None, size: int) -> StoredColumn:
        """Read a fixed variable that has one row for each unit, in their order; `chosen` is a table of which to take.

        Args:
            source: The variable.
            chosen: Table that tells which units to take; None takes all.
            size: Rows that are expected.

        Raises:
            InternalError: BANK_INCONSISTENT.
        """
        codes = self._codes(source)
        taken = None if chosen is None else table(chosen)
        if codes is None:
            return self._stored(source, every_value(source, _value(), taken), size)
        one = cast(exp.Coalesce(this=codes.sql, expressions=[exp.Literal.number(0)]), "USMALLINT")
        parts = [array(part.column(0)) for part in self._requests.stream(every_value(source, one, taken))]
        found = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint16)
        if len(found) != size:
            raise two_values()
        return self._coded(source, codes, found)

    def dated(self, source: Source, rows: Rows | None, keys: str, units: int, size: int) -> StoredColumn:
        """Read the values that `source` asks for, one per row.

        Args:
            source: The variable.
            rows: The rows of a compact data set; None when they are all units of the bank.
            keys: Token of the bank's table of units, or of the compact rows.
            units: Units of the bank, at least.
            size: Rows of the column.

        Raises:
            InternalError: BANK_INCONSISTENT when a unit has two values.
        """
        codes = self._codes(source)
        if codes is None and source.type not in (ValueType.NUMBER, ValueType.DATE):
            bank, name = keys.split("/", 1)
            return self._stored(source, column(source, bank_table(bank, name, "u")), size)
        positions = None if rows is None else self._positions_of(rows)
        units = max(units, 0 if positions is None else int(positions.max(initial=0)) + 1)
        if codes is not None:
            return self._coded(
                source, codes, self._placed(source, codes.sql, np.zeros(units, dtype=np.uint16), positions)
            )
        if self._stored_type(source) in _WHOLE_NUMBERS:
            nothing = np.iinfo(np.int64).min
            long = self._placed(source, _value(), np.full(units, nothing, dtype=np.int64), positions)
            return StoredColumn(self._store.array(pa.array(long, mask=long == nothing)), source.type)
        double = self._placed(source, cast(_value(), "DOUBLE"), np.full(units, np.nan), positions)
        return StoredColumn(self._store.array(pa.array(double, mask=np.isnan(double))), source.type)

    def _coded(self, source: Source, codes: _Codes, found: NDArray[Any]) -> StoredColumn:
        """Store the codes of the rows; None for code 0 stays even where every row has a value."""
        values = codes.values
        if codes.sparse:
            occur = np.bincount(found, minlength=len(values)) > 0
            occur[0] = True
            if np.count_nonzero(occur) > MOST_CODES:
                numbers = np.array([np.nan, *(float(str(one)) for one in values[1:])])[found]
                return StoredColumn(self._store.array(pa.array(numbers, mask=np.isnan(numbers))), source.type)
            found = (np.cumsum(occur) - 1).astype(np.uint16)[found]
            values = tuple(value for value, here in zip(values, occur, strict=True) if here)
        return self._dictionaries.coded(self._store.array(pa.array(found)), values, source.type)

    def _stored(self, source: Source, select: exp.Select, size: int) -> StoredColumn:
        name, count = self._store.column(select)
        if count != size:
            raise two_values()
        return StoredColumn(name, source.type)

    def _placed(
        self, source: Source, sql: exp.Expr, out: NDArray[Any], positions: NDArray[np.uint32] | None
    ) -> NDArray[Any]:
        """Write what `sql` gives for each observation to its unit's place in `out`, and choose the rows.

        Args:
            source: The variable.
            sql: What to write.
            out: One value per unit, all of them "none".
            positions: Unit of each row; None for all units in their order.
        """
        nothing = out[:1].copy()
        count = 0
        for batch in self._requests.stream(observations(source, aliased(sql, "found"))):
            unit = array(batch.column(0))
            out[unit] = array(batch.column(1))
            count += len(unit)
        filled = ~np.isnan(out) if out.dtype.kind == "f" else out != nothing
        if np.count_nonzero(filled) != count:
            raise two_values()
        return out if positions is None else out[positions]

    def _positions_of(self, rows: Rows) -> NDArray[np.uint32]:
        """Return the unit of each row of a compact data set."""
        if rows.keys not in self._positions:
            while len(self._positions) >= _MOST_POSITIONS:
                self._positions.pop(next(iter(self._positions)))
            units = self._requests.arrays(exp.select(field(KEYS, "unit")).from_(units_table(rows)))["unit"]
            self._positions[rows.keys] = np.ma.getdata(units).astype(np.uint32, copy=False)
        return self._positions[rows.keys]

    def _codes(self, source: Source) -> _Codes | None:
        """Return the coding of a variable, or None when it has many values, fractions, or pseudonyms."""
        if source.type is ValueType.KEY:
            return None
        if source.type is ValueType.STRING:
            return self._text_codes(source)
        if self._stored_type(source) not in _WHOLE_NUMBERS:
            return None
        ends = observations(source, exp.Min(this=_value()), exp.Max(this=_value()), unit=False)
        ((low, high),) = self._requests.rows(ends)
        if not isinstance(low, int) or not isinstance(high, int) or high - low + 2 > _MOST_SPAN:
            return None
        place = (
            exp.Sub(this=_value(), expression=whole(low - 1))
            if low >= 1
            else exp.Add(this=_value(), expression=whole(1 - low))
        )
        values = (None, *(float(one) for one in range(low, high + 1)))
        return _Codes(cast(exp.Paren(this=place), "USMALLINT"), values, sparse=len(values) > _FEW)

    def _text_codes(self, source: Source) -> _Codes | None:
        distinct = observations(source, _value(), unit=False).distinct().limit(MOST_CODES)
        found = self._requests.rows(distinct)
        if len(found) >= MOST_CODES:
            return None
        values = sorted((str(one) for (one,) in found), key=lambda text: text.encode())
        if len(values) <= LISTED_LEVELS:
            # runs once per entry of a stored dictionary
            listed = cast(exp.Array(expressions=[exp.Literal.string(one) for one in values]), "VARCHAR[]")
            return _Codes(cast(function("list_position", listed, _value()), "USMALLINT"), (None, *values), sparse=False)
        after_zero = exp.Add(this=enumerated(self._store, values, _value()), expression=exp.Literal.number(1))
        return _Codes(cast(after_zero, "USMALLINT"), (None, *values), sparse=False)

    def _stored_type(self, source: Source) -> str:
        bank = bank_table(source.bank, source.table, _ROWS)
        kinds = self._requests.rows(exp.select(function("typeof", _value())).from_(bank).limit(1))
        return str(kinds[0][0]) if kinds else ""


def two_values() -> InternalError:
    """Return the error of a bank in which a unit has two values at one date."""
    return inconsistent("a unit has two values at one date", "en enhet har to verdier på én dato")


def inconsistent(english: str, norwegian: str) -> InternalError:
    """Return the error of a bank that is not as it must be."""
    return InternalError(
        "BANK_INCONSISTENT",
        Text(f"The data bank breaks its own rules: {english}.", f"Databanken bryter sine egne regler: {norwegian}."),
    )


def _value() -> exp.Column:
    return field(_ROWS, "value")
