"""Expressions as SQL for DuckDB, built as sqlglot trees.

Every expression is total, as plan/functions.py promises: no row makes the query fail, and no NaN or infinity comes out.
Columns are taken to hold finite numbers or NULL; the engine stores nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from grille.server.engines.sql_fragments import (
    Form,
    Fragment,
    Names,
    Sql,
    cast,
    chain,
    coalesce,
    enclosed,
    infix,
    null,
    number,
    whole,
)
from grille.server.engines.sql_functions import EMITTERS
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType
from grille.server.plan.functions import ALL

_COMPARISONS: Final[Mapping[str, type[exp.Binary]]] = MappingProxyType(
    {
        "equal": exp.EQ,
        "not_equal": exp.NEQ,
        "less": exp.LT,
        "less_equal": exp.LTE,
        "greater": exp.GT,
        "greater_equal": exp.GTE,
    }
)
_CONNECTIVES: Final[Mapping[str, type[exp.Connector]]] = MappingProxyType({"and": exp.And, "or": exp.Or})


def to_sql(expression: Expression, column: Callable[[str], Sql]) -> Sql:
    """Return the value of `expression` as SQL.

    Args:
        expression: A bound expression.
        column: Gives the SQL of a column by its name; its type may be any numeric type for numbers and dates.

    Returns:
        DOUBLE or an integer type for numbers (TINYINT 0 and 1 for truth values, never NULL), INTEGER for dates, VARCHAR
        for strings. A column alone keeps its type. quantile() becomes a window expression over all rows of the query.
    """
    compiler = _Compiler(column)
    fragment = compiler.fragment(expression)
    if fragment.form is Form.TRUTH:
        return cast(fragment.sql, "TINYINT")
    if isinstance(expression, Constant) and fragment.form is Form.NUMBER:
        return compiler.names.doubled(fragment)
    return fragment.sql if fragment.clean else compiler.names.finite(fragment.sql)


def to_condition(expression: Expression, column: Callable[[str], Sql]) -> Sql:
    """Return `expression` as a condition for WHERE: true where its value is neither 0 nor missing.

    Elsewhere it is false or NULL, which WHERE, FILTER and CASE treat alike. Comparisons stay bare, so that DuckDB can
    skip blocks of rows by their ranges.
    """
    return _Compiler(column).condition(expression, strict=False)


class _Compiler:
    def __init__(self, column: Callable[[str], Sql]) -> None:
        self.names = Names()
        self._column = column

    def fragment(self, expression: Expression) -> Fragment:
        """Return the piece of SQL for an expression."""
        if isinstance(expression, Constant):
            return self._constant(expression)
        if isinstance(expression, ColumnRef):
            form = Form.TEXT if expression.type is ValueType.STRING else Form.NUMBER
            return Fragment(self._column(expression.name), form, double=False)
        function = ALL[expression.function]
        if function.truth:
            return Fragment(self.condition(expression, strict=True), Form.TRUTH)
        arguments = [self.fragment(argument) for argument in expression.arguments]
        emit = _OPERATORS.get(function.name) or EMITTERS[function.name]
        return emit(self.names, arguments)

    def condition(self, expression: Expression, *, strict: bool) -> Sql:
        """Return a BOOLEAN; with `strict` it is never NULL."""
        name = expression.function if isinstance(expression, Apply) else ""
        if isinstance(expression, Apply) and name in _CONNECTIVES:
            parts = [self.condition(argument, strict=strict) for argument in expression.arguments]
            return chain(_CONNECTIVES[name], parts)
        if isinstance(expression, Apply) and name == "not":
            return exp.Not(this=exp.Paren(this=self.condition(expression.arguments[0], strict=True)))
        if isinstance(expression, Apply) and name in EMITTERS and ALL[name].truth:
            return self._emitted(expression)
        if isinstance(expression, Apply) and ALL[name].truth:
            test = self._test(expression)
        else:
            test = infix(exp.NEQ, self.names.comparable(self.fragment(expression)), whole(0))
        return coalesce(test, exp.false()) if strict and name != "sysmiss" else test

    def _emitted(self, expression: Apply) -> Sql:
        arguments = [self.fragment(argument) for argument in expression.arguments]
        return EMITTERS[expression.function](self.names, arguments).sql

    def _test(self, expression: Apply) -> Sql:
        """Return a comparison, NULL where an operand is missing."""
        values = [self.names.comparable(self.fragment(argument)) for argument in expression.arguments]
        first, rest = values[0], values[1:]
        match expression.function:
            case "sysmiss":
                return exp.Is(this=first, expression=exp.Null())
            case "inlist":
                return exp.In(this=first, expressions=rest)
            case "inrange":
                # DuckDB writes BETWEEN out as two comparisons, which doubles a nested operand with each level.
                return self.names.let(first, lambda value: exp.Between(this=value(), low=rest[0], high=rest[1]))
            case name:
                return infix(_COMPARISONS[name], first, rest[0])

    def _constant(self, constant: Constant) -> Fragment:
        if isinstance(constant.value, str):
            return Fragment(exp.Literal.string(constant.value), Form.TEXT)
        if constant.value is not None:
            return number(constant.value)
        if constant.type is ValueType.STRING:
            return Fragment(null("VARCHAR"), Form.TEXT)
        return Fragment(null("DOUBLE"))


def _add(names: Names, arguments: list[Fragment]) -> Fragment:
    return Fragment(chain(exp.Add, [names.doubled(argument) for argument in arguments]), clean=False)


def _multiply(names: Names, arguments: list[Fragment]) -> Fragment:
    return Fragment(chain(exp.Mul, [names.doubled(argument) for argument in arguments]), clean=False)


def _divide(names: Names, arguments: list[Fragment]) -> Fragment:
    # The divisor must be clean, or x / (an overflow) would be a finite zero.
    return Fragment(infix(exp.Div, names.doubled(arguments[0]), names.clean(arguments[1])), clean=False)


def _power(names: Names, arguments: list[Fragment]) -> Fragment:
    return Fragment(exp.Anonymous(this="pow", expressions=[names.clean(part) for part in arguments]), clean=False)


def _negate(names: Names, arguments: list[Fragment]) -> Fragment:
    value = names.doubled(arguments[0])
    return Fragment(exp.Paren(this=exp.Neg(this=enclosed(value))), clean=arguments[0].clean)


def _quantile(names: Names, arguments: list[Fragment]) -> Fragment:
    """Group g of k holds the values whose share of values not above them is over g/k and at most (g + 1)/k."""
    value, groups = names.clean(arguments[0]), arguments[1].sql

    def counted(**order: object) -> Sql:
        known = exp.Is(this=value.copy(), expression=exp.Null())
        return exp.Window(this=exp.Count(this=exp.Star()), partition_by=[known], **order)

    ascending = exp.Order(expressions=[exp.Ordered(this=value.copy())])
    not_above = infix(exp.Sub, infix(exp.Mul, counted(order=ascending), groups), whole(1))
    group = exp.IntDiv(this=exp.Paren(this=not_above), expression=counted())
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return Fragment(exp.Case(ifs=[exp.If(this=present, true=cast(group, "TINYINT"))]), double=False)


_OPERATORS: Final[Mapping[str, Callable[[Names, list[Fragment]], Fragment]]] = MappingProxyType(
    {
        "add": _add,
        "multiply": _multiply,
        "divide": _divide,
        "power": _power,
        "negate": _negate,
        "quantile": _quantile,
    }
)
