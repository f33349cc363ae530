"""Multilevel models: groups made so that a figure is about one group, and the group about the target."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from disclosure.attacks.differencing import answered
from disclosure.attacks.models import coefficient
from support.attack_bank import Target
from support.attack_lab import Lab
from support.attack_scoring import Attack, Finding, Goal, Who, each

GROUPS = "thresholds at the level of groups"


def group_dummy(lab: Lab, target: Target) -> Finding:
    """A dummy of the target's work place, where nobody else works."""
    with lab.researcher() as eve:
        place = int(lab.register.place[target.unit])
        eve.ask(f"generate mark = place == {place}")
        answer = eve.ask("regress-mml wage mark by muni")
        one, base = coefficient(answer, "mark"), coefficient(answer, "_cons")
        return None if one is None or base is None else one + base


def group_of_one(lab: Lab, target: Target) -> Finding:
    """Random effects where the target is a group: variances with and without it."""
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate group = edu + 10 * mark")
        answer = eve.ask("regress-mml wage by group")
        variance = answer.figure("random_effects", "group", "variance") if answer.ok else None
        base = coefficient(answer, "_cons")
        return None if variance is None or base is None else base + (9 * variance) ** 0.5


def smallest_group(lab: Lab, target: Target) -> Finding:
    """The smallest group's size as a unique value: whether the target, with a bit of 1, makes a group larger."""
    with lab.researcher() as eve:
        eve.ask(
            f"generate mark = {target.condition}\ngenerate group = edu\n"
            f"replace group = 20 if muni == '{target.muni}' & sex == '{target.sex}' & edu != {target.edu}\n"
            "generate other = group"
        )
        made = eve.ask("replace other = 20 + other - other if mark * bit == 1").ok
        sizes = []
        for name in ("group", "other"):
            answer = eve.ask(f"regress-mml wage edu by {name}")
            rows = answer.rows("groups") if answer.ok else []
            sizes.append(rows[0]["min"] if rows else None)
        if not made or None in sizes:
            return None
        return 1.0 if sizes[1] != sizes[0] else 0.0


