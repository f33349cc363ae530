"""SQL of the steps of plan/steps.py; the expressions inside them are translated by engines/sql_expressions.py."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from grille.server.engines import sql_expressions
from grille.server.plan.expressions import Apply, Constant, Expression, ValueType
from grille.server.plan.steps import CHOOSE, GROUP_BY_CUTS, NUMBER_FROM_TEXT, branches_of

ColumnLookup = Callable[[str], exp.Expr]

# what reads as a number; DuckDB's own cast also takes "inf", "nan", "1_000" and hexadecimal
_NUMBER_PATTERN = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
_TYPES = {ValueType.NUMBER: "DOUBLE", ValueType.DATE: "DOUBLE", ValueType.STRING: "VARCHAR"}


def value_sql(expression: Expression, column: ColumnLookup) -> exp.Expr:
    """Return the SQL of a value; missing is null.

    Args:
        expression: An expression, possibly with steps at its top.
        column: How a variable is read.
    """
    if isinstance(expression, Apply):
        if expression.function == CHOOSE:
            return _case(expression, column)
        if expression.function == NUMBER_FROM_TEXT:
            return _number(expression, column)
        if expression.function == GROUP_BY_CUTS:
            return _group(expression, column)
    return sql_expressions.to_sql(expression, column)


def condition_sql(expression: Expression, column: ColumnLookup) -> exp.Expr:
    """Return the SQL of a condition: a boolean, false where the condition is missing."""
    if isinstance(expression, Apply) and expression.function == CHOOSE:
        zero = exp.Literal.number(0)
        unequal = exp.NEQ(this=exp.Paren(this=_case(expression, column)), expression=zero)
        return exp.Coalesce(this=unequal, expressions=[exp.false()])
    return sql_expressions.to_condition(expression, column)


def _case(expression: Apply, column: ColumnLookup) -> exp.Expr:
    branches, otherwise = branches_of(expression)
    ifs = [
        exp.If(this=condition_sql(condition, column), true=_typed(value, expression.type, column))
        for condition, value in branches
    ]
    return exp.Case(ifs=ifs, default=_typed(otherwise, expression.type, column))


def _typed(value: Expression, kind: ValueType, column: ColumnLookup) -> exp.Expr:
    if isinstance(value, Constant) and value.value is None:
        return exp.Null()
    return exp.Cast(this=value_sql(value, column), to=exp.DataType.build(_TYPES[kind], dialect="duckdb"))


def _number(expression: Apply, column: ColumnLookup) -> exp.Expr:
    operand, ignored, decimal_comma = expression.arguments
    text = value_sql(operand, column)
    for character in dict.fromkeys(_constant(ignored)):
        text = _call("replace", text, exp.Literal.string(character), exp.Literal.string(""))
    if isinstance(decimal_comma, Constant) and decimal_comma.value:
        # a point is then no part of a number
        text = _call("translate", text, exp.Literal.string(",."), exp.Literal.string(".,"))
    text = _call("trim", text)
    number = exp.TryCast(this=text, to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    reads = _call("regexp_full_match", text.copy(), exp.Literal.string(_NUMBER_PATTERN))
    finite = exp.And(this=reads, expression=_call("isfinite", number.copy()))
    return exp.Case(ifs=[exp.If(this=finite, true=number)])


def _group(expression: Apply, column: ColumnLookup) -> exp.Expr:
    operand, *cuts = expression.arguments
    value = exp.Cast(this=value_sql(operand, column), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    branches = [exp.If(this=exp.Is(this=value.copy(), expression=exp.Null()), true=exp.Null())]
    for number, cut in enumerate(cuts):
        below = exp.LTE(this=value.copy(), expression=value_sql(cut, column))
        branches.append(exp.If(this=below, true=exp.Literal.number(number)))
    return exp.Case(ifs=branches, default=exp.Literal.number(len(cuts)))


def _constant(expression: Expression) -> str:
    return str(expression.value) if isinstance(expression, Constant) else ""


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
