"""The attacks of `make attacks` on few targets, through the real client and a running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from disclosure.attacks.catalogue import ATTACKS, FAMILIES
from support.attack_bank import Target
from support.attack_lab import Lab
from support.attack_report import CONTROLS
from support.attack_scoring import Attack, Goal, few_targets, judge

# wants many targets or a long session; made by `make attacks` alone
LONG = frozenset(
    {
        "after-a-restart", "tracker-after-a-while", "a-thousand-times", "moved-between-cells-often",
        "random-counts-and-algebra", "random-means-and-algebra", "deep-and-long-scripts", "factor-with-rare-codes",
        "existence-by-time", "recode-as-a-rank", "after-a-resume", "resumed-twice",
        "denied-after-a-restart",
    }
)  # fmt: skip
# the attacks of a family share sessions and a project, to save time; `make attacks` gives each its own
FIRST = frozenset(attacks[0].name for attacks in FAMILIES.values())
SHORT = [attack for attack in ATTACKS if attack.name not in LONG and not attack.hole]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab.build(tmp_path_factory.mktemp("attacks"), 5_000)
    made.start()
    yield made
    made.stop()


def test_there_are_sixty_attacks_or_more_with_names_of_their_own() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60
    assert all(len(attacks) >= 8 for attacks in FAMILIES.values())


@pytest.mark.parametrize("attack", SHORT, ids=lambda attack: attack.name)
def test_attack_finds_no_more_than_a_guess(lab: Lab, attack: Attack) -> None:
    if attack.name in FIRST:
        lab.begin()
    outcome = judge(attack, lab, few_targets(attack, lab.register))
    assert not outcome.succeeded
    assert outcome.control, "the honest question of the same shape was refused"


def test_an_attack_that_finds_the_secret_is_seen_to_succeed(lab: Lab) -> None:
    for attack in SHORT:
        told = replace(attack, run=_telling(attack.goal), control=_yes)
        assert judge(told, lab, few_targets(attack, lab.register)).succeeded


def _telling(goal: Goal) -> Callable[[Lab, Sequence[Target]], list[float | str]]:
    """Return an attack that is told the secrets, wages 5 % too high."""

    def secret(target: Target) -> float | str:
        return {Goal.WAGE: target.wage * 1.05, Goal.BIT: float(target.bit), Goal.TRADE: target.trade}[goal]

    return lambda _, targets: [secret(target) for target in targets]


def _yes(_: Lab) -> bool:
    return True


def test_the_share_of_controls_that_must_be_answered_is_that_of_the_page() -> None:
    assert CONTROLS == 0.95
