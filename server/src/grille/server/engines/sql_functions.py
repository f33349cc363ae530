"""DuckDB SQL of the named functions of plan/functions.py: mathematics, rows, strings; dates stand in sql_dates.py.

DuckDB raises an error for most impossible arguments. Every function here asks first, in a CASE whose branches DuckDB
computes only for the rows that they are for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from grille.server.engines.sql_dates import DATES
from grille.server.engines.sql_fragments import (
    Emit,
    Form,
    Fragment,
    Names,
    Sql,
    Value,
    array,
    both,
    call,
    case,
    cast,
    chain,
    coalesce,
    double,
    infix,
    is_whole,
    whole,
    within,
)
from grille.server.plan.functions import MAX_DRAWN, MAX_TEXT

_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN_DIGITS: Final = 1e15


# --- mathematics -------------------------------------------------------------------------------------------------


def _plain(name: str, *, clean: bool) -> Emit:
    """A function that has an answer for every finite number; `clean` says whether the answer is always finite."""
    return lambda names, arguments: Fragment(call(name, names.clean(arguments[0])), clean=clean)


def _through(name: str) -> Emit:
    """A function that keeps NaN and infinities what they are."""
    return lambda names, arguments: Fragment(call(name, names.doubled(arguments[0])), clean=arguments[0].clean)


def _where(allowed: Callable[[Value], Sql], compute: Callable[[Value], Sql], *, clean: bool = True) -> Emit:
    """A function with an answer only for some numbers."""

    def emit(names: Names, arguments: list[Fragment]) -> Fragment:
        sql = names.let(names.clean(arguments[0]), lambda value: case((allowed(value), compute(value))))
        return Fragment(sql, clean=clean)

    return emit


def _positive(value: Value) -> Sql:
    return infix(exp.GT, value(), whole(0))


def _ceil(names: Names, arguments: list[Fragment]) -> Fragment:
    def body(value: Value) -> Sql:
        return case((infix(exp.LT, value(), whole(0)), call("floor", value())), otherwise=call("ceil", value()))

    return Fragment(names.let(names.doubled(arguments[0]), body), clean=arguments[0].clean)


def _round(names: Names, arguments: list[Fragment]) -> Fragment:
    value = names.doubled(arguments[0])
    if len(arguments) == 1:
        return Fragment(call("round", value), clean=arguments[0].clean)

    def body(unit: Value) -> Sql:
        steps = call("round", infix(exp.Div, value, unit()))
        return case((_positive(unit), infix(exp.Mul, steps, unit())))

    return Fragment(names.let(names.clean(arguments[1]), body), clean=False)


def _comb(names: Names, arguments: list[Fragment]) -> Fragment:
    """The product over j of (n - k + j) / j with the smaller of k and n - k; it grows with every factor."""

    def body(n: Value, k: Value) -> Sql:
        possible = both(is_whole(n), is_whole(k), infix(exp.GTE, k(), whole(0)), infix(exp.LTE, k(), n()))
        drawn = call("least", k(), infix(exp.Sub, n(), k()))
        product = names.let(drawn, lambda smaller: _falling(names, n, smaller))
        few = infix(exp.LTE, drawn.copy(), whole(MAX_DRAWN))
        return case((both(possible, few), product))

    return Fragment(names.let_all([names.clean(part) for part in arguments], body), clean=False)


def _falling(names: Names, n: Value, drawn: Value) -> Sql:
    steps = call("range", whole(1), cast(infix(exp.Add, drawn(), whole(1)), "BIGINT"))

    def factor(step: Value) -> Sql:
        above = chain(exp.Add, [infix(exp.Sub, n(), drawn()), step()])
        return infix(exp.Div, above, step())

    product = coalesce(call("list_product", names.map(steps, factor)), double(1))
    return names.let(
        product,
        lambda value: case((infix(exp.LT, value(), double(2.0**53)), call("round", value())), otherwise=value()),
    )


# --- rows --------------------------------------------------------------------------------------------------------


def _extreme(name: str) -> Emit:
    def emit(names: Names, arguments: list[Fragment]) -> Fragment:
        values = [names.clean(argument) for argument in arguments]
        return Fragment(values[0] if len(values) == 1 else call(name, *values))

    return emit


def _of_list(name: str) -> Emit:
    """A list function that passes over NULL."""
    return lambda names, arguments: Fragment(
        call(name, array(names.clean(argument) for argument in arguments)), clean=False
    )


def _rowtotal(names: Names, arguments: list[Fragment]) -> Fragment:
    return Fragment(chain(exp.Add, [coalesce(names.clean(value), double(0)) for value in arguments]), clean=False)


def _rowstd(names: Names, arguments: list[Fragment]) -> Fragment:
    def body(values: Value) -> Sql:
        return names.let(call("list_avg", values()), lambda mean: spread(values, mean))

    def spread(values: Value, mean: Value) -> Sql:
        def square(value: Value) -> Sql:
            deviation = infix(exp.Sub, value(), mean())
            return infix(exp.Mul, deviation, deviation.copy())

        squares = call("list_sum", names.map(values(), square))
        count = call("list_count", values())
        variance = infix(exp.Div, squares, infix(exp.Sub, count, whole(1)))
        return case((infix(exp.GT, count.copy(), whole(1)), call("sqrt", variance)))

    return Fragment(names.let(array(names.clean(value) for value in arguments), body), clean=False)


def _count(kind: type[exp.Expr]) -> Emit:
    """Counts missing (`exp.Is`) or valid (`exp.Not`) values."""

    def emit(names: Names, arguments: list[Fragment]) -> Fragment:
        tests: list[Sql] = [exp.Is(this=_any(names, value), expression=exp.Null()) for value in arguments]
        if kind is exp.Not:
            tests = [exp.Not(this=test) for test in tests]
        return Fragment(chain(exp.Add, [cast(test, "INTEGER") for test in tests]), double=False)

    return emit


def _any(names: Names, value: Fragment) -> Sql:
    return value.sql if value.form is Form.TEXT else names.clean(value)


# --- strings -----------------------------------------------------------------------------------------------------


def _rowconcat(names: Names, arguments: list[Fragment]) -> Fragment:
    """Lengths are added up before anything is joined, so that no huge text is ever made."""

    def body(values: Value) -> Sql:
        lengths = call("list_sum", names.map(values(), lambda value: call("length", value())))
        joined = call("array_to_string", values(), exp.Literal.string(""))
        return case((infix(exp.LTE, lengths, whole(MAX_TEXT)), joined))

    parts = array(coalesce(value.sql, exp.Literal.string("")) for value in arguments)
    return Fragment(names.let(parts, body), Form.TEXT)


def _length(names: Names, arguments: list[Fragment]) -> Fragment:
    return Fragment(call("length", arguments[0].sql), double=False)


def _string(names: Names, arguments: list[Fragment]) -> Fragment:
    if arguments[0].form is Form.TEXT:
        return arguments[0]

    def body(value: Value) -> Sql:
        plain = both(is_whole(value), infix(exp.LT, call("abs", value()), double(_PLAIN_DIGITS)))
        return case((plain, cast(cast(value(), "BIGINT"), "VARCHAR")), otherwise=cast(value(), "VARCHAR"))

    return Fragment(names.let(names.clean(arguments[0]), body), Form.TEXT)


def _translated(old: str, new: str) -> Emit:
    return lambda names, arguments: Fragment(
        call("translate", arguments[0].sql, exp.Literal.string(old), exp.Literal.string(new)), Form.TEXT
    )


def _text(name: str) -> Emit:
    return lambda names, arguments: Fragment(call(name, arguments[0].sql), Form.TEXT)


def _test(name: str) -> Emit:
    def emit(names: Names, arguments: list[Fragment]) -> Fragment:
        found = call(name, arguments[0].sql, arguments[1].sql)
        return Fragment(coalesce(found, exp.false()), Form.TRUTH)

    return emit


def _substr(names: Names, arguments: list[Fragment]) -> Fragment:
    def body(text: Value, position: Value, count: Value) -> Sql:
        first = case(
            (infix(exp.LT, position(), whole(0)), chain(exp.Add, [call("length", text()), position(), whole(1)])),
            otherwise=position(),
        )

        def cut(start: Value) -> Sql:
            inside = both(infix(exp.GTE, start(), whole(1)), infix(exp.GTE, count(), whole(1)))
            part = call("substring", text(), cast(start(), "BIGINT"), cast(count(), "BIGINT"))
            missing = exp.Is(
                this=exp.Paren(this=chain(exp.Add, [call("length", text()), start(), count()])), expression=exp.Null()
            )
            return case((inside, part), (exp.Not(this=missing), exp.Literal.string("")))

        return names.let(first, cut)

    text, position, count = arguments
    if _is_positive(position) and _is_positive(count):
        return Fragment(call("substring", text.sql, position.sql, count.sql), Form.TEXT)
    return Fragment(names.let_all([text.sql, _bounded(names, position), _bounded(names, count)], body), Form.TEXT)


def _is_positive(value: Fragment) -> bool:
    """Tell whether a piece is a literal of a whole number from 1 to the length of the longest text."""
    literal = value.sql
    return isinstance(literal, exp.Literal) and literal.is_int and 1 <= int(literal.this) <= MAX_TEXT


def _bounded(names: Names, value: Fragment) -> Sql:
    """Return a whole number no longer than any text, so that it fits every integer type; NULL stays NULL."""
    return names.let(
        names.clean(value),
        lambda number: case(
            (infix(exp.GT, number(), double(2.0 * MAX_TEXT)), double(2.0 * MAX_TEXT)),
            (infix(exp.LT, number(), double(-2.0 * MAX_TEXT)), double(-2.0 * MAX_TEXT)),
            otherwise=call("trunc", number()),
        ),
    )


EMITTERS: Final[Mapping[str, Emit]] = MappingProxyType(
    {
        **DATES,
        "acos": _where(lambda x: within(x(), -1, 1), lambda x: call("acos", x())),
        "asin": _where(lambda x: within(x(), -1, 1), lambda x: call("asin", x())),
        **{name: _plain(name, clean=True) for name in ("atan", "cos", "sin")},
        **{name: _plain(name, clean=False) for name in ("tan", "exp")},
        "sqrt": _where(lambda x: infix(exp.GTE, x(), whole(0)), lambda x: call("sqrt", x())),
        "ln": _where(_positive, lambda x: call("ln", x())),
        "log10": _where(_positive, lambda x: call("log10", x())),
        "logit": _where(
            lambda x: both(_positive(x), infix(exp.LT, x(), whole(1))),
            lambda x: call("ln", infix(exp.Div, x(), infix(exp.Sub, whole(1), x()))),
        ),
        "lnfactorial": _where(
            lambda x: both(infix(exp.GTE, x(), whole(0)), is_whole(x)),
            lambda x: call("lgamma", infix(exp.Add, x(), whole(1))),
            clean=False,
        ),
        "abs": _through("abs"),
        "ceil": _ceil,
        "floor": _through("trunc"),
        "int": _through("trunc"),
        "round": _round,
        "comb": _comb,
        "rowmax": _extreme("greatest"),
        "rowmin": _extreme("least"),
        "rowmean": _of_list("list_avg"),
        "rowmedian": _of_list("list_median"),
        "rowtotal": _rowtotal,
        "rowstd": _rowstd,
        "rowmissing": _count(exp.Is),
        "rowvalid": _count(exp.Not),
        "rowconcat": _rowconcat,
        "length": _length,
        "string": _string,
        "lower": _translated(_UPPER, _UPPER.lower()),
        "upper": _translated(_UPPER.lower(), _UPPER),
        **{name: _text(name) for name in ("ltrim", "rtrim", "trim")},
        "startswith": _test("starts_with"),
        "endswith": _test("ends_with"),
        "substr": _substr,
    }
)
"""How each named function without a rule of its own in sql_expressions.py is written."""
