"""A session that comes back outlives the workers that make it again; else it waits for a later try."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.mishaps import (
    PEOPLE,
    client,
    commands_of,
    copy_of,
    is_running,
    long_command,
    records_of,
    serving,
    soon,
    workers,
)
from support.service import Service
from support.survival import COMMANDS, ONCE, SCRIPT, answers, places

from grille.server.execution.again import TRIES


@pytest.fixture
def crashed(template: Service, tmp_path: Path) -> tuple[Service, str, list[Any]]:
    """A server that was killed, one of its sessions, and the answers that it had given."""
    service = copy_of(template, tmp_path)
    service.start()
    done = service.grille("run", "-", "--keep", "--format", "json", stdin=SCRIPT)
    assert done.code == 0, done.err
    service.stop(signal.SIGKILL)
    return service, done.json["session"], answers(done.json)


@contextlib.contextmanager
def killing_workers(service: Service, most: int) -> Iterator[list[int]]:
    """Kill workers as they appear, up to so many, during the block; the list tells which."""
    killed: list[int] = []
    has_ended = threading.Event()

    def work() -> None:
        while len(killed) < most and not has_ended.wait(0.01):
            with contextlib.suppress(ValueError, OSError):  # no fork server yet, or no such process any more
                for pid in workers(service):
                    if is_running(pid) and len(killed) < most:
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)
                        soon(lambda pid=pid: not is_running(pid))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        has_ended.set()
        thread.join()


def test_a_worker_lost_on_the_way_back_is_replaced(crashed: tuple[Service, str, list[Any]]) -> None:
    service, session, known = crashed
    with serving(service):
        with killing_workers(service, TRIES - 1) as killed:
            back = service.grille("sessions", "resume", session, "--format", "json")
        assert len(killed) == TRIES - 1
        assert back.code == 0, back.err
        assert answers(back.json) == known
        assert places(service, session) == ONCE
        assert [one["event"] for one in records_of(service)].count("session_resumed") == 1
        assert service.grille("sessions", "replay", session).code == 0


def test_when_every_worker_is_lost_the_session_waits_for_a_later_try(crashed: tuple[Service, str, list[Any]]) -> None:
    service, session, known = crashed
    service.environment["GRILLE_RECONNECT_SECONDS"] = "0"
    with serving(service):
        with killing_workers(service, 1000) as killed:
            failed = service.grille("sessions", "resume", session)
        assert len(killed) == TRIES
        assert (failed.code, failed.out) == (3, "")
        assert "[SESSION_NOT_YET_REBUILT]" in failed.err
        assert "WORKER_LOST" in failed.err
        assert "Try again later" in failed.err
        assert "have changed" not in failed.err
        listed = service.grille("sessions", "list").out
        assert "interrupted" in listed
        assert f" {COMMANDS}\n" in listed
        assert not [one for one in records_of(service) if one["event"] == "session_resumed"]
        again = service.grille("run", "-", "--session", session, "--format", "json", stdin="summarize effort\n")
        assert again.code == 0, again.out + again.err
        assert again.json["results"][0]["blocks"] == known[-1][3]
        (pid,) = workers(service)  # its data sets are in the files of the later try
        os.kill(pid, signal.SIGKILL)
        soon(lambda: not is_running(pid))
        after = service.grille("run", "-", "--session", session, "--format", "json", stdin="summarize effort\n")
        assert after.code == 0, after.out + after.err
        assert after.json["results"][0]["blocks"] == known[-1][3]


def test_a_client_that_waits_hears_why_and_comes_back_by_itself(crashed: tuple[Service, str, list[Any]]) -> None:
    service, session, known = crashed
    with serving(service):
        with killing_workers(service, TRIES):
            process = client(service, "run", "-", "--session", session, "--format", "json", script="summarize effort\n")
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert b"could not bring the session back this time" in err
        assert b"connection was lost" not in err
        assert json.loads(out)["results"][0]["blocks"] == known[-1][3]
        assert len(commands_of(service, session)) == COMMANDS + 1


def test_ctrl_c_while_a_session_comes_back_leaves_it_to_a_later_try(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path)
    service.start()
    done = service.grille("run", "-", "--keep", "--format", "json", stdin=PEOPLE + long_command(300))
    assert done.code == 0, done.err
    session = done.json["session"]
    service.stop(signal.SIGKILL)
    with serving(service):
        process = client(service, "run", "-", "--session", session, script="summarize effort\n")
        soon(lambda: workers(service))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        soon(lambda: "running" not in service.grille("sessions", "list").out)
        assert "interrupted" in service.grille("sessions", "list").out
        assert not [one for one in records_of(service) if one["event"] == "session_resumed"]
        after = service.grille("run", "-", "--session", session, "--format", "json", stdin="summarize effort\n")
        assert after.code == 0, after.out + after.err
