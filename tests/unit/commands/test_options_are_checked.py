import pytest

from grille.server.commands.base import CommandSpec, OptionSpec
from grille.server.commands.options import check_options
from grille.server.errors import GrilleError
from grille.server.language.parser import parse
from grille.server.text import same

SPEC = CommandSpec(
    name="histogram",
    group=same(""),
    summary=same(""),
    syntax="histogram VARIABLE",
    options=tuple(
        OptionSpec(name, syntax, same(""))
        for name, syntax in (
            ("bin", "bin(N)"),
            ("level", "level(P)"),
            ("percent", "percent"),
            ("freq", "freq"),
            ("by", "by(VARIABLE)"),
            ("control", "control(TERMS)"),
            ("name", "name(TEXT)"),
        )
    ),
)


def options(text):
    (command,) = parse(f"histogram x, {text}").commands
    return check_options(SPEC, command.options)


def test_arguments_are_read_by_their_kind():
    given = options("bin(12) level(99.5) percent by(a, b) control(i.region, age) name('p')")
    assert given.whole("bin", low=1, high=30) == 12
    assert given.number("level") == 99.5
    assert given.flag("percent")
    assert not given.flag("freq")
    assert [name.text for name in given.names("by")] == ["a", "b"]
    assert [term.factors[0].kind for term in given.terms("control")] == ["i", "plain"]
    assert given.text("name") == "p"
    assert "bin" in given
    assert "freq" not in given


def test_what_is_not_given_has_its_default():
    given = options("percent")
    assert given.whole("bin", 20) == 20
    assert given.number("level", 95.0) == 95.0
    assert given.names("by") == ()
    assert given.terms("control") == ()
    assert given.text("name", "residuals") == "residuals"
    assert given.codes("name") is None


@pytest.mark.parametrize(
    "text,read",
    [
        ("bin", lambda given: given.whole("bin")),
        ("bin(a)", lambda given: given.whole("bin")),
        ("bin(2.5)", lambda given: given.whole("bin")),
        ("bin(1, 2)", lambda given: given.whole("bin")),
        ("bin(31)", lambda given: given.whole("bin", low=1, high=30)),
        ("level(101)", lambda given: given.number("level", low=0, high=100)),
        ("percent(1)", lambda given: given.flag("percent")),
        ("by(i.a)", lambda given: given.names("by")),
        ("by('a')", lambda given: given.names("by")),
        ("by(a, b)", lambda given: given.names("by", most=1)),
        ("control(3)", lambda given: given.terms("control")),
        ("name(3)", lambda given: given.text("name")),
    ],
)
def test_an_argument_of_the_wrong_kind_is_refused_at_its_place(text, read):
    given = options(text)
    with pytest.raises(GrilleError) as caught:
        read(given)
    assert caught.value.reason == "OPTION_ARGUMENT"
    assert caught.value.span.start == len("histogram x, ")
    assert SPEC.options[0].syntax in caught.value.hint.en or "Write" in caught.value.hint.en


def test_an_unknown_option_proposes_near_names():
    with pytest.raises(GrilleError) as caught:
        options("percnt")
    assert caught.value.reason == "UNKNOWN_OPTION"
    assert "`percent`" in caught.value.hint.en
    assert "`percent`" in caught.value.hint.no


def test_an_option_is_given_once():
    with pytest.raises(GrilleError) as caught:
        options("percent percent")
    assert caught.value.reason == "DUPLICATE_OPTION"


def test_options_that_exclude_each_other_are_named():
    given = options("percent freq")
    with pytest.raises(GrilleError) as caught:
        given.exclusive("freq", "percent")
    assert caught.value.reason == "OPTIONS_EXCLUDE"
    assert options("freq").exclusive("freq", "percent") == "freq"
    assert options("bin(3)").exclusive("freq", "percent") is None
