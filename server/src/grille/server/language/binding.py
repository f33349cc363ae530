"""From the syntax tree to typed expressions: what names mean and whether types fit. Touches no data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, Protocol, TypeVar

from grille.server.language import ast, misfits
from grille.server.language.flatten import flattened
from grille.server.language.model_figures import refuse_in_condition, refuse_in_value
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType
from grille.server.plan.functions import ALL, FUNCTIONS, NOT_OFFERED, Function, Kind

_COMPARISONS: Final = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_FUNCTIONS: Final = {**_COMPARISONS, "+": "add", "-": "add", "*": "multiply", "/": "divide", "^": "power"} | {
    "&": "and",
    "|": "or",
}
_QUANTILE_GROUPS: Final = (2, 100)


class Named(Protocol):
    """What binding needs to know of a variable."""

    @property
    def name(self) -> str:
        """Present name."""

    @property
    def type(self) -> ValueType:
        """Value type."""

    @property
    def from_model(self) -> bool:
        """Whether its values are figures that a model gave single units, or computed from such."""


_Variable = TypeVar("_Variable", bound=Named)
Variables = Mapping[str, _Variable]


def bind_expression(expression: ast.Expr, variables: Variables[_Variable]) -> Expression:
    """Bind the value of an assignment.

    Args:
        expression: The right side; the literal `.` may stand alone, a function of all rows must stand alone.
        variables: The variables of the active data set by name.

    Returns:
        The typed expression; `.` becomes Constant(None, NUMBER), which fits a variable of any type.

    Raises:
        GrilleError: UNKNOWN_VARIABLE, KEY_VARIABLE, UNKNOWN_FUNCTION, FUNCTION_NOT_AVAILABLE, TYPE_MISMATCH,
            WRONG_NUMBER_OF_ARGUMENTS, COMPARISON_WITH_MISSING, MISSING_VALUE_NOT_ALLOWED, WINDOW_FUNCTION_NOT_ALONE,
            TOO_DEEPLY_NESTED, MODEL_VARIABLE; all with the place.
    """
    if isinstance(expression, ast.Missing):
        return Constant(None, ValueType.NUMBER)
    refuse_in_value(expression, variables)
    if isinstance(expression, ast.Call) and expression.function.text in FUNCTIONS:
        function = FUNCTIONS[expression.function.text]
        if function.window:
            return _call(expression, function, variables)
    return _bind(expression, variables)


def bind_condition(expression: ast.Expr, variables: Variables[_Variable]) -> Expression:
    """Bind a condition: a row satisfies it when its value is neither zero nor missing.

    Raises:
        GrilleError: As `bind_expression`; TYPE_MISMATCH for a string.
    """
    refuse_in_condition(expression, variables)
    bound = _bind(expression, variables)
    if bound.type is ValueType.STRING:
        raise misfits.string_as_condition(expression.span)
    return bound


def is_window(expression: Expression) -> bool:
    """Return whether the value of a row depends on all rows, so that the engine must see the whole column."""
    return isinstance(expression, Apply) and ALL[expression.function].window


def names_in(expression: ast.Expr) -> tuple[ast.Name, ...]:
    """Return the variable names in `expression`, each at its first place, in order."""
    found: dict[str, ast.Name] = {}
    for name in _names(expression):
        found.setdefault(name.text, name)
    return tuple(found.values())


def _names(expression: ast.Expr) -> Iterator[ast.Name]:
    stack: list[ast.Expr] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            yield node
        elif isinstance(node, ast.Unary):
            stack.append(node.operand)
        elif isinstance(node, ast.Binary):
            stack += (node.right, node.left)
        elif isinstance(node, ast.Call):
            stack += reversed(node.arguments)


def _bind(node: ast.Expr, variables: Variables[_Variable]) -> Expression:
    match node:
        case ast.Number(value=value):
            return Constant(value, ValueType.NUMBER)
        case ast.String(value=value):
            return Constant(value, ValueType.STRING)
        case ast.Missing():
            raise misfits.missing_not_allowed(node.span)
        case ast.Name():
            return _column(node, variables)
        case ast.Unary():
            operand = _of_kind(node.operand, Kind.NUMBER, variables)
            return Apply("negate" if node.operator == "-" else "not", (operand,), ValueType.NUMBER)
        case ast.Binary():
            return _binary(node, variables)
        case ast.Call():
            function = _function(node.function)
            if function.window:
                raise misfits.window_not_alone(function, node.span)
            return _call(node, function, variables)


def _column(name: ast.Name, variables: Variables[_Variable]) -> ColumnRef:
    variable = variables.get(_alias(name.text, variables))
    if variable is None:
        raise misfits.unknown_variable(name, variables)
    if variable.type is ValueType.KEY:
        raise misfits.key_variable(name)
    return ColumnRef(variable.name, variable.type)


def _alias(name: str, variables: Variables[_Variable]) -> str:
    """Return the name under which the time variable of a panel is known; both spellings are in use."""
    return "date@panel" if name == "panel@date" and name not in variables else name


def _binary(node: ast.Binary, variables: Variables[_Variable]) -> Expression:
    name = _FUNCTIONS[node.operator]
    if node.operator in _COMPARISONS:
        return _comparison(name, node, variables)
    operands: list[Expression] = []
    for sign, operand in flattened(node):
        bound = _of_kind(operand, Kind.NUMBER, variables)
        operands.append(Apply("negate", (bound,), ValueType.NUMBER) if sign == "-" else bound)
    return Apply(name, tuple(operands), ValueType.NUMBER)


def _comparison(name: str, node: ast.Binary, variables: Variables[_Variable]) -> Expression:
    for side in (node.left, node.right):
        if isinstance(side, ast.Missing):
            raise misfits.comparison_with_missing(side.span)
    left, right = _bind(node.left, variables), _bind(node.right, variables)
    _require_same(node.left, left, node.right, right)
    return Apply(name, (left, right), ValueType.NUMBER)


def _function(name: ast.Name) -> Function:
    function = FUNCTIONS.get(name.text)
    if function is None:
        raise misfits.function_not_available(name) if name.text in NOT_OFFERED else misfits.unknown_function(name)
    return function


def _call(node: ast.Call, function: Function, variables: Variables[_Variable]) -> Expression:
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise misfits.wrong_number_of_arguments(function, node.span)
    if function.name == "pi":
        return Constant(math.pi, ValueType.NUMBER)
    bound: list[Expression] = []
    for position, argument in enumerate(node.arguments):
        kind = function.parameter(position)
        if isinstance(argument, ast.Missing) and function.truth:
            raise misfits.comparison_with_missing(argument.span)
        if kind is Kind.CONSTANT:
            bound.append(_groups(function, argument))
            continue
        bound.append(_of_kind(argument, kind, variables))
        if kind is Kind.SAME:
            _require_same(node.arguments[0], bound[0], argument, bound[-1])
    return Apply(function.name, tuple(bound), _result(function, bound))


def _of_kind(node: ast.Expr, kind: Kind, variables: Variables[_Variable]) -> Expression:
    bound = _bind(node, variables)
    is_string = bound.type is ValueType.STRING
    if kind is Kind.NUMBER and is_string:
        raise misfits.number_expected(node)
    if kind is Kind.TEXT and not is_string:
        raise misfits.text_expected(node)
    return bound


def _require_same(first: ast.Expr, bound: Expression, second: ast.Expr, other: Expression) -> None:
    if (bound.type is ValueType.STRING) != (other.type is ValueType.STRING):
        raise misfits.mixed_comparison(first, bound.type, second, other.type)


def _groups(function: Function, node: ast.Expr) -> Constant:
    low, high = _QUANTILE_GROUPS
    if not isinstance(node, ast.Number) or not isinstance(node.value, int) or not low <= node.value <= high:
        raise misfits.whole_number_expected(function, low, high, node.span)
    return Constant(node.value, ValueType.NUMBER)


def _result(function: Function, arguments: list[Expression]) -> ValueType:
    if function.result is not None:
        return function.result
    types = {argument.type for argument in arguments}
    return types.pop() if len(types) == 1 else ValueType.NUMBER
