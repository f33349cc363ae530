"""What the parser says about text that is not in the language."""

from __future__ import annotations

import pytest

from grille.server.errors import GrilleError, Span
from grille.server.language.parser import parse, parse_bytes, parse_recovering
from grille.server.language.vocabulary import COMMANDS, NOT_OFFERED


def error_of(source: str) -> GrilleError:
    with pytest.raises(GrilleError) as caught:
        parse(source)
    return caught.value


@pytest.mark.parametrize(
    "source, reason, marked, hint",
    [
        ("tabulat x", "UNKNOWN_COMMAND", "tabulat", "tabulate"),
        ("Tabulate x", "UNKNOWN_COMMAND", "Tabulate", "tabulate"),
        ("xyzzy", "UNKNOWN_COMMAND", "xyzzy", "help"),
        ("logit a b", "COMMAND_NOT_AVAILABLE", "logit", "help"),
        ("collapse(count) a, by(b)", "COMMAND_NOT_AVAILABLE", "collapse", "help"),
        ("let x = 1", "COMMAND_NOT_AVAILABLE", "let", "help"),
        ("12 a", "COMMAND_EXPECTED", "1", "backslash"),
        ("define-labels yn 0 No 1 'Yes, sir'", "LABEL_WITH_COMMA", "'Yes, sir'", "comma"),
        ("define-labels yn 0 No, 1 Yes", "LABEL_WITH_COMMA", ",", "without"),
        ("tabulate x, missing, rowpct", "SYNTAX_ERROR", ",", "one comma"),
        ("tabulate x, missing if a", "RESERVED_WORD", "if", "before the comma"),
        ("keep a if b", "VARIABLES_AND_CONDITION", "if", "two commands"),
        ("generate a = 'abc", "UNTERMINATED_STRING", "'", "Close"),
        ("generate a = b = 1", "SYNTAX_ERROR", "=", "=="),
        ("keep if a = 1", "SYNTAX_ERROR", "=", "=="),
        ("keep if a && c", "SYNTAX_ERROR", "&", "one &"),
        ("keep if a || c", "SYNTAX_ERROR", "|", "one |"),
        ("keep if a and b", "SYNTAX_ERROR", "and", "&"),
        ("keep if a <> b", "SYNTAX_ERROR", "<", "!="),
        ("generate 2a = 3", "SYNTAX_ERROR", "2a", "begins with a letter"),
        ("generate a = (b + c", "SYNTAX_ERROR", "", "help generate"),
        ("replace a =", "SYNTAX_ERROR", "", "help replace"),
        ("generate a = $y", "SYNTAX_ERROR", "$", "Bindings"),
        ("generate a = b ++ c", "SYNTAX_ERROR", "++", "Bindings"),
        ("generate a = “x”", "SYNTAX_ERROR", "“", "straight quotes"),
        ("generate a = b \\ c", "SYNTAX_ERROR", "\\", "must end its line"),
        ("generate if = 1", "RESERVED_WORD", "if", "condition"),
        ("generate b = 1e999", "NUMBER_TOO_LARGE", "1e999", "1.79e308"),
        ("import r/X 2022-13-01", "INVALID_DATE", "2022-13-01", "2022-12-31"),
        ("import r/X 2022-2-1", "INVALID_DATE", "2022-2-1", "2022-12-31"),
        ("import r/X 20220101", "SYNTAX_ERROR", "20220101", ""),
        ("import X", "SYNTAX_ERROR", "X", "help import"),
        ("require no.ssb.fdb as db", "SYNTAX_ERROR", "as", "help require"),
        ("regress y a##b#c", "MIXED_INTERACTION", "a##b#c", "same sign"),
        ("recode a (5/1 = 2)", "REVERSED_RANGE", "5/1", "lower"),
        ("recode a (max/1 = 2)", "REVERSED_RANGE", "max/1", "lower"),
        ("recode a (1 = 2 South)", "SYNTAX_ERROR", "South", ""),
        ("recode a ('x'/'y' = 2)", "SYNTAX_ERROR", "/", ""),
        ("recode a", "SYNTAX_ERROR", "", "help recode"),
        ("regress-mml y x", "SYNTAX_ERROR", "", "help regress-mml"),
        ("tabulate a)", "SYNTAX_ERROR", ")", ""),
        ("use my-data", "SYNTAX_ERROR", "-", ""),
        ("rename a", "SYNTAX_ERROR", "", ""),
        ("history now", "SYNTAX_ERROR", "now", ""),
        ("list-labels a 2020-01-01", "SYNTAX_ERROR", "2020-01-01", ""),
        ("endblock", "MISPLACED_TEXTBLOCK", "endblock", "own"),
        ("textblock x", "MISPLACED_TEXTBLOCK", "textblock", "own"),
        ("textblock\nabc", "TEXTBLOCK_NOT_CLOSED", "textblock", "endblock"),
    ],
)
def test_errors_mark_the_offending_place_and_help(source, reason, marked, hint):
    error = error_of(source)
    assert error.reason == reason
    assert error.span is not None
    assert source[error.span.start : error.span.end].startswith(marked)
    assert bool(marked) == (error.span.end > error.span.start)
    shown = f"{error.message.en} {error.hint.en if error.hint else ''}"
    assert hint in shown


