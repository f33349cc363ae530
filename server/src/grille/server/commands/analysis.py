"""Binding of the parts that all statistics commands share: variables of the right kind, the condition."""

from __future__ import annotations

from grille.server.commands.lookup import usable_variable
from grille.server.commands.options import plain_name
from grille.server.commands.scope import DataSet, Scope, Variable
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Analysis, Expr, Name
from grille.server.language.binding import bind_condition
from grille.server.plan.expressions import Expression, ValueType
from grille.server.text import Text


def condition(node: Expr | None, dataset: DataSet) -> Expression | None:
    """Bind the condition after `if`; None when there is none."""
    return None if node is None else bind_condition(node, dataset.variables)


def plain_terms(node: Analysis, least: int, most: int) -> tuple[Name, ...]:
    """Return the plain variable names of a command that takes no factor terms and no `by`.

    Raises:
        TypeMismatchError: TERM_NOT_ALLOWED, TOO_FEW_VARIABLES, TOO_MANY_VARIABLES, DUPLICATE_VARIABLE, BY_NOT_ALLOWED.
    """
    command = node.head.name
    if node.by:
        raise TypeMismatchError(
            "BY_NOT_ALLOWED",
            Text(f"`{command}` takes no `by` list.", f"`{command}` tar ingen `by`-liste."),
            hint=Text("Perhaps the option `by()` or `over()` is meant.", "Kanskje menes valget `by()` eller `over()`."),
            span=node.by[0].span,
        )
    names: list[Name] = []
    for term in node.terms:
        name = plain_name(term)
        if name is None:
            raise TypeMismatchError(
                "TERM_NOT_ALLOWED",
                Text(f"`{command}` takes plain variables.", f"`{command}` tar rene variabler."),
                hint=Text("Leave out `i.`, `c.` and `#`.", "Utelat `i.`, `c.` og `#`."),
                span=term.span,
            )
        if name.text in {one.text for one in names}:
            raise TypeMismatchError(
                "DUPLICATE_VARIABLE",
                Text(f"`{name.text}` is given twice.", f"`{name.text}` er gitt to ganger."),
                span=name.span,
            )
        names.append(name)
    if len(names) < least:
        raise TypeMismatchError(
            "TOO_FEW_VARIABLES",
            Text(
                f"`{command}` needs at least {least} variable(s).", f"`{command}` trenger minst {least} variabel(er)."
            ),
            span=node.head.name_span,
        )
    if len(names) > most:
        raise TypeMismatchError(
            "TOO_MANY_VARIABLES",
            Text(f"`{command}` takes at most {most} variable(s).", f"`{command}` tar høyst {most} variabel(er)."),
            span=names[most].span,
        )
    return tuple(names)


def categorical(scope: Scope, name: Name) -> Variable:
    """Return a variable that may span categories; raises KEY_VARIABLE and MODEL_VARIABLE."""
    return usable_variable(scope, name.text, name.span)


def numeric(scope: Scope, name: Name, *, from_model: bool = False) -> Variable:
    """Return a numeric variable; raises NOT_NUMERIC for text, and as usable_variable."""
    variable = usable_variable(scope, name.text, name.span, from_model=from_model)
    if variable.type is ValueType.STRING:
        raise TypeMismatchError(
            "NOT_NUMERIC",
            Text(
                f"`{name.text}` is alphanumeric; a number is needed here.",
                f"`{name.text}` er alfanumerisk; her trengs tall.",
            ),
            hint=Text("Convert it with `destring`.", "Konverter den med `destring`."),
            span=name.span,
        )
    return variable


def numeric_variables(
    scope: Scope, dataset: DataSet, names: tuple[Name, ...], *, from_model: bool = False
) -> tuple[Variable, ...]:
    """Return the named numeric variables, or all of the data set when none is named; raises as `numeric`.

    Args:
        scope: Of the command.
        dataset: The active data set.
        names: As given.
        from_model: Whether figures of a model may be among them.
    """
    if names:
        return tuple(numeric(scope, name, from_model=from_model) for name in names)
    kinds = (ValueType.NUMBER, ValueType.DATE)
    return tuple(one for one in dataset.variables.values() if one.type in kinds and (from_model or not one.from_model))