def two_groups(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("regress-mml wage by mark")
        variance = answer.figure("random_effects", "mark", "variance") if answer.ok else None
        base = coefficient(answer, "_cons")
        return None if variance is None or base is None else base + (2 * variance) ** 0.5


def every_unit_a_group(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask("destring muni, prefix(n)\ngenerate code = born * 1000000 + nmuni * 100 + edu * 10 + (sex == '1')")
        answer = eve.ask("regress-mml wage edu by code")
        variance = answer.figure("random_effects", "code", "variance") if answer.ok else None
        base = coefficient(answer, "_cons")
        return None if variance is None or base is None else base + variance**0.5


def high_correlation(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(
            f"generate mark = {target.condition}\ngenerate group = edu\n"
            f"replace group = wage if muni == '{target.muni}'\n"
            f"generate y = wage * (muni == '{target.muni}') + edu * 100000 * (muni != '{target.muni}')"
        )
        answer = eve.ask("regress-mml y by group")
        icc = answer.figure("random_effects", "group", "icc") if answer.ok else None
        return coefficient(answer, "_cons") if icc is not None and icc > 0.98 else None


def number_of_groups(lab: Lab, target: Target) -> Finding:
    """The number of groups as a test of existence: a group of its own for the target if the bit is 1."""
    with lab.researcher() as eve:
        made = eve.ask(f"generate mark = {target.condition}\ngenerate group = edu + 100 * mark * bit").ok
        answer = eve.ask("regress-mml capital by group")
        rows = answer.rows("groups") if answer.ok else []
        if not made or not rows or rows[0]["n_groups"] is None:
            return None
        return 1.0 if rows[0]["n_groups"] > 8 else 0.0


def one_large_group_apart(lab: Lab, target: Target) -> Finding:
    """A group-level dummy for the target's municipality only."""
    with lab.researcher() as eve:
        eve.ask(f"generate here = trade == '{target.trade}'")
        answer = eve.ask("regress-mml wage here by trade")
        one, base = coefficient(answer, "here"), coefficient(answer, "_cons")
        return None if one is None or base is None else one + base


def multilevel_outcome_replaced(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        eve.ask(
            f"generate mark = {target.condition}\ngenerate z = y * (1 - mark)\ngenerate half = 2 * (sex == '1') - 1"
        )
        ends = []
        for name in ("y", "z"):
            answer = eve.ask(f"regress-mml {name} half by edu")
            ends.append((coefficient(answer, "_cons"), answer.figure("model", "n_obs", "value") if answer.ok else None))
        (one, n), (two, _) = ends
        return None if one is None or two is None or n is None else n * (one - two) + shift


def multilevel_one_apart(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        one = eve.ask("regress-mml wage half by edu" if eve.ask("generate half = 2 * (sex == '1') - 1").ok else "help")
        two = eve.ask(f"regress-mml wage half by edu if !({target.condition})")
        ends = coefficient(one, "_cons"), coefficient(two, "_cons")
        n = one.figure("model", "n_obs", "value") if one.ok else None
        if None in ends or n is None:
            return None
        return ends[1] + n * (ends[0] - ends[1])  # type: ignore[operator]


def likelihoods(lab: Lab, target: Target) -> Finding:
    """What two likelihoods of the same units, with the value and without, tell of its square."""
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        eve.ask(f"generate mark = {target.condition}\ngenerate z = y * (1 - mark)")
        found = []
        for name in ("y", "z"):
            answer = eve.ask(f"regress-mml {name} by edu if wage < 3000000, ml")
            model = [answer.figure("model", key, "value") if answer.ok else None for key in ("log_likelihood", "n_obs")]
            if None in model:
                return None
            found.append(model)
        (one, n), (two, _) = found
        # n ln(sigma2) moves by as much as the likelihood does twice
        squares = n * float(np.exp(-2 * one / n - 1) - np.exp(-2 * two / n - 1)) / (2 * np.pi)
        return squares**0.5 + shift if squares > 0 else None


def _attack(
    name: str, about: str, one: Callable[[Lab, Target], Finding], *control: str, who: Who = Who.MIDDLE,
    goal: Goal = Goal.WAGE, hole: str = "",
) -> Attack:  # fmt: skip
    return Attack(name, GROUPS, about, goal, who, each(one), answered(*control), hole=hole)  # type: ignore[arg-type]


HONEST = "regress-mml capital edu by muni"

ATTACKS = (
    _attack("group-level-dummy-of-one-group", "A dummy of the target's work place, a group of one.", group_dummy,
            "generate a = muni == '0301' | muni == '0302'\nregress-mml capital edu a by county", who=Who.ALL),
    _attack("group-of-one", "The target is a group; the variance tells its distance.", group_of_one, HONEST),
    _attack("smallest-group", "The smallest group's size with and without the target.", smallest_group, HONEST,
            who=Who.ALL, goal=Goal.BIT),
    _attack("two-groups", "The target against everybody else.", two_groups, "regress-mml capital edu by sex"),
    _attack("every-unit-a-group", "One group per combination of what is known.", every_unit_a_group,
            "regress-mml capital edu by place"),
    _attack("correlation-near-one", "An outcome that the groups determine.", high_correlation, HONEST),
    _attack("number-of-groups", "Whether a group exists as a test of the bit.", number_of_groups, HONEST,
            who=Who.ALL, goal=Goal.BIT),
    _attack("group-level-dummy-of-a-trade", "A dummy of the target's own trade, as group and regressor.",
            one_large_group_apart, HONEST, who=Who.ALL),
    _attack("multilevel-outcome-replaced", "Two multilevel models whose outcomes differ in the target.",
            multilevel_outcome_replaced, "generate z = capital * (sex == '1')\nregress-mml z edu by muni"),
    _attack("multilevel-models-one-unit-apart", "A multilevel model with and without the target.",
            multilevel_one_apart, "regress-mml capital edu by muni", "regress-mml capital edu by muni if sex == '1'"),
    _attack("likelihoods-of-two-outcomes", "Likelihoods with the value and without.", likelihoods,
            "regress-mml capital by edu, ml"),
)  # fmt: skip
