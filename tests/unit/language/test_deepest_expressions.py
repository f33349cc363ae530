"""The deepest and longest expressions that the parser accepts become queries that run."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass

import duckdb
import pytest
from sqlglot import exp

from grille.server.engines.sql_expressions import to_condition, to_sql
from grille.server.errors import GrilleError
from grille.server.language.binding import bind_expression
from grille.server.language.parser import parse
from grille.server.plan.expressions import Expression, ValueType, columns_of

FRAMES = 700
"""Python frames that an expression may need; the interpreter stops at 1000, and the caller needs some."""


@dataclass(frozen=True)
class Known:
    name: str
    type: ValueType
    from_model: bool = False


VARIABLES = {"x": Known("x", ValueType.NUMBER), "y": Known("y", ValueType.NUMBER), "s": Known("s", ValueType.STRING)}


@pytest.fixture(scope="module")
def connection():
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("create table r as select 2.5::double x, 3::bigint y, 'abc' s union all select null, null, null")
    return connection


def bound(source: str) -> Expression:
    return bind_expression(parse(f"generate z = {source}").commands[0].value, VARIABLES)


def deepest(before: str, inner: str, after: str) -> Expression:
    for levels in range(100, 0, -1):
        try:
            return bound(before * levels + inner + after * levels)
        except GrilleError as error:
            assert error.reason == "TOO_DEEPLY_NESTED"  # noqa: PT017
    raise AssertionError("no depth at all is accepted")


def run(connection: duckdb.DuckDBPyConnection, expression: Expression) -> list[object]:
    """Do everything that is ever done with an expression, with little stack left."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + FRAMES)
    try:
        assert pickle.loads(pickle.dumps(expression)) is not None
        assert columns_of(expression) <= set("xys")
        value = to_sql(expression, exp.column).sql("duckdb")
        condition = (
            to_condition(expression, exp.column).sql("duckdb") if expression.type is ValueType.NUMBER else "true"
        )
    finally:
        sys.setrecursionlimit(limit)
    rows = connection.execute(f"select {value}, {condition} from r").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "before, inner, after",
    [
        ("sqrt(", "x", ")"),
        ("round(", "x", ", 0.5)"),
        ("comb(", "x", ", y)"),
        ("substr(", "s", ", 1, 3)"),
        ("substr(s, length(", "s", "), 3)"),
        ("rowstd(", "x", ", y, 3)"),
        ("rowmean(", "x", ", y, 3)"),
        ("rowmedian(", "x", ", y, 3)"),
        ("rowmax(", "x", ", y, 3)"),
        ("rowconcat(", "s", ", 'a')"),
        ("rowmissing(", "x", ", s)"),
        ("date(", "2020", ", 1, 1)"),
        ("year(date(", "2020", ", 1, 1))"),
        ("length(string(", "x", "))"),
        ("inlist(", "x", ", 1, y)"),
        ("inrange(", "x", ", 1, y)"),
        ("logit(", "x", ")"),
        ("lnfactorial(", "y", ")"),
        ("x + (", "y", ")"),
        ("x - (", "y", ")"),
        ("x * (", "y", ")"),
        ("x / (", "y", ")"),
        ("x == (", "y", ")"),
        ("(", "x", " / y + 1)"),
        ("(", "x", " == 1)"),
        ("x & (", "y", " | 1)"),
        ("", "x", " / y"),
        ("", "x", " == y"),
        ("", "x", " ^ y"),
        ("(", "x", " ^ y)"),
        ("-", "x", ""),
        ("!", "x", ""),
        ("-sqrt(", "x", " ^ 2)"),
    ],
)
def test_the_deepest_accepted_expression_runs(connection, before, inner, after):
    assert len(run(connection, deepest(before, inner, after))) == 2


@pytest.mark.parametrize("sign", ["+", "-", "*", "&", "|"])
def test_the_longest_accepted_chain_runs(connection, sign):
    found = run(connection, bound(sign.join(["x"] * 2_400)))
    expected = {"+": 6000.0, "-": 2.5 - 2.5 * 2399, "*": None, "&": 1, "|": 1}[sign]
    assert found == [expected, 0 if sign in "&|" else None]


def test_the_longest_accepted_lists_run(connection):
    assert run(connection, bound(f"inlist(s, {','.join(['s'] * 2_400)})")) == [1, 0]
    assert run(connection, bound(f"rowconcat({','.join(['s'] * 2_400)})")) == ["abc" * 2_400, ""]
    assert run(connection, bound(f"rowtotal({','.join(['x'] * 2_400)})")) == [6000.0, 0.0]
    assert run(connection, bound(f"rowmissing({','.join(['x'] * 2_400)})")) == [0, 2_400]
    assert run(connection, bound(" & ".join(["x == 2.5"] * 900))) == [1, 0]
