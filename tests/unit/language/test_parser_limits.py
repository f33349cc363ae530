"""Hostile and huge texts get a clean error quickly."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from grille.server.errors import GrilleError
from grille.server.language.limits import MAX_COMMANDS, MAX_LINE_CHARACTERS, MAX_NAME_CHARACTERS, MAX_SCRIPT_BYTES
from grille.server.language.parser import parse, parse_bytes, parse_recovering


def refused(source: str | bytes, seconds: float = 2.0) -> str:
    started = time.perf_counter()
    with pytest.raises(GrilleError) as caught:
        parse_bytes(source) if isinstance(source, bytes) else parse(source)
    assert time.perf_counter() - started < seconds
    return caught.value.reason


@pytest.mark.parametrize("sign", ["!", "-", "^", "(", "2^", "a+", "abs(", "a|", "- "])
def test_a_hundred_thousand_signs_in_a_row_are_too_long(sign):
    assert refused("generate a = " + sign * 100_000 + "1") == "LINE_TOO_LONG"


@pytest.mark.parametrize("sign", ["!", "-", "(", "abs(", "2^", "!(", "1/("])
def test_what_fits_on_a_line_may_still_be_too_deep(sign):
    closing = ")" * sign.count("(") * 1_000
    assert refused("generate a = " + sign * 1_000 + "1" + closing) == "TOO_DEEPLY_NESTED"


@pytest.mark.parametrize("sign", ["!", "-", "("])
def test_a_command_of_too_many_tokens_is_too_long(sign):
    assert refused("generate a = " + sign * 10_000 + "1" + ")" * 5_000) == "COMMAND_TOO_LONG"


def test_unclosed_parentheses_are_a_syntax_error():
    assert refused("generate a = " + "(" * 4_000 + "1") == "SYNTAX_ERROR"


@pytest.mark.parametrize("sign", ["+", "-", "*", "&", "|"])
def test_long_chains_of_one_operator_are_not_deep(sign):
    (command,) = parse("generate a = " + sign.join(["b"] * 2_000)).commands
    assert command.head.name == "generate"


def test_a_string_that_fills_the_line_is_one_token():
    text = "x" * (MAX_LINE_CHARACTERS - 20)
    (command,) = parse(f"replace a = '{text}'").commands
    assert command.value.value == text


@pytest.mark.parametrize("source", ["a" * MAX_SCRIPT_BYTES, "use " + "a " * 400_000, "'" * MAX_SCRIPT_BYTES])
def test_a_line_of_a_million_characters_is_refused_quickly(source):
    assert refused(source) == "LINE_TOO_LONG"


def test_a_comment_may_be_as_long_as_the_script():
    assert parse("/" * MAX_SCRIPT_BYTES).commands == ()


def test_a_script_may_not_be_longer_than_a_million_bytes():
    assert refused("history\n" * 1_250_000, seconds=0.5) == "SCRIPT_TOO_LONG"
    assert refused(b"history\n" * 1_250_000, seconds=0.5) == "SCRIPT_TOO_LONG"
    assert refused("å" * (MAX_SCRIPT_BYTES // 2 + 1), seconds=0.5) == "SCRIPT_TOO_LONG"


def test_a_script_may_not_have_too_many_commands():
    assert refused("history\n" * (MAX_COMMANDS + 1)) == "TOO_MANY_COMMANDS"


def test_names_have_a_longest_length():
    name = "å" * MAX_NAME_CHARACTERS
    assert parse(f"use {name}").commands[0].names[0].text == name
    assert refused(f"use {name}a") == "NAME_TOO_LONG"
    assert refused(f"boxplot {name}a#b") == "NAME_TOO_LONG"
    assert refused(f"require {'b.' * 70}b:1 as a") == "NAME_TOO_LONG"
    assert refused(f"import r/{name}a") == "NAME_TOO_LONG"
    assert refused("x" * 10_000) == "UNKNOWN_COMMAND"


@pytest.mark.parametrize("digits", ["9" * 309, "1" * 15_000, "1e999999999", "." + "0" * 400 + "1e800"])
def test_numbers_must_be_finite(digits):
    assert refused(f"generate a = {digits}") == "NUMBER_TOO_LARGE"


def test_long_whole_numbers_become_doubles():
    value = parse("generate a = 12345678901234567890").commands[0].value.value
    assert value == 12345678901234567890.0
    assert isinstance(value, float)


def test_ten_thousand_bad_commands_are_all_reported():
    started = time.perf_counter()
    _, errors = parse_recovering("tabulate x y ) z\n" * MAX_COMMANDS)
    assert len(errors) == MAX_COMMANDS
    assert time.perf_counter() - started < 30


def test_importing_the_parser_does_not_build_it():
    code = (
        "import grille.server.language.parser as p, grille.server.language.binding; "
        "assert p._grammar.cache_info().currsize == 0; p.parse('history'); assert p._grammar.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
