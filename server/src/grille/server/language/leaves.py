"""From tokens to the leaves of the syntax tree: names, numbers, strings, dates, labels."""

from __future__ import annotations

import datetime
import math
import unicodedata

from lark import Token

from grille.server.errors import GrilleError, ScriptSyntaxError, Span
from grille.server.language import ast
from grille.server.language.limits import MAX_NAME_CHARACTERS
from grille.server.language.vocabulary import RESERVED
from grille.server.text import Text


def span_of(token: Token) -> Span:
    """Return the place of a token."""
    start, line, column = token.start_pos or 0, token.line or 1, token.column or 1
    return Span(start, start + len(token), line, column)


def name(token: Token) -> ast.Name:
    """Return a name in composed form, so that both ways to type å mean the same."""
    span = span_of(token)
    _require_short(token, span)
    if token in RESERVED:
        raise ScriptSyntaxError(
            "RESERVED_WORD",
            Text(f"'{token}' is a word of the language, not a name.", f"'{token}' er et ord i språket, ikke et navn."),
            hint=Text(
                "A condition follows the variables, before the comma.",
                "En betingelse kommer etter variablene, foran kommaet.",
            ),
            span=span,
        )
    return ast.Name(unicodedata.normalize("NFC", str(token)), span)


def _require_short(text: str, span: Span) -> None:
    if len(text) > MAX_NAME_CHARACTERS:
        raise ScriptSyntaxError(
            "NAME_TOO_LONG",
            Text(
                f"A name has at most {MAX_NAME_CHARACTERS} characters.",
                f"Et navn har høyst {MAX_NAME_CHARACTERS} tegn.",
            ),
            span=span,
        )


def number(token: Token, sign: int, span: Span) -> ast.Number:
    """Return a number; an int when it is written without a decimal point or exponent."""
    value: int | float = float(token)
    if not math.isfinite(value):
        raise ScriptSyntaxError(
            "NUMBER_TOO_LARGE",
            Text("The number is too large.", "Tallet er for stort."),
            hint=Text("Numbers go up to 1.79e308.", "Tall går opp til 1.79e308."),
            span=span,
        )
    if token.isdigit() and value < 2**53:
        value = int(token)
    return ast.Number(sign * value, span)


def register_name(token: Token) -> ast.RegisterName:
    """Return `alias/NAME`."""
    alias, variable = unicodedata.normalize("NFC", str(token)).split("/")
    for part in (alias, variable):
        _require_short(part, span_of(token))
    return ast.RegisterName(alias, variable, span_of(token))


def date(token: Token | None) -> ast.Date | None:
    """Return a date, None without a token."""
    if token is None:
        return None
    try:
        if len(token) != len("YYYY-MM-DD"):
            raise ValueError
        return ast.Date(datetime.date.fromisoformat(token), span_of(token))
    except ValueError:
        raise ScriptSyntaxError(
            "INVALID_DATE",
            Text(f"{token} is not a date.", f"{token} er ikke en dato."),
            hint=Text("Write dates as 2022-12-31.", "Skriv datoer som 2022-12-31."),
            span=span_of(token),
        ) from None


def string(token: Token) -> ast.String:
    """Return the text between the quotes."""
    return ast.String(str(token[1:-1]), span_of(token))


def label_with_comma(span: Span) -> GrilleError:
    """Return the error for a comma among labels."""
    return ScriptSyntaxError(
        "LABEL_WITH_COMMA",
        Text("A label cannot contain a comma.", "En etikett kan ikke inneholde komma."),
        hint=Text("Write the label without it.", "Skriv etiketten uten komma."),
        span=span,
    )


def label(token: Token) -> str:
    """Return the text of a label, quoted or bare."""
    if "," in token:
        raise label_with_comma(span_of(token))
    return str(token[1:-1] if token.type == "STRING" else token)
