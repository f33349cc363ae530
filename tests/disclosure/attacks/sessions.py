"""Sessions, quotas and exports: resuming, asking at the same time, and files that a client writes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from disclosure.attacks.differencing import answered, apart
from disclosure.attacks.isolation import _code, _with_code
from support.attack_bank import BANK, Target
from support.attack_lab import ClientError, Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

from grille.client.connection import connected
from grille.client.running import close_session
from grille.client.words import Words
from grille.v1.session_pb2 import ResumeSessionRequest

RACE = "CWE-362"
RELEASES = 3


def _resumed(lab: Lab, left: Researcher, user: str = "eve") -> Researcher:
    """Return a session of before a restart, brought back on a new connection."""
    connection, environment = lab._connected(user)
    connection.call(connection.sessions.ResumeSession, ResumeSessionRequest(session_id=left.session), timeout=None)
    return Researcher(lab, connection, left.session, environment)


def after_a_resume(lab: Lab, targets: Sequence[Target]) -> list[Finding]:
    """One half before a restart, the other in the same session brought back after it."""
    left, first = [], []
    for target in targets:
        eve = lab._opened(lab.project(), "eve", ("SEX", "BORN", "MUNI", "EDU", "WAGE"), 1)
        ready = _with_code(eve, target)
        left.append(eve)
        first.append(eve.mean("wage", f"code <= {_code(target)[1]:.0f}") if ready else None)
    lab.restart()
    found = []
    for target, before, whole in zip(targets, left, first, strict=True):
        eve = _resumed(lab, before)
        found.append(apart(whole, eve.mean("wage", f"code < {_code(target)[1]:.0f}")))
        close_session(eve.connection, eve.session)
    return found


def resumed_twice(lab: Lab, targets: Sequence[Target]) -> list[Finding]:
    """The same session brought back by two clients at once, each of which asks for a half."""
    left = []
    for target in targets:
        eve = lab._opened(lab.project(), "eve", ("SEX", "BORN", "MUNI", "EDU", "WAGE"), 1)
        left.append((eve, _with_code(eve, target)))
    lab.restart()
    return [
        _by_two(lab, target, before) if ready else None for target, (before, ready) in zip(targets, left, strict=True)
    ]


def _by_two(lab: Lab, target: Target, before: Researcher) -> Finding:
    halves: dict[str, tuple[float, float] | None] = {}
    barrier = threading.Barrier(2)

    def ask(sign: str) -> None:
        with connected(before.environment, Words.ENGLISH) as connection:
            again = Researcher(lab, connection, before.session, before.environment)
            barrier.wait()
            try:
                request = ResumeSessionRequest(session_id=before.session)
                connection.call(connection.sessions.ResumeSession, request, timeout=None)
                halves[sign] = again.mean("wage", f"code {sign} {_code(target)[1]:.0f}")
            except ClientError:
                halves[sign] = None

    _at_once([partial(ask, sign) for sign in ("<=", "<")])
    with connected(before.environment, Words.ENGLISH) as connection:
        close_session(connection, before.session)
    return apart(halves.get("<="), halves.get("<"))


def _at_once(calls: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def more_than_the_quota(lab: Lab, target: Target) -> Finding:
    """Calls at the same time, to get more answers than the quota allows: it counts as the secret to get one more."""
    project = lab.project()
    lab.service.admin("project", "quota", lab.service.home, project, "--quota", f"releases={RELEASES}")
    answers: list[bool] = []
    barrier = threading.Barrier(4)

    def ask(eve: Researcher, number: int) -> None:
        barrier.wait()
        for step in range(3):
            answers.append(eve.ask(f"summarize wage if capital > {100 * number + step + target.number}").ok)

    with ExitStack() as stack:
        sessions = [stack.enter_context(lab.researcher("WAGE", "CAPITAL", project=project)) for _ in range(4)]
        _at_once([partial(ask, eve, number) for number, eve in enumerate(sessions)])
    return target.wage if sum(answers) > RELEASES else None


def _within_the_quota(lab: Lab) -> bool:
    project = lab.project()
    lab.service.admin("project", "quota", lab.service.home, project, "--quota", f"releases={RELEASES}")
    with lab.researcher(project=project) as ada:
        return all(ada.ask(f"summarize wage if edu >= {low}").ok for low in range(1, RELEASES + 1))


def exported_pages(lab: Lab, target: Target) -> Finding:
    """Any number in a page with pictures, or in their files, that is the target's wage to the krone."""
    project = lab.project()
    near = f"muni == '{target.muni}'"
    script = "\n".join(
        [f"require {BANK}:1 as r", "create-dataset d", *(f"import r/{name} as {name.lower()}" for name in
         ("WAGE", "MUNI", "COUNTY", "EDU")), f"histogram wage if {near}", "boxplot wage, over(county)",
         f"boxplot wage if {near}", "coefplot regress wage edu", f"tabulate edu if {near}, summarize(wage)"]
    )  # fmt: skip
    for form in ("html", "json", "csv", "markdown"):
        lab.queries += 1
        done = lab.service.grille("run", "-", "--format", form, "--project", project, user="eve", stdin=script)
        for text in re.findall(r"\d[\d,.]*", done.out):
            number = text.replace(",", "").rstrip(".")
            if number.count(".") < 2 and abs(float(number) - target.wage) < 1:
                return target.wage
    return None


def _control_resumed(lab: Lab) -> bool:
    eve = lab._opened(lab.project(), "eve", ("EDU", "WAGE"), 1)
    before = eve.mean("wage", "edu <= 4")
    lab.restart()
    back = _resumed(lab, eve)
    after = back.mean("wage", "edu <= 4")
    close_session(back.connection, back.session)
    return before is not None and after == before


def _wage(name: str, source: str, about: str, run: object, control: Callable[[Lab], bool]) -> Attack:
    return Attack(name, source, about, Goal.WAGE, Who.MIDDLE, run, control)  # type: ignore[arg-type]


RESUMED = (
    _wage("after-a-resume", "ESSnet/DwB guidelines: differencing",
          "The two halves in one session, before a restart and brought back after it.", after_a_resume,
          _control_resumed),
)  # fmt: skip
AT_THE_SAME_TIME = (
    _wage("resumed-twice", RACE, "Two clients bring one session back and ask for the halves.", resumed_twice,
          _control_resumed),
    _wage("more-than-the-quota", RACE, "Four sessions at the same time, to overspend a quota.",
          each(more_than_the_quota), _within_the_quota),
)  # fmt: skip
EXPORTED = (
    _wage("exported-pages", "ESSnet/DwB guidelines: graphs", "Numbers inside exported pages and pictures.",
          each(exported_pages), answered("histogram wage", "boxplot wage, over(county)")),  # type: ignore[arg-type]
)  # fmt: skip
