"""A condition that holds for few units does what it does when it holds for none: in the reply and in the data."""

import numpy as np
import pytest
from support.small_bank import truth
from support.workbench import START

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.status import release_status
from grille.server.errors import DisclosureError, GrilleError

DATA = START + "import r/KJONN as sex\nimport r/FODT as born\nimport r/LONN 2022-12-31 as wage\n"
POLICY = Policy.standard()


def selecting(count):
    """Return a condition that holds for `count` units."""
    known = truth()
    wages = np.sort(known.wage[2022][(known.born == 194_001) & ~np.isnan(known.wage[2022])])[::-1]
    assert len(np.unique(wages)) == len(wages)
    return f"born == 194001 & wage > {wages[count]:.2f}"


def outcome(bench, command, variable, policy=POLICY):
    """Return the reply to a command, or the reason of its refusal, and the values of a variable after it."""
    bench.policy = policy
    bench.frames, bench.scope = {}, bench.scope.__class__(banks=bench.scope.banks)
    evidence = bench.run(DATA + command)
    content, rules = release_status(evidence, policy)
    return (repr(content), repr(rules)), tuple(bench.values(variable)), bench.count()


COMMANDS = [
    ("generate x = 1 if {c}", "x"),
    ("generate x = 1 if !({c})", "x"),
    ("generate x = wage > 400000 if {c}", "x"),
    ("generate x = quantile(wage, 4) if !({c})", "x"),
    ("replace sex = '9' if {c}", "sex"),
    ("replace wage = 7 if !({c})", "wage"),
    ("keep if !({c})", "wage"),
    ("drop if {c}", "wage"),
    ("recode sex ('1' = '8') if {c}", "sex"),
    ("generate g = 1\nreplace g = 2 if born == 194002\nrecode born (194001 = 5) (* = 6) if {c} | born > 195000", "g"),
]


@pytest.mark.parametrize("command,variable", COMMANDS)
def test_few_units_are_treated_as_none(bench, command, variable):
    found = {outcome(bench, command.format(c=selecting(count)), variable) for count in (0, 1, 5, 9)}
    assert len(found) == 1


@pytest.mark.parametrize("command,variable", COMMANDS[:9])
def test_control_many_units_are_treated_as_such(bench, command, variable):
    many = outcome(bench, command.format(c=selecting(25)), variable)
    none = outcome(bench, command.format(c=selecting(0)), variable)
    assert many[1:] != none[1:]
    assert "few_or_none" not in many[0][0]
    assert "all_or_nearly" not in many[0][0]


def test_a_rule_of_recode_that_decides_for_few_leaves_their_values(bench):
    threshold = selecting(6).split()[-1]
    bench.run(DATA + "generate w = wage if born == 194001")
    evidence = bench.run(f"recode w ({threshold}/max = 1) (min/{threshold} = 2)")
    content, _ = release_status(evidence, POLICY)
    assert [key for key, _ in content.remarks] == ["few_or_none"]
    assert content.remarks[0][1].en.startswith("Rule 1 for w holds for few units or none")
    left = [one for one in bench.values("w") if one is not None and one > 2]
    assert len(left) == 7  # the threshold itself is in the range


def test_a_rule_of_recode_that_leaves_few_decides_for_all(bench):
    answers = set()
    for count in (0, 3, 9):
        bench.frames, bench.scope = {}, bench.scope.__class__(banks=bench.scope.banks)
        bench.run(DATA + "generate x = 1")
        bench.run(f"generate y = {selecting(count)}")
        evidence = bench.run("recode y (0 = 5) (1 = 6)")
        answers.add((repr(release_status(evidence, POLICY)), tuple(bench.values("y"))))
    assert len(answers) == 1
    assert set(bench.values("y")) == {5.0}


def test_text_that_is_no_number_in_few_units_becomes_missing_as_when_there_is_none(bench):
    answers = set()
    for count in (0, 1, 9):
        bench.frames, bench.scope = {}, bench.scope.__class__(banks=bench.scope.banks)
        bench.run(DATA + f"generate t = substr('0-', 1 + ({selecting(count)}), 1)")
        answers.add(repr(release_status(bench.run("destring t"), POLICY)))
        assert sum(one is None for one in bench.values("t")) == count
    assert len(answers) == 1


def test_control_text_that_is_no_number_in_many_units_is_an_error(bench):
    bench.run(DATA + "generate t = sex\nreplace t = 'x' if born == 194001")
    with pytest.raises(GrilleError) as caught:
        bench.run("destring t")
    assert caught.value.reason == "NOT_NUMERIC"


def lacking(count):
    """Return a condition that holds for the units with a wage and for `count` of those without."""
    known = truth()
    earlier = np.where(np.isnan(known.wage[2022]), known.wage[2021], np.nan)
    highest = np.sort(earlier[~np.isnan(earlier)])[::-1]
    assert count == 0 or highest[count - 1] > highest[count]
    return f"!sysmiss(wage) | earlier > {highest[count]:.2f}"


def test_an_inner_join_that_few_units_would_leave_removes_none(bench):
    answers = set()
    for count in (0, 1, 9, 40):
        bench.frames, bench.scope = {}, bench.scope.__class__(banks=bench.scope.banks)
        bench.policy = Policy.open()
        bench.run(DATA + f"import r/LONN 2021-12-31 as earlier\nkeep if {lacking(count)}")
        before = bench.count()
        bench.policy = POLICY
        evidence = bench.run("import r/LONN 2022-12-31 as again, inner_join")
        assert before - bench.count() == (count if count > 20 else 0)
        (found,) = evidence.touched
        assert found.selected.n == count
        if count < 20:
            answers.add(release_status(evidence, POLICY)[0].remarks)
    assert len(answers) == 1


def test_an_outer_join_that_few_units_would_enter_adds_none(bench):
    answers = set()
    for count in (0, 1, 9, 25):
        bench.frames, bench.scope = {}, bench.scope.__class__(banks=bench.scope.banks)
        bench.policy = Policy.open()
        bench.run(DATA + f"drop if {selecting(count)}")
        bench.policy = POLICY
        evidence = bench.run("import r/SIVSTAND 2020-01-01 as civil\nimport r/KJONN as again, outer_join")
        (found,) = evidence.touched
        assert found.selected.n == count
        assert bench.count() == (3000 if count > 20 else 3000 - count)
        if count < 20:
            answers.add(release_status(evidence, POLICY)[0].remarks)
    assert len(answers) == 1


@pytest.mark.parametrize("count", [0, 1, 9])
def test_keeping_few_or_none_is_refused_in_the_same_words(bench, count):
    bench.run(DATA)
    evidence = bench.run(f"keep if {selecting(count)}")
    with pytest.raises(DisclosureError) as caught:
        release_status(evidence, POLICY)
    assert caught.value.reason == "POPULATION_TOO_SMALL"
