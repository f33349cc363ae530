"""Random expressions over nasty values: the SQL on DuckDB and a plain evaluation row by row give the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp
from support.row_by_row import evaluate, holds

from grille.server.engines.sql_expressions import to_condition, to_sql
from grille.server.errors import GrilleError
from grille.server.language.binding import bind_condition, bind_expression
from grille.server.language.parser import parse
from grille.server.plan.expressions import ValueType
from grille.server.plan.functions import ALL, FUNCTIONS


@dataclass(frozen=True)
class Known:
    name: str
    type: ValueType
    from_model: bool = False


VARIABLES = {
    name: Known(name, type_)
    for name, type_ in {
        "x": ValueType.NUMBER,
        "y": ValueType.NUMBER,
        "n": ValueType.NUMBER,
        "b": ValueType.NUMBER,
        "d": ValueType.DATE,
        "s": ValueType.STRING,
        "t": ValueType.STRING,
    }.items()
}
DOUBLES = [0.0, -0.0, 1.0, -1.0, 0.5, -8.6, 2.5, -7.5, 1e-300, 5e-324, 1.7e308, -1.7e308, 1e16, 0.1, 3.7, 171.0, None]
WHOLES = [0, 1, -1, 2, 7, 29, 30, 31, 400, 1900, 2000, 2021, 9007199254740991, -9007199254740991, None]
BITS = [0, 1, None]
DAYS = [0, -1, 16800, 18321, -719162, -719163, 2932896, 2932897, 59, None]
TEXTS = ["", "a", "Ab", "1", "Æøå ß", "  x ", "o'k\"", "👍🏽e\u0301", "\\n%_", "z" * 9_999, "01", None]


def rows() -> list[dict[str, object]]:
    columns = {"x": DOUBLES, "y": DOUBLES[::-1], "n": WHOLES, "b": BITS, "d": DAYS, "s": TEXTS, "t": TEXTS[::-1]}
    return [{name: values[(i * 7 + i // 5) % len(values)] for name, values in columns.items()} for i in range(68)]


ROWS = rows()


@pytest.fixture(scope="module")
def connection():
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("create table r (i int, x double, y double, n bigint, b tinyint, d int, s varchar, t varchar)")
    data = [(i, *(row[name] for name in ("x", "y", "n", "b", "d", "s", "t"))) for i, row in enumerate(ROWS)]
    connection.executemany("insert into r values (?, ?, ?, ?, ?, ?, ?, ?)", data)
    return connection


numbers = st.deferred(lambda: number_leaf | unary | arithmetic | comparison | logic | number_call)
texts = st.deferred(lambda: text_leaf | text_call)

number_leaf = st.sampled_from(
    ["x", "y", "n", "b", "d", "0", "1", "2", "0.5", "3", "12", "1e308", "1e-308", "1970", "x"]
)
text_leaf = st.sampled_from(["s", "t", "''", "'a'", '"Ab"', "'1'", '"o\'k"', "'Æ'", "' '"])
unary = st.builds(lambda sign, a: f"{sign}({a})", st.sampled_from("-!"), numbers)
arithmetic = st.builds(
    lambda a, sign, b: f"({a}) {sign} ({b})", numbers, st.sampled_from(["+", "-", "*", "/", "^"]), numbers
)
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
comparison = st.builds(lambda a, sign, b: f"({a}) {sign} ({b})", numbers, signs, numbers) | st.builds(
    lambda a, sign, b: f"{a} {sign} {b}", texts, signs, texts
)
logic = st.builds(lambda a, sign, b: f"(({a}) {sign} ({b}))", numbers, st.sampled_from("&|"), numbers)


def called(name: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*arguments).map(lambda given: f"{name}({', '.join(given)})")


def any_of(names: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(names.split()).flatmap(lambda name: called(name, *arguments))


ONE_NUMBER = (
    "day month week year halfyear quarter dow doy acos asin atan cos sin tan sqrt exp ln log10 logit lnfactorial abs"
    " ceil floor int round"
)
SEVERAL = "rowmax rowmin rowmean rowmedian rowtotal rowstd rowmissing rowvalid"
number_call = (
    any_of(ONE_NUMBER, numbers)
    | any_of("comb round", numbers, numbers)
    | called("date", numbers, numbers, numbers)
    | any_of(f"{SEVERAL} sysmiss", numbers)
    | any_of(SEVERAL, numbers, numbers)
    | any_of(f"{SEVERAL} inlist inrange", numbers, numbers, numbers)
    | any_of("inlist inrange", texts, texts, texts)
    | any_of("rowmissing rowvalid", texts, numbers)
    | any_of("length sysmiss", texts)
    | any_of("startswith endswith", texts, texts)
)
text_call = (
    any_of("string isoformatdate", numbers)
    | any_of("lower upper ltrim rtrim trim string rowconcat", texts)
    | any_of("rowconcat", texts, texts)
    | called("substr", texts, numbers, numbers)
)


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isfinite(one) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-300)
    return one == other


def compare(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    try:
        (command,) = parse(f"generate z = {source}").commands
    except GrilleError as error:
        assert error.reason in {"TOO_DEEPLY_NESTED", "LINE_TOO_LONG"}  # noqa: PT017
        return
    bound = bind_expression(command.value, VARIABLES)
    sql = to_sql(bound, exp.column).sql("duckdb")
    found = [value for (value,) in connection.execute(f"select {sql} from r order by i").fetchall()]
    for row, value in zip(ROWS, found, strict=True):
        value = float(value) if isinstance(value, int) else value
        expected = evaluate(bound, row)
        shown = {name: row[name] for name in row if name in source}
        assert same(value, expected), f"{source} for {shown}: SQL {value!r}, expected {expected!r}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(numbers | texts)
def test_sql_and_row_by_row_evaluation_agree(connection, source):
    compare(connection, source)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(numbers)
def test_conditions_keep_the_same_rows(connection, source):
    try:
        (command,) = parse(f"keep if {source}").commands
    except GrilleError as error:
        assert error.reason == "TOO_DEEPLY_NESTED"  # noqa: PT017
        return
    bound = bind_condition(command.condition, VARIABLES)
    sql = to_condition(bound, exp.column).sql("duckdb")
    kept = [i for (i,) in connection.execute(f"select i from r where {sql} order by i").fetchall()]
    assert kept == [i for i, row in enumerate(ROWS) if holds(bound, row)], source


SIMPLE = (
    [f"{name}({argument})" for name in ONE_NUMBER.split() for argument in ("x", "y", "n", "d", "x * y", "x / 10 + n")]
    + [f"{name}({a}, {b})" for name in ("comb", "round") for a in "xyn" for b in ("y", "n", "2", "0.01")]
    + [f"date({y}, {m}, {d})" for y in ("n", "2020", "1900", "0", "10000") for m in ("n", "2", "13") for d in "nx"]
    + [f"{name}({values})" for name in SEVERAL.split() for values in ("x", "x, y", "x, y, n, b", "x, x, x")]
    + [f"substr({s}, {p}, {c})" for s in "st" for p in ("n", "x", "-2", "0", "b + 1") for c in ("n", "x", "1", "-1")]
    + [f"{name}(s)" for name in ("length", "string", "lower", "upper", "ltrim", "rtrim", "trim", "rowconcat")]
    + ["rowconcat(s, t)", "rowconcat(s, s, s)", "string(x)", "string(y * 3)", "string(n)", "isoformatdate(d)"]
    + ["startswith(s, t)", "endswith(t, s)", "s < t", "inlist(s, t, 'a')", "inrange(s, '0', 'a')", "sysmiss(s)", "pi()"]
    + [f"x {sign} y" for sign in ("+", "-", "*", "/", "^", "==", "!=", "<", ">=", "&", "|")]
)


@pytest.mark.parametrize("source", SIMPLE)
def test_every_function_agrees_on_nasty_values(connection, source):
    compare(connection, source)


def test_the_sources_above_use_every_function_but_quantile():
    used = {name for name in FUNCTIONS if any(f"{name}(" in source for source in SIMPLE)}
    assert used == set(FUNCTIONS) - {"quantile"}
    assert {"add", "quantile"} <= set(ALL)
