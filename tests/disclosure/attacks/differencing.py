"""Differencing: two or more legal results whose units differ by the target."""

from __future__ import annotations

from support.attack_bank import Target
from support.attack_lab import Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

DENNING = "Denning and Schlörer 1980"
ESSNET = "ESSnet/DwB guidelines: differencing"

Mean = tuple[float, float] | None


def apart(whole: Mean, part: Mean) -> Finding:
    """Return the value of the one unit that `whole` has more than `part`; the attacker knows that it is one."""
    if whole is None or part is None:
        return None
    return part[0] + whole[1] * (whole[0] - part[0])


def total(mean: Mean) -> float | None:
    """Return the sum that a mean and a noised number of units tell."""
    return None if mean is None else mean[0] * mean[1]


def with_if(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        return apart(eve.mean("wage"), eve.mean("wage", f"!({target.condition})"))


def with_drop(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        whole = eve.mean("wage")
        dropped = eve.ask(f"drop if {target.condition}").ok
        return apart(whole, eve.mean("wage")) if dropped else None


def with_keep(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        whole = eve.mean("wage")
        kept = eve.ask(f"keep if !({target.condition})").ok
        return apart(whole, eve.mean("wage")) if kept else None


def with_clone(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        other = "2" if target.sex == "1" else "1"
        eve.ask(f"clone-dataset d e\nkeep if sex == '{other}' | ({target.condition})")
        whole = eve.mean("wage")
        eve.ask(f"use e\nkeep if sex == '{other}'")
        return apart(whole, eve.mean("wage"))


def with_wide_replace(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        wide = "edu >= 5" if target.edu < 5 else "edu <= 4"
        eve.ask(f"generate one = wage\ngenerate two = wage\nreplace one = . if {wide}")
        eve.ask(f"replace two = . if {wide} | ({target.condition})")
        return apart(eve.mean("one"), eve.mean("two"))


def with_division(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate gone = wage / (1 - mark)")
        return apart(eve.mean("wage"), eve.mean("gone"))


def in_two_sessions(lab: Lab, target: Target) -> Finding:
    project = lab.project()
    with lab.researcher(project=project) as eve:
        whole = eve.mean("wage")
    with lab.researcher(project=project) as eve:
        return apart(whole, eve.mean("wage", f"!({target.condition})"))


def as_two_users(lab: Lab, target: Target) -> Finding:
    project = lab.project()
    with lab.researcher(project=project) as eve, lab.researcher(project=project, user="mallory") as mallory:
        return apart(eve.mean("wage"), mallory.mean("wage", f"!({target.condition})"))


def in_two_versions(lab: Lab, target: Target) -> Finding:
    # every second target has no tax in version 2; the others are tried in vain
    project = lab.project()
    near = f"muni == '{target.muni}'"
    with lab.researcher("MUNI", "TAX", project=project) as eve:
        whole = eve.mean("tax", near)
    with lab.researcher("MUNI", "TAX", project=project, version=2) as eve:
        found = apart(whole, eve.mean("tax", near))
    return found / 0.3 if isinstance(found, float) and found > 0 else None


def swapped(lab: Lab, target: Target) -> Finding:
    other = next(one for one in lab.register.targets if one.sex == target.sex and one.number != target.number)
    base = f"sex == '{'2' if target.sex == '1' else '1'}'"
    with lab.researcher(fresh=True) as eve:
        one = eve.mean("wage", f"{base} | ({target.condition})")
        two = eve.mean("wage", f"{base} | ({other.condition})")
        # the attacker is an accomplice of the other and knows the other's wage
        if one is None or two is None:
            return None
        return other.wage + one[1] * (one[0] - two[0])


def eleven_less_ten(lab: Lab, target: Target) -> Finding:
    # a block of at least ten, the same block with the target, both beside a large base
    with lab.researcher(fresh=True) as eve:
        shift = eve.centre("wage", "y")
        base = f"sex == '{'2' if target.sex == '1' else '1'}'"
        block = f"county == '{target.muni[:2]}' & sex == '{target.sex}' & edu != {target.edu}"
        both = total(eve.mean("y", f"{base} | {block} | ({target.condition})"))
        one, two = total(eve.mean("y", base)), total(eve.mean("y", block))
        return None if both is None or one is None or two is None else both - one - two + shift


def tracker(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        shift = eve.centre("wage", "y")
        one = total(eve.mean("y", f"sex == '1' | ({target.condition})"))
        two = total(eve.mean("y", f"sex != '1' | ({target.condition})"))
        whole = total(eve.mean("y"))
        return None if one is None or two is None or whole is None else one + two - whole + shift


def counted_twice(lab: Lab, target: Target) -> Finding:
    with lab.researcher(fresh=True) as eve:
        shift = eve.centre("wage", "y")
        low = "edu <= 3" if target.edu > 4 else "edu >= 7"
        high = "edu == 4" if target.edu > 4 else "edu == 5 | edu == 6"
        if target.edu == 4:
            high = "edu <= 3"
        one = total(eve.mean("y", f"{low} | ({target.condition})"))
        two = total(eve.mean("y", f"{high} | ({target.condition})"))
        both = total(eve.mean("y", f"{low} | {high}"))
        return None if one is None or two is None or both is None else (one + two - both) / 2 + shift


def _blocks(target: Target) -> list[str]:
    """Return conditions on disjoint large blocks of units without the target."""
    base = f"sex == '{'2' if target.sex == '1' else '1'}'"
    return [f"{base} & inlist(edu, {low}, {low + 1})" for low in (1, 3, 5, 7)]


def tracker_of_four(lab: Lab, target: Target) -> Finding:
    one, two, three, _ = _blocks(target)
    with lab.researcher(fresh=True) as eve:
        shift = eve.centre("wage", "y")
        signed = (
            (1, f"({one}) | ({target.condition})"),
            (1, f"({two}) | ({three})"),
            (-1, f"({one}) | ({two})"),
            (-1, three),
        )
        return _combined(eve, signed, shift)


def tracker_after_a_while(lab: Lab, target: Target) -> Finding:
    one, two, _, _ = _blocks(target)
    with lab.researcher(fresh=True) as eve:
        shift = eve.centre("wage", "y")
        first = _combined(eve, ((1, f"({one}) | ({two}) | ({target.condition})"), (-1, one)), shift)
        if first is None:
            return None
        # other results push these two out of the window in which three sets are compared
        for place in range(50):
            eve.mean("y", f"born - 100 * int(born / 100) <= {1 + place % 12} & edu <= {1 + place // 12}")
        last = _combined(eve, ((1, two),), 0.0)
        return None if last is None else first - last


def _combined(eve: Researcher, signed: tuple[tuple[int, str], ...], shift: float) -> float | None:
    found = [(sign, total(eve.mean("y", condition))) for sign, condition in signed]
    if any(value is None for _, value in found):
        return None
    return sum(sign * value for sign, value in found if value is not None) + shift


def after_a_restart(lab: Lab, targets: object) -> list[Finding]:
    chosen = list(targets)  # type: ignore[call-overload]
    projects, first = [], []
    for _ in chosen:
        projects.append(lab.project())
        with lab.researcher(project=projects[-1]) as eve:
            first.append(eve.mean("wage"))
    lab.restart()
    found = []
    for target, project, whole in zip(chosen, projects, first, strict=True):
        with lab.researcher(project=project) as eve:
            found.append(apart(whole, eve.mean("wage", f"!({target.condition})")))
    return found


def answered(*scripts: str, variables: tuple[str, ...] = ()) -> object:
    """Return a control: an honest session whose scripts are all answered."""

    def control(lab: Lab) -> bool:
        with lab.researcher(*variables) as ada:
            return all(ada.ask(script).ok for script in scripts)

    return control


HALVES = answered("summarize wage", "summarize wage if sex == '1'", "summarize wage if sex != '1'")


def _control_two_sessions(lab: Lab) -> bool:
    project = lab.project()
    for condition in ("", " if sex == '1'", ""):
        with lab.researcher(project=project) as ada:
            if not ada.ask(f"summarize wage{condition}").ok:
                return False
    return True


def _control_two_users(lab: Lab) -> bool:
    project = lab.project()
    with lab.researcher(project=project) as eve, lab.researcher(project=project, user="mallory") as mallory:
        return eve.ask("summarize wage").ok and mallory.ask("summarize wage").ok


def _control_restart(lab: Lab) -> bool:
    project = lab.project()
    with lab.researcher(project=project) as ada:
        before = ada.mean("wage")
    lab.restart()
    with lab.researcher(project=project) as ada:
        return before is not None and ada.mean("wage") == before


def _control_versions(lab: Lab) -> bool:
    project = lab.project()
    for version in (1, 2):
        with lab.researcher("TAX", project=project, version=version) as ada:
            if not ada.ask("summarize tax").ok:
                return False
    return True


def _attack(name: str, source: str, about: str, one: object, control: object = HALVES, **more: object) -> Attack:
    run = one if more.pop("together", False) else each(one)  # type: ignore[arg-type]
    return Attack(name, source, about, Goal.WAGE, Who.MIDDLE, run, control, **more)  # type: ignore[arg-type]


ATTACKS = (
    _attack("drop-one-with-if", ESSNET, "The mean of all, and of all but the target.", with_if),
    _attack("drop-one-with-drop", ESSNET, "The mean before and after the target is dropped.", with_drop,
            answered("summarize wage", "drop if edu >= 5", "summarize wage")),
    _attack("drop-one-with-keep", ESSNET, "The mean before and after all but the target are kept.", with_keep,
            answered("summarize wage", "keep if edu >= 5", "summarize wage")),
    _attack("two-clones-one-unit-apart", ESSNET, "Two data sets, each kept by a wide condition, differ by the target.",
            with_clone, answered("clone-dataset d e\nkeep if sex == '1'\nsummarize wage",
                                 "use e\nkeep if sex == '2'\nsummarize wage")),
    _attack("missing-by-wide-replace", ESSNET, "Two wide replacements by missing values differ by the target.",
            with_wide_replace, answered("generate one = wage\nreplace one = . if edu >= 5", "summarize one")),
    _attack("missing-by-division", ESSNET, "A division by zero takes the target's value away.", with_division,
            answered("generate gone = wage / edu", "summarize wage", "summarize gone")),
    _attack("in-two-sessions", ESSNET, "The two halves of a difference are asked in two sessions.", in_two_sessions,
            _control_two_sessions),
    _attack("as-two-users", ESSNET, "The two halves are asked by two users of a project.", as_two_users,
            _control_two_users),
    _attack("after-a-restart", ESSNET, "The two halves are asked before and after the server is restarted.",
            after_a_restart, _control_restart, together=True),
    _attack("in-two-versions-of-the-bank", ESSNET, "A newer version of the bank lacks the target's value.",
            in_two_versions, _control_versions),
    _attack("one-swapped-for-an-accomplice", ESSNET, "The target takes the place of an accomplice in a set.", swapped),
    _attack("eleven-less-ten", DENNING, "A block with the target and without it, beside a large base.",
            eleven_less_ten),
    _attack("general-tracker", DENNING, "q(C or T) + q(not C or T) - q(all).", tracker),
    _attack("tracker-counted-twice", DENNING, "q(B or T) + q(C or T) - q(B or C) is twice the target.", counted_twice),
    _attack("tracker-of-four-sets", DENNING, "Four sets, no three of which give the target.", tracker_of_four),
    _attack("tracker-after-a-while", DENNING, "Fifty other results between the parts of a tracker.",
            tracker_after_a_while),
)  # fmt: skip
