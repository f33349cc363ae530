"""Where figures of a model may not stand in an expression: wherever a value would sort units into some and others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

from grille.server.errors import Span, TypeMismatchError
from grille.server.language import ast
from grille.server.plan.functions import FUNCTIONS
from grille.server.text import Text

_RANKING: Final = frozenset(("rowmax", "rowmin", "rowmedian"))
_ARITHMETIC: Final = frozenset(("+", "-", "*", "/", "^"))


class Figures(Protocol):
    """What is asked of a variable."""

    @property
    def from_model(self) -> bool:
        """Whether its values are figures that a model gave single units, or computed from such."""


_Variable = TypeVar("_Variable", bound=Figures)


def refuse_in_condition(expression: ast.Expr, variables: Mapping[str, _Variable]) -> None:
    """Raise TypeMismatchError MODEL_VARIABLE when a condition reads figures of a model."""
    _refuse(expression, variables, sorting=True)


def refuse_in_value(expression: ast.Expr, variables: Mapping[str, _Variable]) -> None:
    """Raise TypeMismatchError MODEL_VARIABLE when figures of a model are compared, tested or ranked in a value."""
    _refuse(expression, variables, sorting=False)


def model_variable(name: str, span: Span) -> TypeMismatchError:
    """Return the error for figures of a model where they may not be used."""
    return TypeMismatchError(
        "MODEL_VARIABLE",
        Text(
            f"`{name}` holds figures that a model gave single units; they cannot be used here.",
            f"`{name}` inneholder tall som en modell ga enkelte enheter; de kan ikke brukes her.",
        ),
        hint=Text(
            "Such figures may be averaged, by `summarize` or `tabulate` with `summarize()`, be computed with, and be "
            "numeric explanatory variables.",
            "Slike tall kan det tas gjennomsnitt av, med `summarize` eller `tabulate` med `summarize()`, regnes med, "
            "og være numeriske forklaringsvariabler.",
        ),
        span=span,
    )


def _refuse(expression: ast.Expr, variables: Mapping[str, _Variable], *, sorting: bool) -> None:
    stack = [(expression, sorting)]
    while stack:
        node, inside = stack.pop()
        match node:
            case ast.Name():
                variable = variables.get(node.text)
                if inside and variable is not None and variable.from_model:
                    raise model_variable(node.text, node.span)
            case ast.Unary():
                stack.append((node.operand, inside or node.operator != "-"))
            case ast.Binary():
                within = inside or node.operator not in _ARITHMETIC
                stack += ((node.right, within), (node.left, within))
            case ast.Call():
                within = inside or _sorts(node.function.text)
                stack += [(argument, within) for argument in reversed(node.arguments)]
            case _:
                pass


def _sorts(name: str) -> bool:
    function = FUNCTIONS.get(name)
    return function is None or function.truth or function.window or name in _RANKING
