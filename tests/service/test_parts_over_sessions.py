"""Two conditions that differ in one person give the same bytes in two sessions, to two users, and after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from disclosure.attacks.isolation import _code, _with_code
from support.attack_bank import Target
from support.attack_lab import Lab

from grille.server.operations.home import Home


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab.build(tmp_path_factory.mktemp("parts"), 5_000)
    made.start()
    yield made
    made.stop()


def blocks(lab: Lab, project: str, target: Target, operator: str, user: str = "eve") -> tuple[object, str]:
    """Return what a session of its own is shown of `code OPERATOR value` beside the secret, and its id."""
    _, value = _code(target)
    with lab.researcher(project=project, user=user) as eve:
        assert _with_code(eve, target)
        answer = eve.ask(f"summarize wage if bit == 1 & code {operator} {value:.0f}")
        assert answer.ok, answer.reason
        return answer.last["blocks"], eve.session


def test_sessions_users_and_a_restart_make_no_difference_and_the_sessions_replay(lab: Lab) -> None:
    has = next(one for one in lab.register.targets if one.bit == 1 and one.born < 198_000)
    hasnot = next(one for one in lab.register.targets if one.bit == 0 and one.born < 198_000)
    sessions, first = [], {}
    for target in (has, hasnot):
        project = lab.project()
        shown, session = blocks(lab, project, target, "<")
        first[target.number] = project, shown
        sessions.append(session)
        for user in ("eve", "mallory"):
            again, session = blocks(lab, project, target, "<=", user)
            assert again == shown
            sessions += [session] if user == "eve" else []
    lab.restart()
    for target in (has, hasnot):
        project, shown = first[target.number]
        assert blocks(lab, project, target, "<=")[0] == shown
        # and in a project where nobody asked before, the person is in it
    assert blocks(lab, lab.project(), has, "<=")[0] != first[has.number][1]
    for session in sessions:
        replayed = lab.service.grille("sessions", "replay", session, user="eve")
        assert replayed.code == 0, replayed.out + replayed.err


def test_a_ledger_that_cannot_be_written_stops_the_command_and_not_the_session(lab: Lab) -> None:
    script = "summarize wage if born <= 197000"
    with lab.researcher(fresh=True) as eve, sqlite3.connect(Home(lab.service.home).ledger) as file:
        file.execute("CREATE TRIGGER full BEFORE INSERT ON condition_parts BEGIN SELECT raise(ABORT, 'disk full'); END")
        file.commit()
        assert eve.ask(script).reason == "LEDGER_UNAVAILABLE"
        file.execute("DROP TRIGGER full")
        file.commit()
        assert eve.ask(script).ok
