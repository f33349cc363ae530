"""Which text becomes which tree."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

from grille.server.errors import Span
from grille.server.language import ast
from grille.server.language.parser import parse, parse_bytes


def one(source: str) -> ast.Command:
    (command,) = parse(source).commands
    return command


def plain(node: object) -> object:
    """Return a tree without places, as nested tuples."""
    if isinstance(node, tuple):
        return tuple(plain(item) for item in node)
    if dataclasses.is_dataclass(node):
        fields = [field.name for field in dataclasses.fields(node) if field.name not in ("span", "head")]
        return (type(node).__name__, *(plain(getattr(node, name)) for name in fields))
    return node


MODEL_EXAMPLES = """
require no.example.reg:3 as r
create-dataset adults
use adults
delete-dataset tmp
rename-dataset adults grown
clone-dataset adults backup
import r/SEX as sex
import r/WAGE 2022-12-31 as wage
import r/HOURS 2021-02-16 as h2, outer_join
import db/KOMMNR 2022-01-01 as bosted, inner_join values('03*' '4601')
variables r/WAGE
variables
list-labels r/CIVIL 2020-01-01
list-labels edulbl
generate man = sex == '1'
replace wage = 0 if sysmiss(wage)
replace d = .
recode edu (0/4 = 1 'Low') (5 6 = 2 'Middle') (7/max = 3 'High') (missing = 9), prefix('g_')
recode region (1/3 = 1 'South') (4 5 = 2 'North') (missing = 9 'unknown' missing)
recode land (101/141 144/158 = 1 'EU')(* = 2)
rename wage wage22
destring code, ignore('.-') force
destring muni, prefix(n_)
define-labels yn 0 No 1 Yes
assign-labels man yn
drop-labels yn
keep if inrange(age, 20, 60)
keep if inrange(age, 18, 66) & status == '1'
drop h1 h2
summarize wage age if man, gini iqr
summarize
tabulate region edu, summarize(wage) p50 std rowsort()
tabulate region edu, rowpct freq
boxplot wage, over(region) horizontal
histogram wage if wage > 0, bin(20) percent normal
histogram age, discrete freq by(sex)
regress wage man c.edu age#sex, vif het_bp
regress wage man age i.edu, robust control(i.region)
regress-mml wage man age by region county, level(90)
help regress-mml
help
history
""".strip().splitlines()


@pytest.mark.parametrize("source", MODEL_EXAMPLES)
def test_examples_of_the_model_language_parse(source):
    command = one(source)
    assert command.head.source == source
    assert command.head.name == source.split()[0]


def test_import_has_variable_date_name_and_options():
    command = one("import db/LØNN 2022-12-31 as lønn, outer_join values('0301' 11)")
    assert isinstance(command, ast.Import)
    assert (command.variable.alias, command.variable.variable) == ("db", "LØNN")
    assert command.date is not None
    assert command.date.value == datetime.date(2022, 12, 31)
    assert command.name is not None
    assert command.name.text == "lønn"
    assert [(option.name, option.has_parentheses) for option in command.options] == [
        ("outer_join", False),
        ("values", True),
    ]
    assert plain(command.options[1].arguments) == (("String", "0301"), ("Number", 11))


def test_require_takes_a_number_or_the_word_for_a_version():
    assert plain(one("require no.ssb.fdb:30 as db")) == (
        "Require",
        ("Name", "no.ssb.fdb"),
        ("Number", 30),
        ("Name", "db"),
    )
    assert plain(one("require no.ssb-x.fdb : DRAFT as db"))[2] == ("Name", "DRAFT")


def test_recode_rules_have_values_ranges_words_labels_and_flags():
    command = one(
        "recode a b (min/-1 3 'x' = 1 'Low') (5.5/max = . ) (nonmissing = 'z' missing) (* = -2) if c, generate(g)"
    )
    assert isinstance(command, ast.Recode)
    assert [name.text for name in command.variables] == ["a", "b"]
    assert [plain(rule)[1:] for rule in command.rules] == [
        ((("RecodeRange", None, -1), ("Number", 3), ("String", "x")), ("Number", 1), ("String", "Low"), False),
        ((("RecodeRange", 5.5, None),), ("Missing",), None, False),
        ("nonmissing", ("String", "z"), None, True),
        ("*", ("Number", -2), None, False),
    ]
    assert plain(command.condition) == ("Name", "c")
    assert command.options[0].name == "generate"


def test_labels_are_bare_words_numbers_or_quoted_texts():
    command = one(
        "define-labels edu -1 Ukjent 2 Lav-inntekt 3 'Høy, ikke' 4 25-30 5 <20 'a' B".replace(", ikke", " nok")
    )
    assert isinstance(command, ast.DefineLabels)
    assert [(value.value, label) for value, label in command.pairs] == [
        (-1, "Ukjent"),
        (2, "Lav-inntekt"),
        (3, "Høy nok"),
        (4, "25-30"),
        (5, "<20"),
        ("a", "B"),
    ]


def test_terms_carry_factor_and_interaction_signs():
    command = one("regress y x i.a c.b a#c.x i.a ## b # # c".replace(" # # c", ""))
    assert isinstance(command, ast.Analysis)
    assert [plain(term) for term in command.terms[2:]] == [
        ("Term", (("Factor", "a", "i"),), False),
        ("Term", (("Factor", "b", "c"),), False),
        ("Term", (("Factor", "a", "plain"), ("Factor", "x", "c")), False),
        ("Term", (("Factor", "a", "i"), ("Factor", "b", "plain")), True),
    ]


def test_the_grouped_regression_has_groups_between_by_and_the_condition():
    command = one("regress-mml y x by g h if y > 0, level(90.5)")
    assert isinstance(command, ast.Analysis)
    assert [name.text for name in command.by] == ["g", "h"]
    assert plain(command.condition) == ("Binary", ">", ("Name", "y"), ("Number", 0))
    assert plain(command.options[0].arguments) == (("Number", 90.5),)


def test_by_is_an_ordinary_name_elsewhere():
    assert [term.factors[0].name for term in one("tabulate by kjønn").terms] == ["by", "kjønn"]


@pytest.mark.parametrize(
    "written", ["tabulate a , missing rowpct", "tabulate a,missing   rowpct", "tabulate a \\\n , missing \\\n\trowpct"]
)
def test_options_follow_one_comma(written):
    assert [option.name for option in one(written).options] == ["missing", "rowpct"]


def test_options_alone_and_blanks_before_parentheses_are_legal():
    command = one("boxplot , over ( a, b ) by()")
    assert isinstance(command, ast.Analysis)
    assert command.terms == ()
    assert plain(command.options[0].arguments) == (
        ("Term", (("Factor", "a", "plain"),), False),
        ("Term", (("Factor", "b", "plain"),), False),
    )
    assert command.options[1].has_parentheses
    assert command.options[1].arguments == ()


@pytest.mark.parametrize(
    "written, tree",
    [
        ("-2^2", ("-", ("^", 2, 2))),
        ("2^-2", ("^", 2, ("-", 2))),
        ("2^3^2", ("^", 2, ("^", 3, 2))),
        ("a - b - c", ("-", ("-", "a", "b"), "c")),
        ("a + b * c", ("+", "a", ("*", "b", "c"))),
        ("(a + b) * c", ("*", ("+", "a", "b"), "c")),
        ("a / b / c", ("/", ("/", "a", "b"), "c")),
        ("!x == 1", ("==", ("!", "x"), 1)),
        ("!a & !b", ("&", ("!", "a"), ("!", "b"))),
        ("!(a | b)", ("!", ("|", "a", "b"))),
        ("a == 1 & b != 2 | c", ("|", ("&", ("==", "a", 1), ("!=", "b", 2)), "c")),
        ("a + 1 > b", (">", ("+", "a", 1), "b")),
        ("--a", ("-", ("-", "a"))),
        ("a--b", ("-", "a", ("-", "b"))),
        (".5 + 1e3 + 2. + 1.5E-2", ("+", ("+", ("+", 0.5, 1000.0), 2.0), 0.015)),
        ("f ( )", ("f",)),
        ("START@x<date@panel", ("<", "START@x", "date@panel")),
        ("ifx", "ifx"),
    ],
)
def test_operators_bind_as_documented(written, tree):
    def short(node: ast.Expr) -> object:
        match node:
            case ast.Binary():
                return (node.operator, short(node.left), short(node.right))
            case ast.Unary():
                return (node.operator, short(node.operand))
            case ast.Call():
                return (node.function.text, *(short(argument) for argument in node.arguments))
            case ast.Name():
                return node.text
            case ast.Number() | ast.String():
                return node.value
        return "."

    assert short(one(f"generate z = {written}").value) == tree


def test_numbers_keep_whether_they_were_written_whole():
    values = [option.arguments[0].value for option in one("histogram x, a(1) b(1.0) c(-1) d(1e2)").options]
    assert [(value, type(value)) for value in values] == [(1, int), (1.0, float), (-1, int), (100.0, float)]


def test_quotes_of_the_other_kind_and_comment_signs_stay_in_strings():
    command = one("""replace a = "it's // here" if b == 'say "x" # \\ ' // a comment's "end\\""")
    assert command.value.value == "it's // here"
    assert command.condition.right.value == 'say "x" # \\ '
    assert command.head.source == """replace a = "it's // here" if b == 'say "x" # \\ '"""