@pytest.mark.parametrize(
    "source", ["tabulat x", "use", "keep a if b", "use 'x", "import X", "generate a = (", "use a,"]
)
def test_messages_are_whole_sentences_in_both_languages_without_names_of_the_grammar(source):
    error = error_of(source)
    for text in (error.message.en, error.message.no, error.hint.en, error.hint.no):
        assert text.endswith((".", "?"))
        assert text[0].isupper() or text[0] in "'"
        assert not {word for word in text.replace("'", " ").split() if word.isupper() and len(word) > 3} - {"UTF-8"}
    assert error.message.en != error.message.no


def test_expected_things_are_named_in_plain_words():
    assert error_of("import X").message.en == (
        "'X' is not possible here; expected a register variable such as db/INNTEKT_LONN."
    )
    assert "expected an operator or ')'" not in error_of("generate a = (b c").message.en.replace("'('", "")
    assert error_of("rename a").message.no == "Kommandoen slutter her, men et navn var ventet."


def test_places_after_a_continuation_are_on_their_own_line():
    error = error_of("history\ntabulate a \\\n  b ) // x")
    assert error.span == Span(25, 26, 3, 5)


def test_recovery_reports_every_bad_command_and_keeps_the_good_ones():
    script, errors = parse_recovering("use a\ntabulat b\nuse c\n'\nuse d e\ntextblock\nx")
    assert [command.names[0].text for command in script.commands] == ["a", "c"]
    assert [(error.reason, error.span.line) for error in errors] == [
        ("UNKNOWN_COMMAND", 2),
        ("COMMAND_EXPECTED", 4),
        ("SYNTAX_ERROR", 5),
        ("TEXTBLOCK_NOT_CLOSED", 6),
    ]


def test_offered_commands_and_those_to_come_are_disjoint():
    assert not COMMANDS & NOT_OFFERED


@pytest.mark.parametrize("name", sorted(NOT_OFFERED))
def test_commands_to_come_say_so(name):
    assert error_of(f"{name} a b").reason == "COMMAND_NOT_AVAILABLE"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u202e", "\ud800"])
def test_invisible_control_characters_are_refused_with_their_place(character):
    script, (error,) = parse_recovering(f"use a\nuse b{character}c")
    assert script.commands == ()
    assert error.reason == "INVALID_CHARACTER"
    assert error.span == Span(11, 12, 2, 6)
    assert character not in error.message.en


def test_text_that_is_not_utf_8_is_refused_with_its_place():
    with pytest.raises(GrilleError) as caught:
        parse_bytes("use a\nuse bå".encode() + b"\xe5\n")
    assert caught.value.reason == "INVALID_ENCODING"
    assert caught.value.span == Span(12, 13, 2, 7)
