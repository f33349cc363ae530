"""From script text to the syntax tree."""

from __future__ import annotations

import difflib
import functools
import re
from importlib import resources
from typing import Final

from lark import Lark, TextSlice
from lark.exceptions import UnexpectedInput

from grille.server.errors import BudgetError, GrilleError, ScriptSyntaxError, Span, UnknownNameError
from grille.server.language import ast
from grille.server.language.builder import Finish, builder
from grille.server.language.complaints import complaint
from grille.server.language.layout import LogicalLine, decode, joined, normalise, split
from grille.server.language.limits import MAX_COMMANDS, MAX_TOKENS
from grille.server.language.vocabulary import COMMANDS, ENDBLOCK, INNER, NESTED, NOT_OFFERED, SHAPES, TEXTBLOCK
from grille.server.text import Text

_COMMAND_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_TOKENS: Final = re.compile(r"""'[^'\n]*'|"[^"\n]*"|[\w.@]+|\S""")


def parse(source: str) -> ast.Script:
    """Parse a script.

    Raises:
        GrilleError: The first thing in `source` that is not in the language, with its place.
    """
    script, errors = parse_recovering(source)
    if errors:
        raise errors[0]
    return script


def parse_bytes(data: bytes) -> ast.Script:
    """Parse the bytes of a script file; they must be UTF-8, with or without a byte order mark."""
    return parse(decode(data))


def parse_recovering(source: str) -> tuple[ast.Script, list[GrilleError]]:
    """Parse a script and go on after an error with the next command.

    Returns:
        The commands that are in the language, and the errors in the order of the text.
    """
    try:
        text, lines, errors = split(normalise(source))
    except GrilleError as error:
        return ast.Script(()), [error]
    if len(lines) > MAX_COMMANDS:
        return ast.Script(()), [_too_many_commands(lines[MAX_COMMANDS])]
    commands: list[ast.Command] = []
    for line in lines:
        try:
            commands.append(_command(text, line))
        except GrilleError as error:
            errors.append(error.at(line.span))
    errors.sort(key=lambda error: error.span.start if error.span else 0)
    return ast.Script(tuple(commands)), errors


def _command(text: str, line: LogicalLine) -> ast.Command:
    match = _COMMAND_NAME.match(text, line.start, line.end)
    if match is None:
        raise _no_command(line)
    name = match.group()
    name_span = Span(line.start, match.end(), line.line, line.column)
    head = ast.Head(name, joined(text[line.start : line.end]), line.span, name_span)
    if line.body is not None:
        return ast.Textblock(_replaced_source(head, text[line.start : line.end]), line.body)
    shape = SHAPES.get(name)
    if shape is None:
        raise _unknown_command(name, name_span)
    if shape == NESTED:
        return _nested(text, line, head)
    if line.end - line.start > MAX_TOKENS and _more_than(MAX_TOKENS, text, line):
        raise _command_too_long(name_span)
    try:
        finish: Finish = _grammar().parse(TextSlice(text, match.end(), line.end), start=shape)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise complaint(error, text, line, name) from None
    return finish(head)


def _nested(text: str, line: LogicalLine, head: ast.Head) -> ast.Nested:
    """Parse the command inside a command as if it stood alone, in its own place."""
    rest = text[head.name_span.end : line.end]
    start = head.name_span.end + len(rest) - len(rest.lstrip())
    match = _COMMAND_NAME.match(text, start, line.end)
    number = line.line + text.count("\n", line.start, start)
    column = start - text.rfind("\n", 0, start) if number != line.line else start - line.start + line.column
    name = match.group() if match else ""
    if name not in INNER[head.name]:
        raise _inner_expected(head.name, Span(start, min(start + max(len(name), 1), len(text)), number, column))
    inner = _command(text, LogicalLine(start, line.end, number, column))
    assert isinstance(inner, ast.Analysis)
    return ast.Nested(head, inner)


@functools.cache
def _grammar() -> Lark:
    grammar = resources.files("grille.server.language").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=sorted(set(SHAPES.values()) - {NESTED}),
        transformer=builder(),
        maybe_placeholders=True,
    )


def _replaced_source(head: ast.Head, source: str) -> ast.Head:
    return ast.Head(head.name, source, head.span, head.name_span)


def _more_than(limit: int, text: str, line: LogicalLine) -> bool:
    return sum(1 for _ in _TOKENS.finditer(text, line.start, line.end)) > limit


def _unknown_command(name: str, span: Span) -> GrilleError:
    if name in NOT_OFFERED:
        return UnknownNameError(
            "COMMAND_NOT_AVAILABLE",
            Text(f"The command {name} is not offered here yet.", f"Kommandoen {name} er ikke tilgjengelig her ennå."),
            hint=Text("Write help for the list of commands.", "Skriv help for listen over kommandoer."),
            span=span,
        )
    if name in (ENDBLOCK, TEXTBLOCK):
        return ScriptSyntaxError(
            "MISPLACED_TEXTBLOCK",
            Text(f"The word {name} does not stand alone on its line.", f"Ordet {name} står ikke alene på linjen sin.")
            if name == TEXTBLOCK
            else Text("There is no text block to end here.", "Det er ingen tekstblokk å avslutte her."),
            hint=Text(
                "Write textblock and endblock each on a line of its own.",
                "Skriv textblock og endblock på hver sin egen linje.",
            ),
            span=span,
        )
    near = difflib.get_close_matches(name[:64].lower(), sorted(COMMANDS), n=3, cutoff=0.6)
    listed = ", ".join(near)
    return UnknownNameError(
        "UNKNOWN_COMMAND",
        Text(f"There is no command {name[:64]}.", f"Det finnes ingen kommando {name[:64]}."),
        hint=Text(f"Did you mean {listed}?", f"Mente du {listed}?")
        if near
        else Text("Write help for the list of commands.", "Skriv help for listen over kommandoer."),
        span=span,
    )


def _no_command(line: LogicalLine) -> GrilleError:
    return ScriptSyntaxError(
        "COMMAND_EXPECTED",
        Text("A line begins with the name of a command.", "En linje begynner med navnet på en kommando."),
        hint=Text(
            "End the line before with a backslash if this line continues it.",
            "Avslutt linjen foran med omvendt skråstrek hvis denne linjen fortsetter den.",
        ),
        span=Span(line.start, line.start + 1, line.line, line.column),
    )


def _inner_expected(command: str, span: Span) -> GrilleError:
    listed = ", ".join(f"`{one}`" for one in INNER[command])
    return ScriptSyntaxError(
        "INNER_COMMAND_EXPECTED",
        Text(f"After {command} comes a whole command: {listed}.", f"Etter {command} kommer en hel kommando: {listed}."),
        hint=Text(f"Write help {command}.", f"Skriv help {command}."),
        span=span,
    )


def _command_too_long(span: Span) -> GrilleError:
    return BudgetError(
        "COMMAND_TOO_LONG",
        Text(
            f"The command has more than {MAX_TOKENS} words and signs.",
            f"Kommandoen har mer enn {MAX_TOKENS} ord og tegn.",
        ),
        hint=Text("Split it into several commands.", "Del den i flere kommandoer."),
        span=span,
    )


def _too_many_commands(line: LogicalLine) -> GrilleError:
    return BudgetError(
        "TOO_MANY_COMMANDS",
        Text(f"The script has more than {MAX_COMMANDS} commands.", f"Skriptet har mer enn {MAX_COMMANDS} kommandoer."),
        hint=Text("Split it into several scripts.", "Del det i flere skript."),
        span=line.span,
    )
