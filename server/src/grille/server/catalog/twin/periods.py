"""When the values of a twin's variable hold: once, on its measuring days, in each year, or in spells."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.catalog.model import RegisterVariable

_COVERAGE = 0.94
_CHANGES = 0.3
_LATE = 0.25
_FIRST, _LAST = datetime.date(2015, 1, 1), datetime.date(2024, 12, 31)
_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table that are made together.

    Attributes:
        units: int64 (n,): the units, ascending.
        day: A day on which they all hold, for codes; None for FIXED.
        start: int32 (n,) days since 1970-01-01, or None for FIXED.
        stop: float64 (n,) days, NaN for spells that go on; None for FIXED.
    """

    units: NDArray[np.int64]
    day: datetime.date | None
    start: NDArray[np.int32] | None
    stop: NDArray[np.float64] | None


def parts(variable: RegisterVariable, count: int, random: np.random.Generator) -> Iterator[Part]:
    """Yield the rows of a variable of `count` units."""
    first, last = variable.valid_from or _FIRST, variable.valid_until or _LAST
    match variable.temporality:
        case "FIXED":
            yield Part(_covered(count, random), None, None, None)
        case "STATUS":
            for day in variable.status_dates:
                units = _covered(count, random)
                yield Part(units, day, _full(units, day), _full(units, day).astype(np.float64))
        case "ACCUMULATED":
            for year in range(first.year, last.year + 1):
                start, stop = max(first, datetime.date(year, 1, 1)), min(last, datetime.date(year, 12, 31))
                units = _covered(count, random)
                yield Part(units, start, _full(units, start), _full(units, stop).astype(np.float64))
        case "EVENT":
            yield from _spells(count, first, last, random)


def _spells(count: int, first: datetime.date, last: datetime.date, random: np.random.Generator) -> Iterator[Part]:
    """One or two spells for each unit; the last one goes on."""
    units = _covered(count, random)
    low, high = _days(first), _days(last)
    late = random.random(len(units)) < _LATE
    start = np.where(late, low + random.random(len(units)) * (high - low) * 0.5, low).astype(np.int32)
    change = (start + 1 + random.random(len(units)) * np.maximum(high - start - 1, 0)).astype(np.int32)
    changes = (random.random(len(units)) < _CHANGES) & (change < high)
    stop = np.where(changes, change - 1.0, np.nan)
    yield Part(units, first, start, stop)
    yield Part(units[changes], last, change[changes], np.full(int(changes.sum()), np.nan))


def _covered(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.flatnonzero(random.random(count) < _COVERAGE)
    return found


def _full(units: NDArray[np.int64], day: datetime.date) -> NDArray[np.int32]:
    return np.full(len(units), _days(day), dtype=np.int32)


def _days(day: datetime.date) -> int:
    return (day - _EPOCH).days
