"""A part of a condition that holds for few units counts as holding for none, wherever it stands; rare values together
are what they say."""

import numpy as np
import pytest
from support.small_bank import truth
from support.workbench import START, likeness

from grille.server.commands.base import Workspace
from grille.server.commands.preparation import count_units
from grille.server.commands.settling import settled
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.policy import Policy
from grille.server.language.parser import parse

DATA = START + "import r/KJONN as sex\nimport r/FODT as born\nimport r/LONN 2022-12-31 as wage\n"
# a few of the 3 000 persons
FEW = "born == 194001 & sex == '1' & wage > 780000"


@pytest.fixture
def ask(bench, tmp_path):
    """Return a function that gives the units of `if CONDITION`, settled and as written."""
    bench.run(DATA)
    memo = {}
    like = likeness(tmp_path / "parts.sqlite")

    def units(condition, *, policy=None):
        plans = [parse(f"summarize wage if {condition}").commands[0]]
        plan = COMMANDS["summarize"].bind(plans[0], bench.scope).plan
        workspace = Workspace(bench.engine, bench.frames, lambda phase: None, memo, policy or Policy.standard())
        after = settled("summarize", plan, workspace, like)
        return count(bench, after.plan.where, after.frames), count(bench, plan.where, bench.frames)

    return units


def count(bench, where, frames):
    return count_units(bench.engine, frames[bench.scope.active], where).n


def test_the_few_are_few_in_truth(bench, ask):
    known = truth()
    with np.errstate(invalid="ignore"):
        few = (known.born == 194_001) & (known.sex == "1") & (known.wage[2022] > 780_000)
    assert 1 <= few.sum() < 10
    assert ask(FEW) == (0, few.sum())


@pytest.mark.parametrize(
    "condition, same_as",
    [
        (f"!({FEW})", "born > 0"),
        (f"sex == '2' | ({FEW})", "sex == '2'"),
        (f"({FEW}) | sex == '2'", "sex == '2'"),
        (f"sex == '1' & !({FEW})", "sex == '1'"),
        (f"(sex == '2') + ({FEW}) > 0", "sex == '2'"),
        (f"(sex == '1') * (1 - ({FEW})) == 1", "sex == '1'"),
    ],
)
def test_few_units_neither_join_nor_leave_a_wide_condition(ask, condition, same_as):
    settled_units, written = ask(condition)
    assert settled_units == ask(same_as)[1]
    assert written != settled_units


def test_wide_conditions_stay_as_they_are(ask):
    for condition in ("sex == '1'", "sex == '1' & wage > 400000", "sex == '1' | born < 195000", "!(wage > 400000)"):
        settled_units, written = ask(condition)
        assert settled_units == written


def test_rare_values_that_are_many_together_stay(ask):
    known = truth()
    values = np.unique(known.wage[2022][~np.isnan(known.wage[2022])])[:40].tolist()
    one_by_one = " | ".join(f"wage == {value:.2f}" for value in values)
    settled_units, written = ask(one_by_one)
    assert settled_units == written >= 40


def test_a_condition_one_unit_apart_from_an_earlier_one_is_the_earlier_one(ask):
    known = truth()
    wages = np.sort(known.wage[2022][~np.isnan(known.wage[2022])])
    apart = np.flatnonzero(np.diff(wages) > 0)
    low = apart[len(apart) // 2]
    first = f"wage <= {wages[low]:.2f}"
    step = np.searchsorted(wages, wages[low + 1], "right") - np.searchsorted(wages, wages[low], "right")
    assert 1 <= step < 10
    assert ask(first)[0] == ask(first)[1]
    settled_units, written = ask(f"wage <= {wages[low + 1]:.2f}")
    assert (settled_units, written) == (ask(first)[1], ask(first)[1] + step)


def test_without_protection_nothing_is_settled(ask):
    settled_units, written = ask(f"sex == '2' | ({FEW})", policy=Policy.open())
    assert settled_units == written


@pytest.mark.parametrize(
    "peak",
    ["0.001 / (abs({x} - {x0}) + 0.001)", "1 - rowmin(1, abs({x} - {x0}))", "exp(-1000 * ({x} - {x0}) ^ 2)"],
)
def test_a_number_that_stands_out_for_one_unit_is_cut(bench, peak):
    # born and wage together are a code that one person has
    known = truth()
    code = known.born * 1_000_000.0 + known.wage[2022]
    values, counts = np.unique(code[~np.isnan(code)], return_counts=True)
    alone = values[counts == 1][700]
    bench.run(DATA)
    expression = peak.format(x="(born * 1000000 + wage)", x0=f"{alone:.2f}")
    assert np.sum(computed(bench, expression, settle=False) > 0.5) == 1
    assert np.sum(computed(bench, expression) > 0.5) == 0


def test_even_numbers_are_not_cut(bench):
    bench.run(DATA)
    for expression in ("wage / born", "abs(wage - 400000)", "rowmin(wage, 500000)", "ln(wage)", "int(born / 100)"):
        written = computed(bench, expression, settle=False)
        assert np.array_equal(computed(bench, expression), written, equal_nan=True)


def computed(bench, expression, *, settle=True):
    node = parse(f"generate made = {expression}").commands[0]
    plan = COMMANDS["generate"].bind(node, bench.scope).plan
    workspace = Workspace(bench.engine, bench.frames, lambda phase: None, {}, Policy.standard())
    if settle:
        plan = settled("generate", plan, workspace, lambda rows, units, sketch: sketch).plan
    frame = bench.engine.with_column(bench.frames[bench.scope.active], "made", plan.value)
    before = bench.frames
    bench.frames = {**before, bench.scope.active: frame}
    values = bench.values("made")
    bench.frames = before
    return np.array([np.nan if value is None else float(value) for value in values])
