"""Refusals of the ledger beside a secret: two selections that differ in the target only if the secret holds."""

from __future__ import annotations

from collections.abc import Callable

from disclosure.attacks.differencing import answered
from disclosure.attacks.isolation import _code, _with_code
from support.attack_bank import Target
from support.attack_lab import Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

DENIALS = "Kenthapadi, Mishra and Nissim 2005"

Reply = object
Ask = Callable[[Researcher, float, str], Reply]
"""Asks for the selection of `code OPERATOR value` beside the secret, given the value and "<" or "<="."""


def _differ(replies: list[Reply]) -> Finding:
    """Return 1 when the replies tell the selections apart, 0 when not; None when the first was refused already."""
    if replies[0] is None:
        return None
    return 0.0 if replies[1] == replies[0] else 1.0


def _with_if(eve: Researcher, value: float, operator: str) -> Reply:
    return eve.mean("wage", f"bit == 1 & code {operator} {value:.0f}")


def _with_keep(eve: Researcher, value: float, operator: str) -> Reply:
    return eve.mean("wage") if eve.ask(f"keep if bit == 1 & code {operator} {value:.0f}").ok else None


def _with_drop(eve: Researcher, value: float, operator: str) -> Reply:
    return eve.mean("wage") if eve.ask(f"drop if bit == 0 | !(code {operator} {value:.0f})").ok else None


def _with_replace(eve: Researcher, value: float, operator: str) -> Reply:
    done = eve.ask(f"generate y = wage\nreplace y = . if !(code {operator} {value:.0f})").ok
    return eve.mean("y", "bit == 1") if done else None


def _with_generate(eve: Researcher, value: float, operator: str) -> Reply:
    done = eve.ask(f"generate y = wage if code {operator} {value:.0f} & bit == 1").ok
    return eve.mean("y") if done else None


def _with_recode(eve: Researcher, value: float, operator: str) -> Reply:
    last = value if operator == "<=" else value - 1
    done = eve.ask(f"recode code (min/{last:.0f} = 1) ({last + 1:.0f}/max = 2)").ok
    return eve.mean("wage", "bit == 1 & code == 1") if done else None


def _with_destring(eve: Researcher, value: float, operator: str) -> Reply:
    done = eve.ask(f"generate text = substr('1x', 1 + (code {operator} {value:.0f}), 1)\ndestring text, force").ok
    return eve.mean("wage", "bit == 1 & sysmiss(text)") if done else None


def _in_two_sessions(ask: Ask, second: str = "eve", version: int = 1) -> Callable[[Lab, Target], Finding]:
    """Return an attack whose halves are asked in two sessions of a project, the second by a user on a version."""

    def attack(lab: Lab, target: Target) -> Finding:
        _, value = _code(target)
        project = lab.project()
        replies = []
        for user, number, operator in (("eve", 1, "<"), (second, version, "<=")):
            with lab.researcher(project=project, user=user, version=number) as eve:
                if not _with_code(eve, target):
                    return None
                replies.append(ask(eve, value, operator))
        return _differ(replies)

    return attack


def after_a_restart(lab: Lab, targets: object) -> list[Finding]:
    chosen = list(targets)  # type: ignore[call-overload]
    projects = [lab.project() for _ in chosen]
    replies: list[list[Reply]] = [[] for _ in chosen]
    for operator in ("<", "<="):
        if operator == "<=":
            lab.restart()
        for target, project, heard in zip(chosen, projects, replies, strict=True):
            with lab.researcher(project=project) as eve:
                heard.append(_with_if(eve, _code(target)[1], operator) if _with_code(eve, target) else None)
    return [_differ(heard) for heard in replies]


def by_missing_values(lab: Lab, target: Target) -> Finding:
    """A division by zero takes the target's value away, where no condition was written."""
    _, value = _code(target)
    with lab.researcher(fresh=True) as eve:
        if not _with_code(eve, target):
            return None
        if eve.mean("wage", "bit == 1") is None or not eve.ask(f"generate y = wage / (code - {value:.0f})").ok:
            return None
        return 0.0 if eve.ask("summarize y if bit == 1").ok else 1.0


def padded_by_missing_values(lab: Lab, target: Target) -> Finding:
    """Conditions that differ in many units, of which all but the target have no value."""
    _, value = _code(target)
    low = target.edu <= 4
    has, lacks = ("edu <= 4", "edu > 4") if low else ("edu > 4", "edu <= 4")
    project = lab.project()
    replies = []
    for condition in (f"code < {value:.0f}", f"code <= {value:.0f} + ({lacks}) * 1000000000000"):
        with lab.researcher(project=project) as eve:
            if not (_with_code(eve, target) and eve.ask(f"generate y = wage if {has}").ok):
                return None
            replies.append(eve.mean("y", f"bit == 1 & {condition}"))
    return _differ(replies)


CONTROL = answered("summarize wage if bit == 1 & born <= 196000", "summarize wage if bit == 1 & born <= 197500")


def _attack(name: str, about: str, run: object, *, control: object = CONTROL, hole: str = "") -> Attack:
    together = run is after_a_restart
    tried = run if together else each(run)  # type: ignore[arg-type]
    return Attack(name, DENIALS, about, Goal.BIT, Who.ALL, tried, control, not together, hole)  # type: ignore[arg-type]


ATTACKS = (
    _attack("denied-in-two-sessions", "The same beside the secret: the refusal answers.", _in_two_sessions(_with_if)),
    _attack("denied-as-two-users", "The same as two users of a project.", _in_two_sessions(_with_if, "mallory")),
    _attack("denied-in-two-versions", "The same on two versions of the bank.", _in_two_sessions(_with_if, version=2)),
    _attack("denied-after-a-restart", "The same before and after a restart.", after_a_restart),
    _attack("denied-by-keep", "The same with the data set kept.", _in_two_sessions(_with_keep),
            control=answered("keep if bit == 1 & born <= 197500", "summarize wage")),
    _attack("denied-by-drop", "The same with the others dropped.", _in_two_sessions(_with_drop),
            control=answered("drop if bit == 0 | born > 197500", "summarize wage")),
    _attack("denied-by-replace", "The same with values taken away.", _in_two_sessions(_with_replace),
            control=answered("generate y = wage\nreplace y = . if born > 197500", "summarize y if bit == 1")),
    _attack("denied-by-generate", "The same with values made.", _in_two_sessions(_with_generate),
            control=answered("generate y = wage if born <= 197500 & bit == 1", "summarize y")),
    _attack("denied-by-recode", "The same with a recoded variable.", _in_two_sessions(_with_recode),
            control=answered("recode born (min/197500 = 1) (197501/max = 2)",
                             "summarize wage if bit == 1 & born == 1")),
    _attack("denied-by-destring", "The same with text that is no number.", _in_two_sessions(_with_destring),
            control=answered("generate text = substr('1x', 1 + (born <= 197500), 1)\ndestring text, force",
                             "summarize wage if bit == 1 & sysmiss(text)")),
    _attack("denied-by-missing-values", "A division by zero takes the target's value away, if the secret holds.",
            by_missing_values,
            control=answered("generate y = wage / edu", "summarize wage if bit == 1", "summarize y if bit == 1"),
            hole="a refusal of the ledger tells that an expression has no value for a few units of a selection"),
    _attack("denied-by-padding", "Conditions that differ in many, of whom the target alone has a value.",
            padded_by_missing_values,
            hole="conditions that differ in many units are compared before missing values leave few of them"),
)  # fmt: skip
