"""Pieces of SQL with what is known about their values, and the few ways to put pieces together.

A *clean* number is finite or NULL. Sums and products need no check in between, because a NaN or an infinity that
appears on the way never turns into a finite number again; it is removed where the value is used for anything else.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from sqlglot import exp

Sql = exp.Expr
"""A node of a sqlglot tree."""
Value = Callable[[], Sql]
"""Gives a fresh copy of a piece of SQL each time it is used."""

_SMALL: Final = 12
"""A piece of at most this many nodes is repeated rather than named."""
_CHAIN: Final = 150
"""Longest run of one operator; DuckDB refuses trees deeper than 1000."""
_EXACT: Final = 2**53


class Form(Enum):
    """What kind of SQL value a piece gives."""

    NUMBER = auto()
    TRUTH = auto()  # BOOLEAN, never NULL
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL.

    Attributes:
        sql: The piece; used once.
        form: Its kind.
        clean: For numbers, whether the value is finite or NULL.
        double: For numbers, whether its SQL type is DOUBLE.
    """

    sql: Sql
    form: Form = Form.NUMBER
    clean: bool = True
    double: bool = True


def call(name: str, *arguments: Sql) -> Sql:
    """Return a call of a DuckDB function."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def whole(value: int) -> Sql:
    """Return an integer literal."""
    literal = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def double(value: float) -> Sql:
    """Return a DOUBLE literal."""
    return cast(exp.Literal.string(repr(float(value))), "DOUBLE")


def number(value: float | int) -> Fragment:
    """Return the piece for a number, which must be finite."""
    if isinstance(value, int) and abs(value) < _EXACT:
        return Fragment(whole(value), double=False)
    return Fragment(double(value)) if math.isfinite(value) else Fragment(null("DOUBLE"))


def null(type_name: str) -> Sql:
    """Return a NULL of an SQL type."""
    return cast(exp.Null(), type_name)


def cast(sql: Sql, type_name: str) -> Sql:
    """Return a cast to an SQL type."""
    return exp.Cast(this=sql, to=exp.DataType.build(type_name, dialect="duckdb"))


def case(*branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    """Return the value of the first branch whose condition is true; DuckDB computes a branch for its own rows only."""
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches], default=otherwise)


def coalesce(sql: Sql, default: Sql) -> Sql:
    """Return `sql`, or `default` where it is NULL."""
    return exp.Coalesce(this=sql, expressions=[default])


def enclosed(sql: Sql) -> Sql:
    """Return `sql` in parentheses unless it needs none."""
    return exp.Paren(this=sql) if isinstance(sql, exp.Binary | exp.Unary | exp.Between | exp.In) else sql


def infix(kind: type[exp.Binary], left: Sql, right: Sql) -> Sql:
    """Return `left operator right`."""
    return kind(this=enclosed(left), expression=enclosed(right))


def chain(kind: type[exp.Binary], parts: Sequence[Sql]) -> Sql:
    """Return `a operator b operator c ...`, from left to right in runs of bounded length."""
    if len(parts) > _CHAIN:
        runs = [chain(kind, parts[start : start + _CHAIN]) for start in range(0, len(parts), _CHAIN)]
        return chain(kind, runs)
    result = enclosed(parts[0])
    for part in parts[1:]:
        result = kind(this=result, expression=enclosed(part))
    return result


def both(*conditions: Sql) -> Sql:
    """Return the conjunction of conditions."""
    return chain(exp.And, conditions)


def is_whole(value: Value) -> Sql:
    """Return whether a number has no fraction."""
    return infix(exp.EQ, call("trunc", value()), value())


def within(value: Sql, low: float, high: float) -> Sql:
    """Return whether a number is in a closed range."""
    return exp.Between(this=enclosed(value), low=double(low), high=double(high))


def array(items: Iterable[Sql]) -> Sql:
    """Return a list."""
    return exp.Array(expressions=list(items))


class Names:
    """Gives the parameters of lambda expressions names of their own."""

    def __init__(self) -> None:
        self._used = 0

    def let(self, sql: Sql, body: Callable[[Value], Sql]) -> Sql:
        """Return `body` of a value that is computed once, however often the body uses it.

        A small piece is repeated. A larger one becomes the single element of a list that is mapped; without that,
        nested expressions would double in size with each level.
        """
        if _is_small(sql):
            return body(sql.copy)
        return call("list_extract", self.map(array([sql]), body), whole(1))

    def let_all(self, pieces: Sequence[Sql], body: Callable[..., Sql], *bound: Value) -> Sql:
        """Return `body` of several values, each computed once."""
        if not pieces:
            return body(*bound)
        return self.let(pieces[0], lambda value: self.let_all(pieces[1:], body, *bound, value))

    def map(self, items: Sql, body: Callable[[Value], Sql]) -> Sql:
        """Return the list of `body` of every element."""
        return call("list_transform", items, self._lambda(body))

    def finite(self, sql: Sql) -> Sql:
        """Return a number, or NULL where it is a NaN or an infinity."""
        if _is_small(sql):
            return case((call("isfinite", sql), sql.copy()))
        kept = call("list_filter", array([sql]), self._lambda(lambda value: call("isfinite", value())))
        return call("list_extract", kept, whole(1))

    def _lambda(self, body: Callable[[Value], Sql]) -> Sql:
        self._used += 1
        name = f"lambda_{self._used}"
        return exp.Lambda(this=body(lambda: exp.column(name)), expressions=[exp.to_identifier(name)])

    def doubled(self, fragment: Fragment) -> Sql:
        """Return a number as DOUBLE, clean or not."""
        if fragment.form is Form.NUMBER and fragment.double:
            return fragment.sql
        return cast(fragment.sql, "DOUBLE")

    def clean(self, fragment: Fragment) -> Sql:
        """Return a number as DOUBLE, finite or NULL."""
        sql = self.doubled(fragment)
        return sql if fragment.clean else self.finite(sql)

    def comparable(self, fragment: Fragment) -> Sql:
        """Return a value for comparison; a column stays as it is, so that blocks of rows can be skipped."""
        if fragment.form is Form.TRUTH:
            return cast(fragment.sql, "TINYINT")
        return fragment.sql if fragment.clean else self.finite(fragment.sql)


def _is_small(sql: Sql) -> bool:
    return sum(1 for _ in itertools.islice(sql.walk(), _SMALL + 1)) <= _SMALL


Emit = Callable[[Names, list[Fragment]], Fragment]
"""Writes the SQL of a function from the SQL of its arguments."""
