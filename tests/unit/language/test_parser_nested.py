"""A command inside a command is parsed as if it stood alone, in its own place."""

from __future__ import annotations

import pytest

from grille.server.errors import GrilleError
from grille.server.language import ast
from grille.server.language.parser import parse, parse_recovering
from grille.server.language.vocabulary import INNER, NESTED, SHAPES


def inner_of(source: str) -> ast.Analysis:
    (command,) = parse(source).commands
    assert isinstance(command, ast.Nested)
    return command.inner


@pytest.mark.parametrize(
    "line",
    [
        "regress wage man c.age#i.edu if age > 30 & man, robust level(90) control(i.region)",
        "regress-mml wage man age by region county if age > 30, level(90)",
        "regress y x",
    ],
)
def test_the_inner_command_is_the_one_that_stands_alone(line: str) -> None:
    (alone,) = parse(line).commands
    assert isinstance(alone, ast.Analysis)
    inner = inner_of(f"coefplot {line}")
    assert inner.head.name == alone.head.name
    assert inner.head.source == alone.head.source
    assert [term.factors[0].name for term in inner.terms] == [term.factors[0].name for term in alone.terms]
    assert [option.name for option in inner.options] == [option.name for option in alone.options]
    assert [name.text for name in inner.by] == [name.text for name in alone.by]


def test_places_are_those_in_the_script() -> None:
    source = "// first\n  coefplot   regress y \\\n    x z  // last\n"
    (command,) = parse(source).commands
    assert isinstance(command, ast.Nested)
    assert command.head.source == "coefplot   regress y x z"
    assert (command.inner.head.name_span.line, command.inner.head.name_span.column) == (2, 14)
    last = command.inner.terms[-1].span
    assert (last.line, last.column, source[last.start : last.end]) == (3, 7, "z")


def test_the_inner_command_may_stand_on_the_next_line() -> None:
    source = "coefplot \\\n   regress y x\n"
    (command,) = parse(source).commands
    assert isinstance(command, ast.Nested)
    span = command.inner.head.name_span
    assert (span.line, span.column, source[span.start : span.end]) == (2, 4, "regress")


@pytest.mark.parametrize(
    "source, reason, marked",
    [
        ("coefplot", "INNER_COMMAND_EXPECTED", ""),
        ("coefplot wage age", "INNER_COMMAND_EXPECTED", "wage"),
        ("coefplot coefplot regress y x", "INNER_COMMAND_EXPECTED", "coefplot"),
        ("coefplot summarize y", "INNER_COMMAND_EXPECTED", "summarize"),
        ("coefplot regression y x", "INNER_COMMAND_EXPECTED", "regression"),
        ("coefplot, regress y x", "INNER_COMMAND_EXPECTED", ","),
        ("coefplot regress y x, level(90", "SYNTAX_ERROR", ""),
        ("coefplot regress y x = 2", "SYNTAX_ERROR", "="),
        ("coefplot regress-mml y x", "SYNTAX_ERROR", ""),
    ],
)
def test_what_cannot_stand_inside_is_told_at_its_place(source: str, reason: str, marked: str) -> None:
    with pytest.raises(GrilleError) as caught:
        parse(source)
    error = caught.value
    assert error.reason == reason
    assert error.span is not None
    assert error.span.start == (source.index(marked, 8) if marked else len(source))
    assert error.hint is not None


def test_an_error_inside_does_not_hide_the_next_command() -> None:
    script, errors = parse_recovering("coefplot logit y x\nsummarize y\n")
    assert [command.head.name for command in script.commands] == ["summarize"]
    assert [error.reason for error in errors] == ["INNER_COMMAND_EXPECTED"]


def test_every_command_that_holds_another_says_which() -> None:
    assert {name for name, shape in SHAPES.items() if shape == NESTED} == set(INNER)
    for names in INNER.values():
        assert set(names) <= set(SHAPES)
