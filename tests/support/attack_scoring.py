"""What an attack is, and when it has succeeded.

An attack succeeds when a value is found within 10 % (or a category exactly) more than 5 percentage points more often
than by the best guess without the target's row, taken here as the best that one answer for all targets can do. Where an
attack comes to nothing, the attacker is left with that guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from support.attack_bank import Register, Target
from support.attack_lab import Lab

Finding = float | str | None
ADVANTAGE = 0.05
WITHIN = 0.1


class Goal(StrEnum):
    """The secret that an attack is after."""

    WAGE = "wage"
    BIT = "bit"
    TRADE = "trade"


class Who(StrEnum):
    """Which targets an attack is tried on."""

    ALL = "all"
    EXTREME = "extreme"  # far beyond all others: what winsorising and dominance guard
    MIDDLE = "middle"  # inside the winsor limits: what thresholds and the ledger guard


@dataclass(frozen=True, slots=True)
class Attack:
    """A named attack.

    Attributes:
        name: Its name.
        source: Where it is described, or what it plays on.
        about: One sentence.
        goal: The secret.
        who: Targets it is tried on.
        run: Tries it on targets; returns what it found per target, None for nothing.
        control: Asks an honest question of the same shape; returns whether it was answered.
        per_target: Whether each target costs a session of its own, so that the short profile takes only a few.
        hole: Empty, or why the attack is known to succeed; it is told when such an attack comes to nothing.
    """

    name: str
    source: str
    about: str
    goal: Goal
    who: Who
    run: Callable[[Lab, Sequence[Target]], Sequence[Finding]]
    control: Callable[[Lab], bool]
    per_target: bool = True
    hole: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attack went on one register.

    Attributes:
        attack: The attack.
        size: Units of the register.
        targets: Targets tried.
        queries: Scripts run for all targets.
        found: Share of targets whose secret was found.
        guess: Share of them that the best guess gets right.
        control: Whether the honest question was answered.
    """

    attack: Attack
    size: int
    targets: int
    queries: int
    found: float
    guess: float
    control: bool

    @property
    def succeeded(self) -> bool:
        """Whether the attack gave more than guessing does."""
        return self.found - self.guess > ADVANTAGE + 1e-9


def each(one: Callable[[Lab, Target], Finding]) -> Callable[[Lab, Sequence[Target]], list[Finding]]:
    """Return an attack on targets one by one."""
    return lambda lab, targets: [one(lab, target) for target in targets]


def targets_of(attack: Attack, register: Register, most: int | None = None) -> list[Target]:
    """Return the targets of an attack, at most so many, evenly chosen."""
    chosen = [
        target for target in register.targets if attack.who is Who.ALL or target.extreme == (attack.who is Who.EXTREME)
    ]
    if most is None or most >= len(chosen):
        return chosen
    return [chosen[place * len(chosen) // most] for place in range(most)]


def right(goal: Goal, target: Target, finding: Finding) -> bool:
    """Say whether a finding is the target's secret."""
    if goal is Goal.TRADE:
        return finding == target.trade
    if not isinstance(finding, (int, float)) or not math.isfinite(finding):
        return False
    if goal is Goal.BIT:
        return round(finding) == target.bit
    return abs(finding - target.wage) <= WITHIN * target.wage


def best_guess(goal: Goal, targets: Sequence[Target]) -> Finding:
    """Return the one answer that is right for most targets: more than an attacker without their rows can know."""
    if goal is Goal.WAGE:
        # a guess at the upper end of what it is right for reaches the most
        guesses: list[Finding] = [target.wage * (1 + 0.999 * WITHIN) for target in targets]
    elif goal is Goal.BIT:
        guesses = [0.0, 1.0]
    else:
        guesses = [target.trade for target in targets]
    return max(guesses, key=lambda guess: sum(right(goal, target, guess) for target in targets))


def few_targets(attack: Attack, register: Register) -> list[Target]:
    """Return the fewest targets that tell success from a guess: one of each kind for a bit, else one hard to guess."""
    chosen = targets_of(attack, register)
    guess = best_guess(attack.goal, chosen)
    wrong = [target for target in chosen if not right(attack.goal, target, guess)]
    if attack.goal is Goal.BIT:
        return [next(target for target in chosen if right(attack.goal, target, guess)), wrong[0]]
    # neither the usual wage nor the one of the middle, which an attack that found nothing may come out at
    return [wrong[-2]]


def judge(attack: Attack, lab: Lab, targets: Sequence[Target]) -> Outcome:
    """Try an attack on targets, and its control."""
    before = lab.queries
    findings = attack.run(lab, targets)
    queries = lab.queries - before
    guess = best_guess(attack.goal, targets_of(attack, lab.register))
    return Outcome(
        attack=attack,
        size=lab.register.size,
        targets=len(targets),
        queries=queries,
        found=_share(
            right(attack.goal, target, guess if finding is None else finding)
            for target, finding in zip(targets, findings, strict=True)
        ),
        guess=_share(right(attack.goal, target, guess) for target in targets),
        control=_control(attack, lab),
    )


def _control(attack: Attack, lab: Lab) -> bool:
    lab.honest = True
    try:
        return attack.control(lab)
    finally:
        lab.honest = False


def _share(hits: Iterable[bool]) -> float:
    return float(np.mean(list(hits)))
