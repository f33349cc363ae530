"""What names and values mean: types, unknown names, missing values."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from grille.server.errors import GrilleError
from grille.server.language.binding import bind_condition, bind_expression, is_window, names_in
from grille.server.language.parser import parse
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType, columns_of
from grille.server.plan.functions import NOT_OFFERED

NUMBER, DATE, STRING, KEY = ValueType.NUMBER, ValueType.DATE, ValueType.STRING, ValueType.KEY


@dataclass(frozen=True)
class Known:
    name: str
    type: ValueType
    from_model: bool = False


VARIABLES = {
    name: Known(name, type_)
    for name, type_ in {
        "lønn": NUMBER,
        "alder": NUMBER,
        "mann": NUMBER,
        "født": DATE,
        "START@jobb": DATE,
        "date@panel": DATE,
        "kommune": STRING,
        "siv": STRING,
        "mor": KEY,
    }.items()
}


def bound(source: str) -> Expression:
    return bind_expression(parse(f"generate z = {source}").commands[0].value, VARIABLES)


def error_of(source: str) -> GrilleError:
    with pytest.raises(GrilleError) as caught:
        bound(source)
    return caught.value


@pytest.mark.parametrize(
    "source, type_",
    [
        ("lønn", NUMBER),
        ("født", DATE),
        ("kommune", STRING),
        ("1", NUMBER),
        ("'1'", STRING),
        (".", NUMBER),
        ("lønn * 2 - alder", NUMBER),
        ("født + 1", NUMBER),
        ("kommune == '0301'", NUMBER),
        ("date(2020, 1, 1)", DATE),
        ("rowmax(født, START@jobb)", DATE),
        ("rowmax(født, alder)", NUMBER),
        ("rowmin(lønn)", NUMBER),
        ("string(lønn)", STRING),
        ("isoformatdate(født)", STRING),
        ("substr(kommune, 1, 2)", STRING),
        ("rowconcat(kommune, '-', siv)", STRING),
        ("length(kommune)", NUMBER),
        ("quantile(lønn, 4)", NUMBER),
        ("pi()", NUMBER),
        ("year(date@panel)", NUMBER),
        ("year(panel@date)", NUMBER),
    ],
)
def test_expressions_have_the_type_of_their_outermost_part(source, type_):
    assert bound(source).type is type_


def test_chains_become_one_node_with_differences_as_negated_sums():
    lonn, alder = ColumnRef("lønn", NUMBER), ColumnRef("alder", NUMBER)
    two = Constant(2, NUMBER)
    assert bound("lønn - alder + 2 - 2") == Apply(
        "add", (lonn, Apply("negate", (alder,), NUMBER), two, Apply("negate", (two,), NUMBER)), NUMBER
    )
    assert bound("lønn * alder * 2") == Apply("multiply", (lonn, alder, two), NUMBER)
    inner = Apply("add", (alder, Apply("negate", (two,), NUMBER)), NUMBER)
    assert bound("lønn - (alder - 2)") == Apply("add", (lonn, Apply("negate", (inner,), NUMBER)), NUMBER)
    assert bound("lønn / alder / 2") == Apply("divide", (Apply("divide", (lonn, alder), NUMBER), two), NUMBER)
    assert bound("mann & alder & lønn | mann").function == "or"


@pytest.mark.parametrize("sign", ["+", "-", "*", "&", "|"])
def test_two_thousand_operands_bind_without_recursion(sign):
    expression = bound(sign.join(["alder"] * 2_000))
    assert len(expression.arguments) == 2_000
    assert columns_of(expression) == {"alder"}


@pytest.mark.parametrize(
    "source, reason, marked, hint",
    [
        ("lonn + 1", "UNKNOWN_VARIABLE", "lonn", "lønn"),
        ("xyz", "UNKNOWN_VARIABLE", "xyz", "Import"),
        ("LØNN", "UNKNOWN_VARIABLE", "LØNN", "lønn"),
        ("mor", "KEY_VARIABLE", "mor", "Keys"),
        ("sysmiss(mor)", "KEY_VARIABLE", "mor", "Keys"),
        ("inlist(mor, 'x')", "KEY_VARIABLE", "mor", "Keys"),
        ("kommune == 301", "TYPE_MISMATCH", "301", "Quote the value: '301'"),
        ("301 == kommune", "TYPE_MISMATCH", "301", "Quote the value"),
        ("lønn == '1'", "TYPE_MISMATCH", "'1'", "without quotes"),
        ("født > '2020-01-01'", "TYPE_MISMATCH", "'2020-01-01'", "date(2022, 12, 31)"),
        ("kommune == lønn", "TYPE_MISMATCH", "lønn", "destring"),
        ("inlist(kommune, '0301', 4601)", "TYPE_MISMATCH", "4601", "Quote"),
        ("inrange(alder, '1', '2')", "TYPE_MISMATCH", "'1'", "without quotes"),
        ("kommune + 1", "TYPE_MISMATCH", "kommune", "destring"),
        ("kommune + siv", "TYPE_MISMATCH", "kommune", "rowconcat"),
        ("-kommune", "TYPE_MISMATCH", "kommune", "destring"),
        ("!kommune", "TYPE_MISMATCH", "kommune", "destring"),
        ("lønn & kommune", "TYPE_MISMATCH", "kommune", "destring"),
        ("ln(kommune)", "TYPE_MISMATCH", "kommune", "destring"),
        ("length(lønn)", "TYPE_MISMATCH", "lønn", "string()"),
        ("startswith(kommune, 3)", "TYPE_MISMATCH", "3", "Quote"),
        ("substr(kommune, '1', 2)", "TYPE_MISMATCH", "'1'", "destring"),
        ("rowmax(lønn, kommune)", "TYPE_MISMATCH", "kommune", "destring"),
        ("rowconcat(kommune, lønn)", "TYPE_MISMATCH", "lønn", "string()"),
        ("lenght(kommune)", "UNKNOWN_FUNCTION", "lenght", "length"),
        ("add(1, 2)", "UNKNOWN_FUNCTION", "add", "name(arguments)"),
        ("equal(1, 2)", "UNKNOWN_FUNCTION", "equal", ""),
        ("ln()", "WRONG_NUMBER_OF_ARGUMENTS", "ln()", "takes 1 argument"),
        ("ln(1, 2)", "WRONG_NUMBER_OF_ARGUMENTS", "ln(1, 2)", "ln(x)"),
        ("round(1, 2, 3)", "WRONG_NUMBER_OF_ARGUMENTS", "round(", "1 to 2"),
        ("inlist(lønn)", "WRONG_NUMBER_OF_ARGUMENTS", "inlist(", "at least 2"),
        ("pi(1)", "WRONG_NUMBER_OF_ARGUMENTS", "pi(", "pi()"),
        ("lønn == .", "COMPARISON_WITH_MISSING", ".", "sysmiss"),
        (". != lønn", "COMPARISON_WITH_MISSING", ".", "sysmiss"),
        ("inlist(lønn, 1, .)", "COMPARISON_WITH_MISSING", ".", "sysmiss"),
        ("inrange(lønn, ., 2)", "COMPARISON_WITH_MISSING", ".", "sysmiss"),
        ("lønn + .", "MISSING_VALUE_NOT_ALLOWED", ".", "sysmiss"),
        ("rowmax(., lønn)", "MISSING_VALUE_NOT_ALLOWED", ".", "sysmiss"),
        ("quantile(lønn, 1)", "TYPE_MISMATCH", "1", "from 2 to 100"),
        ("quantile(lønn, 101)", "TYPE_MISMATCH", "101", "from 2 to 100"),
        ("quantile(lønn, 2.5)", "TYPE_MISMATCH", "2.5", "quantile(x, groups)"),
        ("quantile(lønn, alder)", "TYPE_MISMATCH", "alder", ""),
        ("quantile(lønn, 4) + 1", "WINDOW_FUNCTION_NOT_ALONE", "quantile(lønn, 4)", "own"),
        ("quantile(quantile(lønn, 4), 2)", "WINDOW_FUNCTION_NOT_ALONE", "quantile(lønn, 4)", "own"),
    ],
)
def test_errors_mark_the_place_and_help(source, reason, marked, hint):
    error = error_of(source)
    assert error.reason == reason
    assert error.span is not None
    start = error.span.start - len("generate z = ")
    assert source[start : error.span.end - len("generate z = ")].startswith(marked)
    assert hint in f"{error.message.en} {error.hint.en if error.hint else ''}"
    assert error.message.no != error.message.en


@pytest.mark.parametrize("name", sorted(NOT_OFFERED))
def test_functions_to_come_say_so(name):
    assert error_of(f"{name}(lønn)").reason == "FUNCTION_NOT_AVAILABLE"


def test_quantile_may_stand_alone_and_is_known_as_a_window():
    assert is_window(bound("quantile(lønn, 100)"))
    assert is_window(bound("(quantile(lønn / 2, 5))"))
    assert not is_window(bound("abs(lønn)"))
    assert not is_window(bound("lønn"))


def condition(source: str) -> Expression:
    return bind_condition(parse(f"keep if {source}").commands[0].condition, VARIABLES)


def test_a_number_is_a_condition_and_a_string_is_not():
    assert condition("mann") == ColumnRef("mann", NUMBER)
    assert condition("kommune == '0301'").function == "equal"
    for source in ("kommune", "'1'", "string(mann)"):
        with pytest.raises(GrilleError) as caught:
            condition(source)
        assert caught.value.reason == "TYPE_MISMATCH"


@pytest.mark.parametrize("source", [".", "quantile(lønn, 4)"])
def test_missing_and_windows_are_no_conditions(source):
    with pytest.raises(GrilleError) as caught:
        condition(source)
    assert caught.value.reason in {"MISSING_VALUE_NOT_ALLOWED", "WINDOW_FUNCTION_NOT_ALONE"}


def test_names_are_listed_once_at_their_first_place():
    command = parse("generate z = b + f(a, b, 'c') * -d & inlist(e, a)").commands[0]
    names = names_in(command.value)
    assert [name.text for name in names] == ["b", "a", "d", "e"]
    assert names[0].span.column == 14


def test_messages_never_hold_more_than_names_and_what_was_typed():
    error = error_of("kommune == 301")
    assert error.message.en == "A string and a number cannot be compared."
