"""Columns of small whole numbers, such as 0/1 variables and codes: stored narrow they are written twice as fast."""

from __future__ import annotations

from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.sql import cast, value
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType
from grille.server.plan.functions import ALL
from grille.server.plan.steps import CHOOSE, branches_of

LARGEST = 2**15 - 1


def is_small(expression: Expression, frame: Frame) -> bool:
    """Tell whether every value of an expression over `frame` is missing or a whole number within 16 bits."""
    if expression.type is not ValueType.NUMBER:
        return False
    if isinstance(expression, Constant):
        number = expression.value
        return number is None or (not isinstance(number, str) and abs(number) <= LARGEST and number == int(number))
    if isinstance(expression, ColumnRef):
        return frame.columns[expression.name].small
    if expression.function == CHOOSE:
        branches, otherwise = branches_of(expression)
        return all(is_small(one, frame) for _, one in branches) and is_small(otherwise, frame)
    return expression.function in ALL and ALL[expression.function].truth


def narrow(frame: Frame, expression: Apply | ColumnRef | Constant) -> exp.Expr:
    """Return `expression` as a 16-bit whole number."""
    return cast(value(frame, expression), "SMALLINT")
