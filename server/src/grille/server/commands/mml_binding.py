"""Binding of multilevel models: the checks that regress-mml and regress-mml-predict share."""

from __future__ import annotations

from grille.server.commands.analysis import categorical
from grille.server.commands.models import Model
from grille.server.commands.options import Options
from grille.server.commands.regress import bind_model
from grille.server.commands.scope import Scope, Variable
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Analysis, Name
from grille.server.text import Text

MOST_LEVELS = 2


def bind_mixed(node: Analysis, scope: Scope, dataset: str, options: Options) -> tuple[Model, tuple[Variable, ...]]:
    """Bind a model with groups.

    Returns:
        The model, and its group variables with the highest level first.

    Raises:
        TypeMismatchError: GROUP_MISSING, TOO_MANY_GROUPS, DUPLICATE_VARIABLE, GROUP_IS_TERM, NO_COLUMNS; see also
            bind_model.
    """
    _check_groups(node)
    groups = tuple(categorical(scope, name) for name in node.by)
    model = bind_model(node, scope, dataset, options, groups)
    for name, variable in zip(node.by, groups, strict=True):
        if variable.name == model.outcome.name or variable.name in model.variables:
            raise _group_is_term(name)
    if not model.terms and not model.constant:
        raise TypeMismatchError(
            "NO_COLUMNS",
            Text("The model has no coefficient to estimate.", "Modellen har ingen koeffisient å estimere."),
            hint=Text("Remove noconstant, or add terms.", "Fjern noconstant, eller legg til ledd."),
            span=options.given["noconstant"].span,
        )
    return model, groups


def _check_groups(node: Analysis) -> None:
    command = node.head.name
    if not node.by:
        raise TypeMismatchError(
            "GROUP_MISSING",
            Text(f"`{command}` needs a group variable.", f"`{command}` trenger en gruppevariabel."),
            hint=Text(
                "Write `by GROUP` after the terms, or use `regress`.",
                "Skriv `by GRUPPE` etter leddene, eller bruk `regress`.",
            ),
            span=node.head.name_span,
        )
    if len(node.by) > MOST_LEVELS:
        raise TypeMismatchError(
            "TOO_MANY_GROUPS",
            Text("At most two group variables.", "Høyst to gruppevariabler."),
            span=node.by[MOST_LEVELS].span,
        )
    if len(node.by) == MOST_LEVELS and node.by[0].text == node.by[1].text:
        raise TypeMismatchError(
            "DUPLICATE_VARIABLE",
            Text(f"`{node.by[1].text}` is given twice.", f"`{node.by[1].text}` er gitt to ganger."),
            span=node.by[1].span,
        )


def _group_is_term(name: Name) -> TypeMismatchError:
    return TypeMismatchError(
        "GROUP_IS_TERM",
        Text(
            f"`{name.text}` is a group variable and a variable of the model.",
            f"`{name.text}` er både gruppevariabel og variabel i modellen.",
        ),
        hint=Text(
            "A group has its random intercept already: leave the variable out of the terms.",
            "En gruppe har allerede sitt tilfeldige konstantledd: utelat variabelen fra leddene.",
        ),
        span=name.span,
    )
