"""The server's clock jumps by hours and years, both ways: answers, records, sessions, certificates, ledger stay sound.

The clock is that of the real server process alone, moved by libfaketime while it runs (package faketime of Debian).
"""

from __future__ import annotations

import datetime
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.mishaps import PEOPLE, commands_of, copy_of, raw_client, reason_of, records_of, serving, soon
from support.service import Service

from grille.v1 import session_pb2

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
HOURS = 24
"""Where the clock begins, ahead of ours: so that it can go back and certificates are in force already."""
Clock = Callable[[float], None]

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed on this machine")


@pytest.fixture
def moved(template: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Service, Clock]]:
    service = copy_of(template, tmp_path, "[limits]\nidle_minutes = 120\n")
    clock = tmp_path / "clock"

    def move(hours: float) -> None:
        new = clock.with_suffix(".new")
        new.write_text(f"{round(hours * 3600):+d}\n")
        new.rename(clock)

    move(HOURS)
    with monkeypatch.context() as patched:  # the server inherits it; administrators and clients do not
        patched.setenv("LD_PRELOAD", str(LIBRARY))
        patched.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
        patched.setenv("FAKETIME_NO_CACHE", "1")
        patched.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")  # as the kernel's: it never jumps
        service.start()
    try:
        yield service, move
    finally:
        if service.process is not None:
            assert service.stop() == 0


def hours_ahead(service: Service, session: str) -> int:
    """How far the time of a session's latest record is ahead of ours, in whole hours."""
    told = datetime.datetime.fromisoformat(commands_of(service, session)[-1]["time"])
    return round((told - datetime.datetime.now(datetime.UTC)).total_seconds() / 3600)


def test_answers_and_records_stay_sound_when_the_clock_goes_back_and_forth(moved: tuple[Service, Clock]) -> None:
    service, move = moved
    with raw_client(service) as raw:
        session = raw.open()
        first = [one.block for one in raw.run(session, PEOPLE + "tabulate sex\n") if one.HasField("block")]
        for hours in (HOURS + 1, HOURS - 6, HOURS - 5, HOURS - 20):
            move(hours)
            again = raw.run(session, "tabulate sex\n")
            assert again[-1].HasField("finished"), hours
            assert [one.block for one in again if one.HasField("block")] == first[-1:]  # same noise, same ledger
            assert hours_ahead(service, session) == hours
            assert service.grille("sessions", "replay", session).code == 0
    with raw_client(service, "bo") as other:
        assert other.open()
    assert service.stop(signal.SIGKILL) != 0
    with serving(service):  # whose clock is right again, and behind the log; sound at the end
        back = service.grille("sessions", "resume", session, "--no-results")
        assert back.code == 0, back.err
    numbers = [one["sequence"] for one in records_of(service)]
    assert numbers == sorted(numbers)


def test_a_certificate_ends_by_the_server_s_clock_also_on_an_open_connection(moved: tuple[Service, Clock]) -> None:
    service, move = moved

    def ask() -> object:
        return raw.sessions.ListSessions(session_pb2.ListSessionsRequest(), timeout=60)

    with raw_client(service) as raw:
        assert reason_of(ask) == "OK"
        move(24 * 365 * 5)
        assert reason_of(ask) == "CERTIFICATE_EXPIRED"
        assert service.grille("sessions", "list").code == 3
        move(HOURS)
        assert reason_of(ask) == "OK"
    assert service.grille("sessions", "list").code == 0
    move(-24 * 365)  # before it was issued
    assert service.grille("sessions", "list").code == 3


def test_idle_sessions_end_by_the_clock_and_those_at_work_do_not(moved: tuple[Service, Clock]) -> None:
    service, move = moved
    with raw_client(service) as raw:
        session = raw.open()
        raw.run(session, PEOPLE)
        move(HOURS - 20)  # nothing ends early, and what is asked is answered
        assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")
        move(HOURS + 3)
        soon(lambda: [one for one in records_of(service) if one["event"] == "session_closed"], 90)
        assert reason_of(lambda: raw.run(session, "tabulate sex\n")) == "UNKNOWN_SESSION"
        assert not list((service.home / "sessions").iterdir())
        fresh = raw.open()
        assert raw.run(fresh, PEOPLE + "tabulate sex\n")[-1].HasField("finished")
