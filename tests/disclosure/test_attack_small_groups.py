"""A multilevel model does not describe a small group, nor tell whether it exists."""

from __future__ import annotations

import pytest
from support.few_units import DATA, above, reason
from support.fixtures import banks, bench, engine
from support.gate_cases import Silent
from support.workbench import Workbench

from grille.server.disclosure.evidence import ModelEvidence, NoAnswerEvidence
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError

__all__ = ["banks", "bench", "engine"]


@pytest.mark.parametrize("count", [0, 1, 4, 9])
def test_a_second_group_of_few_units_looks_like_none(bench: Workbench, count: int) -> None:
    assert reason(bench, DATA + f"generate g = wage > {above(count)}\nregress-mml wage man by g") == "SINGLE_GROUP"


def test_a_second_group_of_many_units_is_answered(bench: Workbench) -> None:
    assert reason(bench, DATA + f"generate g = wage > {above(700)}\nregress-mml age man by g") is None


@pytest.mark.parametrize("count", [0, 1, 4, 9])
def test_few_units_that_part_two_levels_look_like_none(bench: Workbench, count: int) -> None:
    made = f"generate h = int(age / 10)\ngenerate g = 10 * h + (wage > {above(count)})\n"
    assert reason(bench, DATA + made + "regress-mml wage man by h g") == "LEVELS_NOT_SEPARABLE"


@pytest.mark.parametrize("count", [4, 6, 9])
def test_the_mean_of_a_small_group_beside_large_ones_is_not_shown(bench: Workbench, count: int) -> None:
    """With three groups the constant is near the mean of their means; those of the large ones are in any table."""
    made = f"generate g = man + 1\nreplace g = 3 if wage > {above(30)}\n"
    bench.policy = Policy.open()  # conditions take effect for few units, as a register variable might
    bench.run(DATA + made + f"replace g = 4 if wage > {above(count)}\n")
    bench.policy = Policy.standard()
    evidence = bench.run("regress-mml wage age by g if g != 3")
    assert isinstance(evidence, ModelEvidence)
    assert [level.smallest.n for level in evidence.groups] == [count]
    assert evidence.leverage[0] > 0.2
    with pytest.raises(GrilleError) as caught:
        Gate(Policy.standard(), Silent()).release(evidence, project="P")
    assert caught.value.reason == "UNIT_ISOLATED"


def test_small_groups_among_many_are_answered(bench: Workbench) -> None:
    evidence = bench.run(DATA + "generate g = born\nregress-mml wage man by g")
    assert not isinstance(evidence, NoAnswerEvidence)
    assert reason(bench, "regress-mml wage man by g") is None