def test_comments_headings_and_blank_lines_are_no_commands():
    script = parse("// one\n\n  # heading 'x\n#tabulate a\nhistory // use x\n   // end")
    assert [command.head.name for command in script.commands] == ["history"]


def test_continued_lines_are_one_command_with_places_of_their_own():
    source = "generate a = 1\nregress y \\  \n  x \\ // first\n   // second"
    first, second = parse(source).commands
    assert second.head.source == "regress y x"
    assert second.head.span == Span(15, 32, 2, 1)
    assert second.terms[1].span == Span(31, 32, 3, 3)
    assert first.head.span == Span(0, 14, 1, 1)


def test_a_continuation_may_begin_with_an_interaction_sign():
    command = one("regress y a \\\n#b")
    assert [len(term.factors) for term in command.terms] == [1, 2]


def test_text_blocks_keep_their_markdown():
    source = "textblock // title\n# Title\n\n * item 'x // y\r\n  endblock\nhistory"
    block, history = parse(source).commands
    assert isinstance(block, ast.Textblock)
    assert block.markdown == "# Title\n\n * item 'x // y"
    assert history.head.span.line == 6


def test_places_point_into_the_source():
    source = "history\n  generate lønn2 = lønn + abs( alder )  // x\n"
    command = parse(source).commands[1]

    def text(span: Span) -> str:
        return source[span.start : span.end]

    assert text(command.head.span) == "generate lønn2 = lønn + abs( alder )"
    assert text(command.head.name_span) == "generate"
    assert (command.head.span.line, command.head.span.column) == (2, 3)
    assert text(command.target.span) == "lønn2"
    assert text(command.value.span) == "lønn + abs( alder )"
    assert text(command.value.right.span) == "abs( alder )"
    assert text(command.value.right.arguments[0].span) == "alder"


def test_byte_order_mark_carriage_returns_and_composed_letters_make_no_difference():
    data = "\ufeffgenerate å = 1\r\nuse å\rhistory".encode()
    script = parse_bytes(data)
    assert [command.head.name for command in script.commands] == ["generate", "use", "history"]
    assert [command.head.span.line for command in script.commands] == [1, 2, 3]
    decomposed = parse("use a\u030a")
    assert decomposed.commands[0].names[0].text == "å"


def test_an_empty_script_has_no_commands():
    assert parse("").commands == ()
    assert parse_bytes(b"\xef\xbb\xbf").commands == ()


def test_trees_hold_plain_python_values():
    command = one("regress y i.a, cluster(b)")
    assert type(command.terms[1].factors[0].name) is str
    assert type(command.options[0].name) is str
    assert type(one("use a").names[0].text) is str
