"""DuckDB SQL of the functions of dates, which are days since 1970-01-01: total, as in sql_functions.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from grille.server.engines.sql_fragments import (
    Emit,
    Form,
    Fragment,
    Names,
    Sql,
    Value,
    both,
    call,
    case,
    cast,
    chain,
    double,
    infix,
    is_whole,
    whole,
    within,
)
from grille.server.plan.functions import FIRST_DAY, LAST_DAY

_EPOCH: Final = "1970-01-01"


def _date(names: Names, arguments: list[Fragment]) -> Fragment:
    def body(year: Value, month: Value, day: Value) -> Sql:
        leap = both(
            exp.EQ(this=call("fmod", year(), double(4)), expression=double(0)),
            chain(
                exp.Or,
                [
                    exp.NEQ(this=call("fmod", year(), double(100)), expression=double(0)),
                    exp.EQ(this=call("fmod", year(), double(400)), expression=double(0)),
                ],
            ),
        )
        last = case(
            (exp.In(this=month(), expressions=[whole(4), whole(6), whole(9), whole(11)]), whole(30)),
            (exp.NEQ(this=month(), expression=whole(2)), whole(31)),
            (leap, whole(29)),
            otherwise=whole(28),
        )
        possible = both(
            within(year(), 1, 9999),
            within(month(), 1, 12),
            infix(exp.GTE, day(), whole(1)),
            infix(exp.LTE, day(), last),
            *(is_whole(part) for part in (year, month, day)),
        )
        made = call("make_date", *(cast(part(), "BIGINT") for part in (year, month, day)))
        return case((possible, cast(infix(exp.Sub, made, _epoch()), "INTEGER")))

    return Fragment(names.let_all([names.clean(part) for part in arguments], body), double=False)


def _epoch() -> Sql:
    return cast(exp.Literal.string(_EPOCH), "DATE")


def _on_day(compute: Callable[[Sql], Sql]) -> Callable[[Names, list[Fragment]], Sql]:
    """Return the SQL maker of a function of a calendar day."""

    def emit(names: Names, arguments: list[Fragment]) -> Sql:
        def body(value: Value) -> Sql:
            day = infix(exp.Add, _epoch(), cast(call("floor", value()), "INTEGER"))
            return case((within(call("floor", value()), FIRST_DAY, LAST_DAY), compute(day)))

        return names.let(names.clean(arguments[0]), body)

    return emit


def _named(name: str) -> Callable[[Sql], Sql]:
    return lambda day: call(name, day)


def _date_part(compute: Callable[[Sql], Sql]) -> Emit:
    emit = _on_day(compute)
    return lambda names, arguments: Fragment(emit(names, arguments), double=False)


def _isoformatdate(names: Names, arguments: list[Fragment]) -> Fragment:
    emit = _on_day(lambda day: call("strftime", day, exp.Literal.string("%Y-%m-%d")))
    return Fragment(emit(names, arguments), Form.TEXT)


def _halfyear(day: Sql) -> Sql:
    return case((infix(exp.LTE, call("month", day), whole(6)), whole(1)), otherwise=whole(2))


DATES: Final[Mapping[str, Emit]] = MappingProxyType(
    {
        "date": _date,
        "isoformatdate": _isoformatdate,
        **{part: _date_part(_named(part)) for part in ("day", "month", "week", "year", "quarter")},
        "halfyear": _date_part(_halfyear),
        "dow": _date_part(_named("isodow")),
        "doy": _date_part(_named("dayofyear")),
    }
)
"""How each function of dates is written."""
