"""What expressions mean, as a researcher sees it.

Columns: m is missing, zero is 0, two is 2, word is 'ab', none is a missing string.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pytest
from sqlglot import exp

from grille.server.engines.sql_expressions import to_sql
from grille.server.language.binding import bind_expression
from grille.server.language.parser import parse
from grille.server.plan.expressions import ValueType


@dataclass(frozen=True)
class Known:
    name: str
    type: ValueType
    from_model: bool = False


TYPES = {"m": "double", "zero": "int", "two": "bigint", "word": "varchar", "none": "varchar"}
VARIABLES = {
    name: Known(name, ValueType.STRING if type_ == "varchar" else ValueType.NUMBER) for name, type_ in TYPES.items()
}


@pytest.fixture(scope="module")
def value():
    connection = duckdb.connect(config={"threads": 1})
    columns = ", ".join(f"{name} {type_}" for name, type_ in TYPES.items())
    connection.execute(f"create table r ({columns})")
    connection.execute("insert into r values (null, 0, 2, 'ab', null)")

    def evaluate(source: str) -> object:
        bound = bind_expression(parse(f"generate z = {source}").commands[0].value, VARIABLES)
        ((result,),) = connection.execute(f"select {to_sql(bound, exp.column).sql('duckdb')} from r").fetchall()
        return result

    return evaluate


MISSING = {
    "arithmetic with missing is missing": [("m + 1", None), ("m * zero", None), ("-m", None), ("two / m", None)],
    "a comparison with missing is not true, also !=": [
        *((f"m {sign} 1", 0) for sign in ("==", "!=", "<", "<=", ">", ">=")),
        ("m == m", 0),
        ("none == 'ab'", 0),
        ("none != 'ab'", 0),
    ],
    "the negation of what is not true is true": [("!(m == 1)", 1), ("!m", 1), ("!(m != 1)", 1)],
    "& and | take missing for not true": [("m & two", 0), ("m | two", 1), ("m | zero", 0), ("two & m", 0)],
    "sysmiss tells": [("sysmiss(m)", 1), ("sysmiss(none)", 1), ("sysmiss(zero)", 0), ("!sysmiss(m)", 0)],
    "inlist and inrange of missing are not true": [
        ("inlist(m, 1, 2)", 0),
        ("inrange(m, 0, 1)", 0),
        ("inrange(two, m, 3)", 0),
        ("inlist(two, m, 2)", 1),
        ("inlist(none, 'a')", 0),
        ("!inlist(m, 1)", 1),
    ],
    "row functions pass over missing values": [
        ("rowtotal(m, two)", 2),
        ("rowtotal(m, m)", 0),
        ("rowmean(m, two, 4)", 3),
        ("rowmean(m)", None),
        ("rowmax(m, two)", 2),
        ("rowmin(m, m)", None),
        ("rowmedian(m, 1, two, 9)", 2),
        ("rowstd(m, two)", None),
        ("rowstd(m, 1, 3)", 2**0.5),
        ("rowmissing(m, none, two)", 2),
        ("rowvalid(m, none, two)", 1),
        ("rowconcat(word, none, '!')", "ab!"),
    ],
    "what has no answer is missing": [
        ("1 / zero", None),
        ("zero / zero", None),
        ("1e308 * 10", None),
        ("1e308 * 10 - 1e308 * 10", None),
        ("1 / (1e308 * 10)", None),
        ("(-8) ^ 0.5", None),
        ("zero ^ -1", None),
        ("10 ^ 400", None),
        ("ln(zero)", None),
        ("sqrt(-1)", None),
        ("acos(two)", None),
        ("exp(1000)", None),
        ("logit(1)", None),
        ("comb(two, 3)", None),
        ("lnfactorial(0.5)", None),
        ("date(2021, 2, 29)", None),
        ("date(2021.5, 2, 1)", None),
        ("year(1e300)", None),
        ("round(two, 0)", None),
        ("round(two, -1)", None),
    ],
    "a missing value can be assigned": [(".", None)],
}
RULES = {
    "operators": [("-2^2", -4), ("2^3^2", 512), ("2 + 3 * 4", 14), ("7 - 2 - 1", 4), ("8 / 4 / 2", 1), ("!0 & 1", 1)],
    "! binds before a comparison": [("!two == 1", 0), ("!(two == 1)", 1), ("!two == 0", 1)],
    "truth values are numbers": [("(two > 1) + 1", 2), ("two == 2", 1), ("word == 'AB'", 0)],
    "floor and int go toward zero, ceil away from it": [
        ("floor(-8.6)", -8),
        ("int(-17.6)", -17),
        ("ceil(-17.3)", -18),
        ("ceil(8.3)", 9),
        ("round(-7.6)", -8),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(7.321, 0.01)", 7.32),
        ("round(1234, 100)", 1200),
    ],
    "dates are days since 1970": [
        ("date(1970, 1, 1)", 0),
        ("date(1969, 12, 31)", -1),
        ("week(16800)", 53),
        ("week(0)", 1),
        ("year(date(2022, 12, 31))", 2022),
        ("month(16800) * 100 + day(16800)", 1231),
        ("dow(0)", 4),
        ("doy(date(2020, 12, 31))", 366),
        ("quarter(date(2020, 4, 1))", 2),
        ("halfyear(date(2020, 6, 30))", 1),
        ("halfyear(date(2020, 7, 1))", 2),
        ("isoformatdate(date(2020, 2, 29))", "2020-02-29"),
    ],
    "mathematics": [
        ("comb(5, 2)", 10),
        ("comb(52, 5)", 2_598_960),
        ("comb(7, 0)", 1),
        ("lnfactorial(1)", 0),
        ("logit(0.5)", 0),
        ("abs(-3)", 3),
        ("log10(1000)", 3),
    ],
    "strings are counted from 1 and from the end": [
        ("substr('abcdef', 2, 3)", "bcd"),
        ("substr('abcdef', -2, 5)", "ef"),
        ("substr('abcdef', 0, 2)", ""),
        ("substr('abcdef', 9, 2)", ""),
        ("substr('abcdef', -9, 2)", ""),
        ("substr(none, 1, 1)", None),
        ("length('æøå')", 3),
        ("upper('aæz')", "AæZ"),
        ("lower('AÆZ')", "aÆz"),
        ("string(12)", "12"),
        ("string(1.5)", "1.5"),
        ("string(two / 4)", "0.5"),
        ("startswith('0301', '03')", 1),
        ("endswith('0301', '03')", 0),
        ("trim('  a b ')", "a b"),
        ("ltrim(' a ')", "a "),
        ("rtrim(' a ')", " a"),
    ],
    "strings compare by their characters' codes": [("'Z' < 'a'", 1), ("'a' < 'å'", 1), ("'10' < '9'", 1)],
}
CASES = [
    (rule, source, result) for rules in (MISSING, RULES) for rule, cases in rules.items() for source, result in cases
]


@pytest.mark.parametrize("rule, source, result", CASES, ids=[f"{rule}: {source}" for rule, source, _ in CASES])
def test_expression(value, rule, source, result):
    found = value(source)
    if isinstance(result, float | int):
        assert found == pytest.approx(result, rel=1e-12, abs=1e-12), rule
        assert found is not None
    else:
        assert found == result, rule


def test_quantile_groups_have_equal_counts_and_keep_ties_together():
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("create table q as select case when i < 100 then i end x, least(i, 40) t from range(110) r(i)")
    bound = bind_expression(parse("generate z = quantile(x, 4)").commands[0].value, {"x": Known("x", ValueType.NUMBER)})
    sql = to_sql(bound, exp.column).sql("duckdb")
    groups = connection.execute(
        f"select g, count(*), min(x), max(x) from (select x, {sql} g from q) group by g order by g"
    )
    assert groups.fetchall() == [
        (0, 25, 0, 24),
        (1, 25, 25, 49),
        (2, 25, 50, 74),
        (3, 25, 75, 99),
        (None, 10, None, None),
    ]
    tied = bind_expression(parse("generate z = quantile(t, 10)").commands[0].value, {"t": Known("t", ValueType.NUMBER)})
    sql = to_sql(tied, exp.column).sql("duckdb")
    assert connection.execute(f"select count(distinct g) from (select t, {sql} g from q) where t = 40").fetchone() == (
        1,
    )
