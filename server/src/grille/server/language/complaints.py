"""Errors in plain words for places where the grammar does not match: what stood there, what was expected, a hint."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from grille.server.errors import GrilleError, ScriptSyntaxError, Span
from grille.server.language import leaves
from grille.server.language.layout import LogicalLine, printable
from grille.server.text import Text

_OPERATORS: Final = frozenset({"OR", "AND", "COMPARISON", "PLUS", "STAR", "SLASH", "POWER"})
_OPERAND: Final = frozenset({"NAME", "NUMBER", "STRING", "DOT", "OPEN", "MINUS", "NOT"})
_GREEDY: Final = frozenset({"LABEL_WORD", "BANK", "COMMAND_NAME"})
"""Terminals that swallow signs; they are only meant where the grammar asks for them."""

_WORDS: Final[tuple[tuple[str, Text], ...]] = (
    ("BANK", Text("a data bank such as no.ssb.fdb", "en databank som no.ssb.fdb")),
    ("COLON", Text("a colon and a version", "kolon og en versjon")),
    ("REGISTER_NAME", Text("a register variable such as db/INNTEKT_LONN", "en registervariabel som db/INNTEKT_LONN")),
    ("NAME", Text("a name", "et navn")),
    ("NUMBER", Text("a number", "et tall")),
    ("STRING", Text("a text in quotes", "en tekst i anførselstegn")),
    ("LABEL_WORD", Text("a label", "en etikett")),
    ("DATE", Text("a date such as 2022-12-31", "en dato som 2022-12-31")),
    ("MIN_WORD", Text("min", "min")),
    ("MAX_WORD", Text("max", "max")),
    ("MISSING_WORD", Text("the word missing", "ordet missing")),
    ("NONMISSING_WORD", Text("the word nonmissing", "ordet nonmissing")),
    ("INTERACTION", Text("#", "#")),
    ("EQUAL", Text("'='", "'='")),
    ("AS", Text("'as' and a name", "'as' og et navn")),
    ("BY", Text("'by' and a group variable", "'by' og en gruppevariabel")),
    ("OPEN", Text("'('", "'('")),
    ("LPAR", Text("'('", "'('")),
    ("CLOSE", Text("')'", "')'")),
    ("IF", Text("'if' and a condition", "'if' og en betingelse")),
    ("COMMA", Text("a comma", "et komma")),
    ("COMMAND_NAME", Text("the name of a command", "navnet på en kommando")),
    ("$END", Text("the end of the command", "slutten på kommandoen")),
)

_HINTS: Final[tuple[tuple[str, Text], ...]] = (
    (
        r"\+\+|\$",
        Text("Bindings ($name and ++) are not offered yet.", "Bindinger ($navn og ++) er ikke tilgjengelige ennå."),
    ),
    (r"=", Text("Use == to compare.", "Bruk == for å sammenligne.")),
    (r"&|and\b|og\b", Text("Write one & for 'and'.", "Skriv én & for «og».")),
    (r"\||or\b|eller\b", Text("Write one | for 'or'.", "Skriv én | for «eller».")),
    (r"<>|~", Text("Write != for 'not equal'.", "Skriv != for «ulik».")),
    (
        "[\u2018\u2019\u201c\u201d\u00ab\u00bb`\u00b4]",
        Text("Use straight quotes, ' or \".", "Bruk rette anførselstegn, ' eller \"."),
    ),
    (r"\d", Text("A name begins with a letter.", "Et navn begynner med en bokstav.")),
    (
        r"\\",
        Text("A backslash continues a command and must end its line.", "Omvendt skråstrek må stå sist på linjen."),
    ),
)


def complaint(error: UnexpectedInput, text: str, line: LogicalLine, command: str) -> GrilleError:
    """Return the error for a place where the grammar of `command` does not match.

    Args:
        error: What the parser saw.
        text: The prepared script.
        line: The command's place in it.
        command: The command's name.
    """
    span, found = _place(error, text, line)
    expected = _expected(error)
    special = _special(command, text, span, found, expected)
    if special is not None:
        return special
    wanted = _listed(expected)
    if not found:
        message = Text(
            f"The command ends here, but {wanted.en} was expected.",
            f"Kommandoen slutter her, men {wanted.no} var ventet.",
        )
    else:
        shown = printable(found) if len(found) == 1 else f"'{found[:40]}'"
        message = Text(
            f"{shown} is not possible here; expected {wanted.en}.", f"{shown} er ikke mulig her; ventet {wanted.no}."
        )
    return ScriptSyntaxError("SYNTAX_ERROR", message, hint=_hint(command, text, span, found, expected), span=span)


def _place(error: UnexpectedInput, text: str, line: LogicalLine) -> tuple[Span, str]:
    """Return where the error is and what stands there; an empty text at the end of the command."""
    if isinstance(error, UnexpectedToken) and isinstance(error.token, Token) and error.token.type != "$END":
        start, found = leaves.span_of(error.token).start, str(error.token)
        word = _word_at(text, start, line.end)
        found = word if error.token.type in _GREEDY or len(word) > len(found) else found
    elif isinstance(error, UnexpectedCharacters):
        start = error.pos_in_stream  # type: ignore[assignment]  # lark declares it wrongly
        found = _word_at(text, start, line.end)
    else:
        start, found = line.end, ""
    number = line.line + text.count("\n", line.start, start)
    column = start - text.rfind("\n", 0, start) if number != line.line else start - line.start + line.column
    return Span(start, start + len(found), number, column), found


def _word_at(text: str, start: int, end: int) -> str:
    match = re.compile(r"\d+-\d+-\d+|\w+|\+\+|&&|\|\||<>|.", re.DOTALL).match(text, start, end)
    return match.group() if match else ""


def _expected(error: UnexpectedInput) -> frozenset[str]:
    accepts = getattr(error, "accepts", None)
    if accepts:
        return frozenset(accepts)
    parser = getattr(error, "interactive_parser", None)
    if parser is not None:
        return frozenset(parser.accepts())
    return frozenset()


def _listed(expected: Collection[str]) -> Text:
    """Return the expected things in words, joined by commas and 'or'."""
    names = set(expected)
    words: list[Text] = []
    if "NOT" in names:
        words.append(
            Text(
                "a variable, a number, a text in quotes or a function",
                "en variabel, et tall, en tekst i anførselstegn eller en funksjon",
            )
        )
        names -= _OPERAND
    if names & _OPERATORS:
        words.append(Text("an operator", "en operator"))
        names -= _OPERATORS | {"MINUS"}
    seen: set[str] = set()
    for name, phrase in _WORDS:
        if name in names and phrase.en not in seen:
            seen.add(phrase.en)
            words.append(phrase)
    if not words:
        words.append(Text("something else", "noe annet"))
    return Text(_join([word.en for word in words], "or"), _join([word.no for word in words], "eller"))


def _join(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _special(command: str, text: str, span: Span, found: str, expected: frozenset[str]) -> GrilleError | None:
    """Return the error for mistakes that have a reason of their own."""
    if found[:1] in ("'", '"') and len(found) == 1:
        return ScriptSyntaxError(
            "UNTERMINATED_STRING",
            Text(
                "The text in quotes does not end on this line.", "Teksten i anførselstegn slutter ikke på denne linjen."
            ),
            hint=Text(f"Close it with {found}.", f"Avslutt den med {found}."),
            span=span,
        )
    if command == "define-labels" and found.startswith(","):
        return leaves.label_with_comma(span)
    if command in ("keep", "drop") and found == "if":
        return ScriptSyntaxError(
            "VARIABLES_AND_CONDITION",
            Text(
                f"The command {command} takes either variables or a condition, not both.",
                f"Kommandoen {command} tar enten variabler eller en betingelse, ikke begge deler.",
            ),
            hint=Text("Write two commands.", "Skriv to kommandoer."),
            span=span,
        )
    return None


def _hint(command: str, text: str, span: Span, found: str, expected: frozenset[str]) -> Text:
    if found.startswith(",") and "NAME" in expected:
        return Text(
            "Options are separated by blanks after one comma.", "Opsjoner skilles med mellomrom etter ett komma."
        )
    if found == "if":
        return Text("A condition stands before the comma, once.", "En betingelse står foran kommaet, én gang.")
    rest = text[span.start : span.start + 8]
    for pattern, hint in _HINTS:
        if found and re.match(pattern, rest):
            return hint
    return Text(f"Write help {command} for its syntax.", f"Skriv help {command} for syntaksen.")
