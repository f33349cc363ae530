"""Questions that mean the same have the same answer to the last byte, however they are written: noise tells nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import small_bank
from support.fixtures import open_engine
from support.gate_cases import Silent
from support.workbench import START, Workbench

from grille.server.catalog.banks import list_banks
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError
from grille.server.execution.encoding import encode

IMPORTS = [
    "import r/KJONN as sex",
    "import r/FODT as born",
    "import r/LONN 2022-12-31 as wage",
    "import r/SIVSTAND 2020-01-01 as civil",
]
COPIES = ("d", "copy", "other")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("equal")
    small_bank.make_bank(folder, 1)
    small_bank.make_bank(folder, 2, small_bank.LATER_PERSONS)
    engine = open_engine(folder, tmp_path_factory.mktemp("session"))
    opened = Workbench(engine, list_banks(folder))
    more = "generate year = int(born / 100)\ngenerate group = 1 + (wage > 500000)\n"
    opened.run(START + "\n".join(IMPORTS) + "\n" + more)
    # the same data by another way: a copy, and one whose later variables come in another order and by detours
    opened.run(f"clone-dataset d copy\ncreate-dataset other\n{IMPORTS[1]}\n{IMPORTS[3]}\n{IMPORTS[0]}")
    opened.run("import r/LONN 2022-12-31 as pay\nrename pay wage\ngenerate year = int((born + 0) * 1 / 100)")
    opened.run("generate group = 1\nreplace group = 2 if wage > 500000\nuse d")
    yield opened
    engine.close()


def either(one: str, two: str) -> st.SearchStrategy[str]:
    return st.sampled_from([one, two])


@st.composite
def atoms(draw: st.DrawFn) -> tuple[str, str]:
    """Return two ways to write one simple condition."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        code = draw(st.sampled_from("12"))
        return f"sex == '{code}'", draw(either(f"!(sex != '{code}')", f"inlist(sex, '{code}')"))
    if kind == 1:
        low = draw(st.integers(1945, 1970))
        return f"year >= {low}", draw(st.sampled_from([f"!(year < {low})", f"{low} <= year", f"year + 1 > {low}"]))
    if kind == 2:
        low = draw(st.integers(1945, 1965))
        high = low + draw(st.integers(8, 25))
        return f"inrange(year, {low}, {high})", draw(
            st.sampled_from([f"year <= {high} & year >= {low}", f"!(year < {low} | year > {high})"])
        )
    if kind == 3:
        codes = draw(st.permutations(["1", "2", "3", "4"]))[:2]
        listed = ", ".join(f"'{code}'" for code in codes)
        return f"inlist(civil, {listed})", " | ".join(f"civil == '{code}'" for code in reversed(codes))
    if kind == 4:
        limit = draw(st.integers(300, 700)) * 1000
        # a missing wage is not above anything
        return f"wage > {limit}", draw(either(f"wage / 1000 > {limit // 1000}", f"!(wage <= {limit}) & !sysmiss(wage)"))
    return "!sysmiss(civil)", "!(sysmiss(civil) & 1 == 1)"


def joined(sign: str, one: str, two: str) -> str:
    return f"({one}) {sign} ({two})"


conditions = st.recursive(
    atoms(),
    lambda inner: st.one_of(
        st.tuples(inner, inner, st.sampled_from("&|")).map(
            lambda three: (
                joined(three[2], three[0][0], three[1][0]),
                joined(three[2], three[1][1], three[0][1]),
            )
        ),
        st.tuples(inner, inner).map(
            lambda two: (
                f"!({joined('&', two[0][0], two[1][0])})",
                joined("|", f"!({two[0][1]})", f"!({two[1][1]})"),
            )
        ),
        inner.map(lambda pair: (f"!({pair[0]})", f"!!!({pair[1]})")),
    ),
    max_leaves=4,
)
questions = st.sampled_from(
    [
        "tabulate sex if {c}",
        "tabulate civil sex if {c}, rowpct freq",
        "tabulate civil if {c}, missing",
        "tabulate sex if {c}, summarize(wage) mean sum",
        "summarize wage year if {c}, gini iqr",
        "histogram wage if {c}, percent bin(8)",
        "boxplot wage if {c}, over(sex)",
        "regress wage year i.sex if {c}",
        "ci wage if {c}",
    ]
)


def answer(bench: Workbench, dataset: str, question: str) -> tuple[bytes, ...] | str:
    """Return the bytes of an answer, or the reason of its refusal."""
    bench.run(f"use {dataset}")
    try:
        evidence = bench.run(question)
        released = Gate(Policy.standard(), Silent()).release(evidence, project="P")
    except GrilleError as error:
        return error.reason
    blocks = released.present(COMMANDS[question.split()[0]].present)
    rules = repr(released.rules).encode()
    return (*(block.SerializeToString(deterministic=True) for block in encode(blocks, "en")), rules)


def compare(bench: Workbench, condition: tuple[str, str], question: str, dataset: str) -> None:
    one = answer(bench, "d", question.format(c=condition[0]))
    two = answer(bench, dataset, question.format(c=condition[1]))
    assert one == two
    assert isinstance(one, tuple) or one in ("TOO_FEW_UNITS", "MODEL_TOO_SMALL", "DESIGN_COLUMN_RARE", "DOMINATED")


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(conditions, questions, st.sampled_from(COPIES))
def test_equal_questions_have_equal_answers(
    bench: Workbench, condition: tuple[str, str], question: str, dataset: str
) -> None:
    compare(bench, condition, question, dataset)


@pytest.mark.slow
@settings(quick, max_examples=10_000)
@given(conditions, questions, st.sampled_from(COPIES))
def test_ten_thousand_equal_questions_have_equal_answers(
    bench: Workbench, condition: tuple[str, str], question: str, dataset: str
) -> None:
    compare(bench, condition, question, dataset)


def test_control_different_questions_have_different_answers(bench: Workbench) -> None:
    answers = {answer(bench, "d", f"tabulate sex if year >= {low}") for low in range(1945, 1975)}
    assert len(answers) == 30
