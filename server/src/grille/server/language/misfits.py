"""The errors of binding: names that mean nothing here, and values of the wrong kind."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from grille.server.errors import GrilleError, TypeMismatchError, UnknownNameError
from grille.server.errors import Span as Place
from grille.server.language import ast
from grille.server.plan.expressions import ValueType
from grille.server.plan.functions import FUNCTIONS, Function
from grille.server.text import Text


def near_names(name: str, names: Iterable[str]) -> Text | None:
    """Return a hint with up to three of `names` that resemble `name`, or None."""
    by_fold = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name[:128].casefold(), by_fold, n=3, cutoff=0.6)
    if not near:
        return None
    listed = ", ".join(by_fold[match] for match in near)
    return Text(f"Did you mean {listed}?", f"Mente du {listed}?")


def unknown_variable(name: ast.Name, names: Iterable[str]) -> GrilleError:
    """Return the error for a name that is no variable of the data set."""
    return UnknownNameError(
        "UNKNOWN_VARIABLE",
        Text(f"The data set has no variable {name.text}.", f"Datasettet har ingen variabel {name.text}."),
        hint=near_names(name.text, names) or Text("Import or generate it first.", "Importer eller lag den først."),
        span=name.span,
    )


def key_variable(name: ast.Name) -> GrilleError:
    """Return the error for a pseudonym in an expression."""
    return TypeMismatchError(
        "KEY_VARIABLE",
        Text(
            f"The variable {name.text} identifies units and cannot be used in an expression.",
            f"Variabelen {name.text} identifiserer enheter og kan ikke brukes i et uttrykk.",
        ),
        hint=Text("Keys only link data sets.", "Nøkler kobler bare datasett."),
        span=name.span,
    )


def unknown_function(name: ast.Name) -> GrilleError:
    """Return the error for a call of a function that does not exist."""
    return UnknownNameError(
        "UNKNOWN_FUNCTION",
        Text(f"There is no function {name.text}.", f"Det finnes ingen funksjon {name.text}."),
        hint=near_names(name.text, FUNCTIONS)
        or Text("Functions are written as name(arguments).", "Funksjoner skrives som navn(argumenter)."),
        span=name.span,
    )


def function_not_available(name: ast.Name) -> GrilleError:
    """Return the error for a function of the model language that is not offered yet."""
    return UnknownNameError(
        "FUNCTION_NOT_AVAILABLE",
        Text(
            f"The function {name.text} is not offered here yet.",
            f"Funksjonen {name.text} er ikke tilgjengelig her ennå.",
        ),
        span=name.span,
    )


def wrong_number_of_arguments(function: Function, span: Place) -> GrilleError:
    """Return the error for too few or too many arguments."""
    if function.most is None:
        wanted = Text(f"at least {function.least}", f"minst {function.least}")
    elif function.least == function.most:
        wanted = Text(str(function.least), str(function.least))
    else:
        wanted = Text(f"{function.least} to {function.most}", f"{function.least} til {function.most}")
    return TypeMismatchError(
        "WRONG_NUMBER_OF_ARGUMENTS",
        Text(
            f"The function {function.name} takes {wanted.en} arguments.",
            f"Funksjonen {function.name} tar {wanted.no} argumenter.",
        ),
        hint=Text(f"Write {function.syntax}.", f"Skriv {function.syntax}."),
        span=span,
    )


def number_expected(node: ast.Expr) -> GrilleError:
    """Return the error for a string where a number is needed."""
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text("A number is needed here, but this is a string.", "Her trengs et tall, men dette er en streng."),
        hint=Text(
            "Convert a variable with destring; join strings with rowconcat().",
            "Gjør om en variabel med destring; sett sammen strenger med rowconcat().",
        ),
        span=node.span,
    )


def text_expected(node: ast.Expr) -> GrilleError:
    """Return the error for a number where a string is needed."""
    hint = (
        Text("Quote the value.", "Sett verdien i anførselstegn.")
        if isinstance(node, ast.Number)
        else Text("Convert it with string().", "Gjør den om med string().")
    )
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text("A string is needed here, but this is a number.", "Her trengs en streng, men dette er et tall."),
        hint=hint,
        span=node.span,
    )


def mixed_comparison(first: ast.Expr, type_: ValueType, second: ast.Expr, other: ValueType) -> GrilleError:
    """Return the error for a comparison of a string with a number; the place is that of a literal if there is one."""
    culprit = first if isinstance(first, ast.Number | ast.String) else second
    date = ValueType.DATE in (type_, other)
    if isinstance(culprit, ast.Number):
        hint = Text(
            f"Quote the value: '{culprit.value}'.",
            f"Sett verdien i anførselstegn: '{culprit.value}'.",
        )
    elif date:
        hint = Text("Write a date as date(2022, 12, 31).", "Skriv en dato som date(2022, 12, 31).")
    elif isinstance(culprit, ast.String):
        hint = Text("Write the number without quotes.", "Skriv tallet uten anførselstegn.")
    else:
        hint = Text("Convert the string variable with destring first.", "Gjør om strengvariabelen med destring først.")
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text("A string and a number cannot be compared.", "En streng og et tall kan ikke sammenlignes."),
        hint=hint,
        span=culprit.span,
    )


def comparison_with_missing(span: Place) -> GrilleError:
    """Return the error for a comparison with the literal `.`."""
    return TypeMismatchError(
        "COMPARISON_WITH_MISSING",
        Text("Nothing can be compared with the missing value.", "Ingenting kan sammenlignes med manglende verdi."),
        hint=Text("Test it with sysmiss(x).", "Test den med sysmiss(x)."),
        span=span,
    )


def missing_not_allowed(span: Place) -> GrilleError:
    """Return the error for the literal `.` inside an expression."""
    return TypeMismatchError(
        "MISSING_VALUE_NOT_ALLOWED",
        Text(
            "The missing value can only be assigned, alone on the right side.",
            "Manglende verdi kan bare tilordnes, alene på høyre side.",
        ),
        hint=Text("Test for it with sysmiss(x).", "Test for den med sysmiss(x)."),
        span=span,
    )


def string_as_condition(span: Place) -> GrilleError:
    """Return the error for a string used as a condition."""
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text("A string cannot be a condition.", "En streng kan ikke være en betingelse."),
        hint=Text("Compare it, as in x == '1'.", "Sammenlign den, som i x == '1'."),
        span=span,
    )


def whole_number_expected(function: Function, low: int, high: int, span: Place) -> GrilleError:
    """Return the error for an argument that must be a whole number written out."""
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text(
            f"The function {function.name} needs a whole number from {low} to {high} here.",
            f"Funksjonen {function.name} trenger et heltall fra {low} til {high} her.",
        ),
        hint=Text(f"Write {function.syntax}.", f"Skriv {function.syntax}."),
        span=span,
    )


def window_not_alone(function: Function, span: Place) -> GrilleError:
    """Return the error for a function of all rows inside a larger expression or a condition."""
    return TypeMismatchError(
        "WINDOW_FUNCTION_NOT_ALONE",
        Text(
            f"The function {function.name} must be the whole right side of generate or replace.",
            f"Funksjonen {function.name} må være hele høyresiden i generate eller replace.",
        ),
        hint=Text("Give it a variable of its own first.", "Gi den en egen variabel først."),
        span=span,
    )
