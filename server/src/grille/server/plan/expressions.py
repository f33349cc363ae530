"""Bound, typed, engine-neutral expressions over the columns of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ValueType(StrEnum):
    """Types of values.

    NUMBER is a double (comparisons give 1 and 0); DATE is a whole number of days since 1970-01-01 and behaves as a
    number; STRING is text; KEY is a pseudonym that no expression may touch.
    """

    NUMBER = "number"
    DATE = "date"
    STRING = "string"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; None is the missing value."""

    value: float | int | str | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A variable of the data set, by its present name."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of the closed table plan/functions.py applied to arguments.

    Every function is total: it gives missing, never an error, for arguments without an answer (1/0, ln(-1), ...), and
    never NaN or an infinity.
    """

    function: str
    arguments: tuple[Expression, ...]
    type: ValueType


Expression = Constant | ColumnRef | Apply


def columns_of(expression: Expression) -> frozenset[str]:
    """Return the names of all columns that `expression` reads."""
    if isinstance(expression, ColumnRef):
        return frozenset((expression.name,))
    if isinstance(expression, Apply):
        return frozenset().union(*(columns_of(argument) for argument in expression.arguments))
    return frozenset()
