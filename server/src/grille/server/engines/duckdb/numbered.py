"""Counts, cell keys and sketches of groups whose values can be numbered: added up in arrays, without a hash table.

Codes are numbers already, and whole numbers that lie close together are numbers but for the lowest. The figures are
whole numbers and XORs, so theirs are exact in any order.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import MOST_ROWS_KEPT, Requests, array
from grille.server.engines.duckdb.counts import ascending, group_column
from grille.server.engines.duckdb.factors import TABULATED_SPAN
from grille.server.engines.duckdb.sql import (
    DIALECT,
    KEYS,
    aliased,
    code,
    composition,
    double,
    field,
    function,
    rows_of,
    sketch_words,
    table,
    value,
)
from grille.server.plan.aggregates import Aggregation, Groups, MeasureKind
from grille.server.plan.expressions import ColumnRef, Expression, ValueType

_COUNTED = frozenset((MeasureKind.UNITS, MeasureKind.CELL_KEY, MeasureKind.SKETCH))
_MOST_CELLS = 1_000_000
_MOST_NUMBERS = 2**62
_HALF = 16
_ENDS = re.compile(r"\[Min: (-?[0-9][-+.e0-9]*), Max: (-?[0-9][-+.e0-9]*)\]")

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _By:
    """How the values of a group expression are numbered from 0, ascending, missing last.

    Attributes:
        sql: Gives what is numbered: a code, or a number and `low + count - 1` where it is missing.
        places: Number by code; None when `sql` gives numbers.
        low: Lowest number, which is 0 then.
        count: How many there are, a missing one counted.
        levels: Values by number for codes.
    """

    sql: exp.Expr
    places: Whole | None
    low: int
    count: int
    levels: tuple[str | float | None, ...] = ()

    def numbered(self, found: NDArray[np.generic]) -> Whole | None:
        """Return the numbers of what `sql` gave; None when one is not whole, or not where it was expected."""
        if self.places is not None:
            return np.take(self.places, found.astype(np.uint16, copy=False))
        away = np.asarray(found, dtype=np.float64) - self.low
        place = away.astype(np.int64)
        inside = not place.size or (int(place.min()) >= 0 and int(place.max()) < self.count)
        return place if inside and np.array_equal(place, away) else None

    def value(self, place: int) -> str | float | None:
        """Return the value that has a number."""
        if self.places is not None:
            return self.levels[place]
        return None if place == self.count - 1 else float(self.low + place)


def counts_of_numbered(requests: Requests, frame: Frame, request: Aggregation) -> Groups | None:
    """Compute counts, keys and sketches of groups, row by row but without a hash table.

    Args:
        requests: Where to read.
        frame: An opened frame.
        request: A folded aggregation.

    Returns:
        The groups, or None when more is asked for, a group cannot be numbered, or there are too many that do not lie
        in those of one expression.
    """
    kinds = frozenset(one.kind for one in request.measures)
    if not request.by or not kinds <= _COUNTED:
        return None
    by = [_by(requests, frame, one) for _, one in request.by]
    known = [one for one in by if one is not None]
    if len(known) < len(by) or math.prod(one.count for one in known) > _MOST_NUMBERS:
        return None
    keyed, sketched = MeasureKind.CELL_KEY in kinds, MeasureKind.SKETCH in kinds
    select = composition(
        frame,
        [one for _, one in request.by],
        keys=keyed,
        sketches=sketched,
        where=request.where,
        complete=request.complete,
    )
    read = list(dict.fromkeys(one.sql for one in known))
    words = [field(KEYS, "record_key")] if keyed else []
    words += sketch_words(rows_of(frame)) if sketched else []
    for number, sql in enumerate((*read, *words)):
        select = select.select(aliased(sql.copy(), f"x{number}"))
    values = hashlib.sha256(repr([(one.levels, one.low, one.count) for one in known]).encode()).hexdigest()
    found = requests.remembered(
        f"{select.sql(DIALECT)} -- {values} {[read.index(one.sql) for one in known]}",
        lambda: _Sums(known, keyed, sketched).read(requests, select, [read.index(one.sql) for one in known]),
        lambda found: found is not None and len(found[0][0]) <= MOST_ROWS_KEPT,
    )
    if found is None:
        return None
    places, figures = found
    return Groups(
        {
            name: group_column([one.value(place) for place in own.tolist()])
            for (name, _), one, own in zip(request.by, known, places, strict=True)
        },
        {one.key: figures[one.kind].copy() for one in request.measures},
    )


def _by(requests: Requests, frame: Frame, expression: Expression) -> _By | None:
    column = frame.columns[expression.name] if isinstance(expression, ColumnRef) else None
    if isinstance(column, CodedColumn):
        levels = tuple(key[0] for key in sorted({(one,) for one in column.values}, key=ascending))
        at = {level: place for place, level in enumerate(levels)}
        return _By(code(column), np.array([at[one] for one in column.values], dtype=np.int64), 0, len(levels), levels)
    if column is None or expression.type not in (ValueType.NUMBER, ValueType.DATE):
        return None
    number = value(frame, expression)
    ends = _ends(requests, number, column.table)
    if ends is None or not ends[1] - ends[0] < TABULATED_SPAN:
        return None
    low, high = math.floor(ends[0]), math.floor(ends[1])
    missing = exp.Coalesce(this=number, expressions=[double(high + 1)])
    return _By(missing, None, low, high - low + 2)


def _ends(requests: Requests, number: exp.Expr, name: str) -> tuple[float, float] | None:
    """Return numbers between which a stored table lies, by its own bookkeeping; None where that has none."""
    select = exp.select(function("stats", number.copy())).from_(table(name)).limit(1)
    told = _ENDS.match(str(next(iter(requests.rows(select)), ("",))[0]))
    if told is None:
        return None
    low, high = (float(one) for one in told.groups())
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


class _Sums:
    """Figures by cell: a cell is a combination, or a value of the expression that has most when these are too many."""

    def __init__(self, by: Sequence[_By], keyed: bool, sketched: bool) -> None:
        self._by = by
        self._keyed = keyed
        total = math.prod(one.count for one in by)
        self._inner = None if total <= _MOST_CELLS else max(range(len(by)), key=lambda place: by[place].count)
        cells = total if self._inner is None else by[self._inner].count
        self._outer = np.full(0 if self._inner is None else cells, -1, dtype=np.int64)
        self._n = np.zeros(cells, dtype=np.int64)
        self._key = np.zeros(cells if keyed else 0, dtype=np.uint64)
        self._words = np.zeros((6 if sketched else 0, cells), dtype=np.uint64)

    def read(
        self, requests: Requests, select: exp.Select, at: Sequence[int]
    ) -> tuple[tuple[Whole, ...], Mapping[MeasureKind, NDArray[np.generic]]] | None:
        """Return numbers by expression of the groups that occur, ascending, and their figures.

        Args:
            requests: Where to read.
            select: Gives what is numbered, then record keys and words.
            at: Place in it of each expression.
        """
        first = max(at) + 1
        for batch in requests.stream(select):
            columns = [array(column) for column in batch.columns]
            numbers = [one.numbered(columns[place]) for one, place in zip(self._by, at, strict=True)]
            whole = [one for one in numbers if one is not None]
            if len(whole) < len(numbers) or not self._add(whole, columns[first:]):
                return None
        return self._result()

    def _add(self, numbers: Sequence[Whole], words: Sequence[NDArray[np.generic]]) -> bool:
        combined = self._combined(numbers, range(len(numbers)) if self._inner is None else self._others())
        cell = combined if self._inner is None else numbers[self._inner]
        if not cell.size:
            return True
        if self._inner is not None:
            unknown = self._outer[cell] < 0
            self._outer[cell[unknown]] = combined[unknown]
            if not np.array_equal(self._outer[cell], combined):
                return False
        self._n += np.bincount(cell, minlength=len(self._n))
        if words:
            order = _order(cell)
            ordered = cell[order]
            start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
            met = ordered[start]
            if self._keyed:
                self._key[met] += np.add.reduceat(words[0][order], start)
            for own, word in zip(self._words, words[1 if self._keyed else 0 :], strict=False):
                own[met] ^= np.bitwise_xor.reduceat(word[order], start)
        return True

    def _others(self) -> list[int]:
        return [place for place in range(len(self._by)) if place != self._inner]

    def _combined(self, numbers: Sequence[Whole], chosen: Sequence[int]) -> Whole:
        combined = np.zeros(len(numbers[0]), dtype=np.int64)
        for place in chosen:
            combined *= self._by[place].count
            combined += numbers[place]
        return combined

    def _result(self) -> tuple[tuple[Whole, ...], Mapping[MeasureKind, NDArray[np.generic]]]:
        used = np.flatnonzero(self._n)
        chosen = list(range(len(self._by))) if self._inner is None else self._others()
        sizes = [self._by[place].count for place in chosen]
        apart = np.unravel_index(used if self._inner is None else self._outer[used], sizes) if chosen else ()
        numbers = dict(zip(chosen, apart, strict=True))
        if self._inner is not None:
            numbers[self._inner] = used
        places = [numbers[place] for place in range(len(self._by))]
        order = np.lexsort(places[::-1])
        used = used[order]
        return tuple(one[order] for one in places), {
            MeasureKind.UNITS: self._n[used],
            MeasureKind.CELL_KEY: self._key[used] if self._keyed else self._key,
            MeasureKind.SKETCH: np.ascontiguousarray(self._words[:, used].T),
        }


def _order(cell: Whole) -> NDArray[np.intp]:
    """Return the order of ascending cells, sorted by halves: sorting 16 bits takes no comparisons."""
    order = np.argsort(cell.astype(np.uint16), kind="stable")
    high = cell >> _HALF
    return order[np.argsort(high[order].astype(np.uint16), kind="stable")] if high.any() else order
