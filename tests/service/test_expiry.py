"""Idle sessions are closed with their files and workers; those at work are not."""

from __future__ import annotations

import contextlib
import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mishaps import is_running

from grille.server.commands.published import Plan
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError, UnknownNameError
from grille.server.sessions.manager import SessionLimits, SessionManager
from grille.server.sessions.messages import Judged
from grille.server.sessions.process import warm_up
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Language


@pytest.fixture
def closed() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def manager(tmp_path: Path, closed: list[tuple[str, str]]) -> Iterator[SessionManager]:
    warm_up()
    limits = SessionLimits(total=4, per_user=4, memory_limit="512MiB", threads=1, idle_minutes=10, sleep_minutes=5)
    made = SessionManager(tmp_path / "s", limits, lambda session, why: closed.append((session.identifier, why)))
    yield made
    made.shutdown()


def unlike(part: Judged) -> tuple[int, ...]:
    """Say that a part of a condition counts as itself."""
    return part.sketch


def opened(manager: SessionManager, idle_minutes: float) -> Session:
    session = manager.open("ada", "wages", Language.ENGLISH, {}, ())
    session.compute("help", Plan(()), Policy.standard(), lambda phase: None, 10, Stop(), unlike)
    session.last_used -= datetime.timedelta(minutes=idle_minutes)
    return session


def test_idle_sessions_are_closed_and_no_others(
    manager: SessionManager, closed: list[tuple[str, str]], tmp_path: Path
) -> None:
    idle, fresh, at_work = opened(manager, 11), opened(manager, 9), opened(manager, 11)
    pid = idle.worker_pid
    assert pid is not None
    with at_work.exclusive(Stop()):
        manager.tend()
    assert closed == [(idle.identifier, "expired")]
    assert not is_running(pid)
    assert {path.name for path in (tmp_path / "s").iterdir()} == {fresh.identifier, at_work.identifier}
    with pytest.raises(GrilleError, match="UNKNOWN_SESSION"):
        manager.find(idle.identifier, "ada")
    manager.tend()  # the one that was at work has just been used
    assert len(closed) == 1


def test_a_resting_session_has_no_process_and_wakes_with_its_next_command(
    manager: SessionManager, closed: list[tuple[str, str]]
) -> None:
    tired, fresh = opened(manager, 6), opened(manager, 4)
    pid = tired.worker_pid
    assert pid is not None
    manager.tend()
    assert (tired.worker_pid, closed) == (None, [])
    assert not is_running(pid)
    assert fresh.worker_pid is not None
    with tired.exclusive(Stop()):
        tired.compute("help", Plan(()), Policy.standard(), lambda phase: None, 10, Stop(), unlike)
    assert tired.worker_pid not in (None, pid)


def test_only_so_many_workers_and_the_longest_idle_gives_way(tmp_path: Path) -> None:
    warm_up()
    limits = SessionLimits(4, 4, "512MiB", 1, 10, workers=2)
    manager = SessionManager(tmp_path / "s", limits, lambda session, why: None)
    first, second, third = (opened(manager, minutes) for minutes in (3, 2, 1))
    assert [one.worker_pid is None for one in (first, second, third)] == [True, False, False]
    with second.exclusive(Stop()):
        first.compute("help", Plan(()), Policy.standard(), lambda phase: None, 10, Stop(), unlike)
    assert [one.worker_pid is None for one in (first, second, third)] == [False, False, True]
    manager.shutdown()


def test_a_session_found_just_before_it_was_closed_runs_nothing(manager: SessionManager) -> None:
    session = opened(manager, 0)
    manager.close(session.identifier, "ada")
    with pytest.raises(GrilleError, match="UNKNOWN_SESSION"), session.exclusive(Stop()):
        pytest.fail("a closed session was entered")
    with pytest.raises(GrilleError, match="UNKNOWN_SESSION"):
        session.compute("history", None, Policy.standard(), lambda phase: None, 10, Stop(), unlike)


def test_two_closings_at_once_are_one(manager: SessionManager, closed: list[tuple[str, str]]) -> None:
    session = opened(manager, 0)

    def close() -> None:
        with contextlib.suppress(UnknownNameError):
            manager.close(session.identifier, "ada")

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert closed == [(session.identifier, "closed")]


def test_a_stop_that_was_set_before_the_work_is_told_at_once() -> None:
    stop, told = Stop(), []
    stop.set()
    with stop.telling(lambda: told.append("now")):
        assert told == ["now"]
    other, later = Stop(), []
    with other.telling(lambda: later.append("now")):
        assert later == []
        other.set()
    other.set()
    assert later == ["now"]
