"""Whatever the text, the parser gives a tree or a clean error with a place inside the text, in any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from grille.server.errors import GrilleError
from grille.server.language.parser import parse_bytes, parse_recovering
from grille.server.language.vocabulary import COMMANDS

PIECES = st.sampled_from(
    [
        *sorted(COMMANDS),
        *(
            "x",
            "lønn",
            "i.a",
            "c.b",
            "a#b",
            "r/X",
            "2020-01-01",
            "1",
            ".5",
            "1e9",
            "'s'",
            '"t"',
            "'",
            '"',
            "if",
            "by",
            "as",
        ),
        *(
            "(",
            ")",
            ",",
            "=",
            "==",
            "!=",
            "+",
            "-",
            "*",
            "/",
            "^",
            "&",
            "|",
            "!",
            ".",
            ":",
            "#",
            "##",
            "\\",
            "//",
            "@",
            "$",
        ),
        *(
            "\n",
            "\n",
            " \\\n",
            "\r\n",
            "\t",
            "\u00a0",
            "missing",
            "min",
            "max",
            "nonmissing",
            "endblock",
            "textblock\n",
            "🦆",
        ),
    ]
)
SCRIPTS = (
    st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)
)


def check(source: str) -> list[str]:
    script, errors = parse_recovering(source)
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for error in errors:
        assert isinstance(error, GrilleError)
        span = error.span
        assert span is not None
        assert 0 <= span.start <= span.end <= len(source)
        assert 1 <= span.line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 2
        assert error.message.en
        assert error.message.no
    for command in script.commands:
        assert (
            source.removeprefix("\ufeff")[command.head.name_span.start : command.head.name_span.end]
            == command.head.name
        )
    return [repr(command) for command in script.commands] + [error.reason for error in errors]


@settings(max_examples=500, deadline=None)
@given(SCRIPTS)
def test_any_text_gives_a_tree_or_errors_with_places(source):
    check(source)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_tree_or_an_error(data):
    try:
        parse_bytes(data)
    except GrilleError as error:
        assert error.reason  # noqa: PT017


@settings(max_examples=20, deadline=None)
@given(st.lists(SCRIPTS, min_size=4, max_size=8))
def test_threads_parse_as_one_would(sources):
    alone = [check(source) for source in sources]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(check, sources)) == alone
