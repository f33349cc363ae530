"""Invented values of one variable: codes from its code list, numbers from what its documentation tells."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from grille.server.catalog.model import Code, RegisterVariable
from grille.server.catalog.twin.hints import Hint
from grille.server.catalog.twin.units import Units

_EPOCH = datetime.date(1970, 1, 1)
_LONG_LIST = 40
_MISSING_SHARE = 0.02
_OWN, _PLACE, _CHANCE = 0.6, 0.35, 0.72  # squares add up to one: scores are standard normal


@dataclass(frozen=True, slots=True)
class Scores:
    """What the values of a variable are drawn from, fixed for a unit over time.

    Attributes:
        units: Units of the variable's type.
        own: float64 (count,): standard normal score of each unit, partly its trait, partly its place, partly chance.
    """

    units: Units
    own: NDArray[np.float64]


def draw_scores(units: Units, random: np.random.Generator) -> Scores:
    """Return the scores of a variable, which tie it to the other variables of the twin and to nothing else."""
    sign = 1.0 if random.random() < 0.75 else -1.0
    own = sign * (_OWN * units.trait + _PLACE * units.climate) + _CHANCE * random.standard_normal(units.count)
    return Scores(units, own)


def values_on(
    variable: RegisterVariable,
    hint: Hint,
    scores: Scores,
    rows: NDArray[np.int64],
    day: datetime.date | None,
    targets: int,
    random: np.random.Generator,
) -> pa.Array:
    """Return one value for each of some units on a day.

    Args:
        variable: The variable.
        hint: What its documentation tells.
        scores: Of its units.
        rows: int64 (n,): numbers of the units.
        day: The day, for codes that are valid then; None for FIXED.
        targets: Number of units of the type that its values point to; 0 when it is no key.
        random: Source of chance.

    Returns:
        Arrow array (n,) of the type that the bank file has for such a variable.
    """
    if targets:
        return pa.array(_keys(scores, rows, targets))
    if any(not code.missing for code in variable.codes):
        return _coded(variable, scores, rows, day, random)
    if variable.data_type == "STRING":
        return _digits(hint.digits, scores, rows, random)
    if variable.data_type == "DATE":
        first = _days(variable.valid_from or datetime.date(1950, 1, 1))
        last = _days(variable.valid_until or datetime.date(2023, 12, 31))
        share = random.random(len(rows))
        return pa.array((first + share * max(last - first, 0)).astype(np.int32))
    numbers = _numbers(hint, scores, rows, day, random)
    if variable.data_type == "LONG":
        return pa.array(np.rint(numbers).astype(np.int64))
    return pa.array(numbers)


def _keys(scores: Scores, rows: NDArray[np.int64], targets: int) -> NDArray[np.uint32]:
    """Groups of neighbours: units in the same place point to the same few, on every day."""
    order = np.empty(scores.units.count, dtype=np.int64)
    order[np.lexsort((scores.own, scores.units.place))] = np.arange(scores.units.count)
    return (order[rows] * targets // scores.units.count).astype(np.uint32)


def _coded(
    variable: RegisterVariable,
    scores: Scores,
    rows: NDArray[np.int64],
    day: datetime.date | None,
    random: np.random.Generator,
) -> pa.Array:
    listed = [code for code in variable.codes if not code.missing]
    shown = [code for code in listed if day is None or _is_valid(code, day)] or listed
    missing = [code for code in variable.codes if code.missing and (day is None or _is_valid(code, day))]
    if len(shown) > _LONG_LIST:  # such as municipalities: a place has its code
        chosen = scores.units.place[rows] % len(shown)
        moved = random.random(len(rows)) < 0.05
        chosen = np.where(moved, random.integers(len(shown), size=len(rows)), chosen)
    else:
        # unequal shares, the same for every day: the list decides them, not the data
        shares = 1.0 / (2.0 + np.arange(len(shown)))
        edges = np.cumsum(shares / shares.sum())[:-1]
        score = _moving(scores.own[rows], random)
        chosen = np.searchsorted(edges, _uniform(score))
    codes = [str(code.code) for code in (*shown, *missing)]
    if missing:
        unknown = random.random(len(rows)) < _MISSING_SHARE
        chosen = np.where(unknown, len(shown) + random.integers(len(missing), size=len(rows)), chosen)
    if variable.data_type == "STRING":
        return pa.DictionaryArray.from_arrays(pa.array(chosen.astype(np.int32)), pa.array(codes))
    whole = np.array([float(code) for code in codes])[chosen]
    return pa.array(whole.astype(np.int64) if variable.data_type == "LONG" else whole)


def _digits(digits: int, scores: Scores, rows: NDArray[np.int64], random: np.random.Generator) -> pa.Array:
    """Codes that are not listed: the first digit goes with the unit, the next two with chance, the rest are zero."""
    first = np.clip((_uniform(_moving(scores.own[rows], random)) * 10).astype(np.int64), 0, 9)
    number = first * 100 + random.integers(10, size=len(rows)) * 10 + random.integers(3, size=len(rows))
    names = [f"{one:03d}"[:digits].ljust(digits, "0") for one in range(1000)]
    return pa.DictionaryArray.from_arrays(pa.array(number.astype(np.int32)), pa.array(names))


def _numbers(
    hint: Hint, scores: Scores, rows: NDArray[np.int64], day: datetime.date | None, random: np.random.Generator
) -> NDArray[np.float64]:
    score = _moving(scores.own[rows], random)
    share = _uniform(score)
    if hint.range is not None and hint.shape not in ("birth_month", "year_month"):
        low, high = hint.range
        return np.round(low + (high - low) * share, 4)
    year = (day or datetime.date(2020, 1, 1)).year
    match hint.shape:
        case "birth_month":
            return _month(1925 + 90 * _uniform(scores.own[rows]), random)
        case "year_month":
            return _month(1990 + 33 * share, random)
        case "year":
            return np.floor(1960 + 60 * share)
        case "money":
            return np.rint(np.exp(12.9 + 0.02 * (year - 2015) + 0.4 * score))
        case "percent":
            return np.round(100 * share, 1)
        case "count":
            return np.floor(-np.log1p(-share) * 1.5)
        case "age":
            return np.floor(95 * share)
        case "hours":
            return np.clip(np.round(35 + 8 * score, 1), 0.5, 80)
        case "generic":
            return np.round(100 + 15 * score, 2)


def _moving(score: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Return standard normal scores of a day that correlate 0.95 with those of other days."""
    moved: NDArray[np.float64] = 0.95**0.5 * score + 0.05**0.5 * random.standard_normal(len(score))
    return moved


def _uniform(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares in (0, 1) in the order of scores.

    Source: the logistic function with scale 1.702, within 0.01 of the normal distribution function (Camilli, 1994).
    """
    share: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-1.702 * score))
    return np.clip(share, 1e-9, 1 - 1e-9)


def _month(year: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    month: NDArray[np.float64] = np.floor(year) * 100 + random.integers(1, 13, size=len(year))
    return month


def _is_valid(code: Code, day: datetime.date) -> bool:
    return (code.valid_from is None or code.valid_from <= day) and (code.valid_until is None or code.valid_until >= day)


def _days(day: datetime.date) -> int:
    return (day - _EPOCH).days
