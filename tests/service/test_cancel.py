"""Ctrl-C and the time limit stop the work in the server, and a worker that does not listen is replaced."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from support.mishaps import (
    PEOPLE,
    RawClient,
    client,
    commands_of,
    copy_of,
    is_running,
    long_command,
    processor_seconds,
    raw_client,
    reason_of,
    serving,
    soon,
    workers,
)
from support.service import Service

TIMEOUT = 2


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("cancel"))) as served:
        yield served


@pytest.fixture(scope="module")
def hasty(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that gives a command two seconds."""
    config = f"[limits]\ncommand_timeout_seconds = {TIMEOUT}\n"
    with serving(copy_of(template, tmp_path_factory.mktemp("hasty"), config)) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture
def session(raw: RawClient) -> Iterator[str]:
    opened = raw.open()
    assert raw.run(opened, PEOPLE)[-1].HasField("finished")
    yield opened
    raw.close(opened)


def test_ctrl_c_stops_the_work_at_once(service: Service, raw: RawClient, session: str) -> None:
    (pid,) = workers(service)
    used = processor_seconds(pid)
    process = client(service, "run", "-", "--session", session, "--format", "json", script=long_command(380))
    soon(lambda: processor_seconds(pid) > used + 0.2)
    process.send_signal(signal.SIGINT)
    soon(lambda: len(commands_of(service, session)) == 5)  # within 0.5 s, as `make torture` measures
    out, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert b"[CANCELLED]" in err
    assert b"Traceback" not in err
    assert b'"reason": "CANCELLED"' in out
    record = commands_of(service, session)[-1]
    assert (record["outcome"], record["reason"]) == ("failed", "CANCELLED")
    idle = processor_seconds(pid)
    time.sleep(0.3)
    assert processor_seconds(pid) < idle + 0.1
    assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")
    assert len(workers(service)) == 1  # the same one, or one in the place of one that did not listen


def test_a_call_without_an_id_that_vanishes_stops_its_script(service: Service, raw: RawClient, session: str) -> None:
    (pid,) = workers(service)
    used = processor_seconds(pid)
    call = raw.stream(session, long_command(380) + "summarize effort\n")
    soon(lambda: processor_seconds(pid) > used + 0.2)
    call.cancel()
    soon(lambda: len(commands_of(service, session)) == 5)
    soon(lambda: reason_of(lambda: raw.run(session, "tabulate sex\n")) == "OK")
    assert [one["reason"] for one in commands_of(service, session)] == [*[""] * 4, "CANCELLED", ""]


def test_the_end_of_one_script_never_stops_the_next(raw: RawClient, session: str) -> None:
    for _ in range(100):
        assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")


def test_stopping_at_any_moment_leaves_the_session_usable(raw: RawClient, session: str) -> None:
    for step in range(40):
        call = raw.stream(session, "tabulate sex\nsummarize wage\n")
        time.sleep(step / 2000)
        call.cancel()
        soon(lambda: _is_free(raw, session))
        assert raw.run(session, "summarize wage\n")[-1].HasField("finished")


def _is_free(raw: RawClient, session: str) -> bool:
    reason = reason_of(lambda: raw.run(session, "history\n"))
    assert reason in ("OK", "SESSION_BUSY")
    return reason == "OK"


@pytest.fixture
def prepared(hasty: Service) -> Iterator[tuple[RawClient, str]]:
    """A session with data sets there, however busy the machine is."""
    with raw_client(hasty) as raw:
        opened = raw.open()
        for line in PEOPLE.splitlines():
            soon(lambda line=line: raw.run(opened, line + "\n")[-1].HasField("finished"), 60)
        yield raw, opened
        raw.close(opened)


def test_a_command_beyond_the_time_limit_is_stopped(hasty: Service, prepared: tuple[RawClient, str]) -> None:
    raw, session = prepared
    start = time.monotonic()
    last = raw.run(session, long_command(380))[-1].failed.error
    assert time.monotonic() - start >= TIMEOUT
    assert last.reason == "COMMAND_TIMEOUT"
    assert f"{TIMEOUT} seconds" in last.message
    assert commands_of(hasty, session)[-1]["reason"] == "COMMAND_TIMEOUT"
    soon(lambda: raw.run(session, "tabulate sex\n")[-1].HasField("finished"))
    assert len(workers(hasty)) == 1


def test_a_worker_that_does_not_listen_is_replaced(hasty: Service, prepared: tuple[RawClient, str]) -> None:
    raw, session = prepared
    (pid,) = workers(hasty)
    os.kill(pid, signal.SIGSTOP)  # as deaf as a worker deep in a numerical library, and for longer
    assert raw.failure(session, "tabulate sex\n") == "COMMAND_TIMEOUT"
    assert not is_running(pid)
    soon(lambda: raw.run(session, "tabulate sex\n")[-1].HasField("finished"))


def test_closing_a_session_stops_its_command(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    (pid,) = workers(service)
    used = processor_seconds(pid)
    call = raw.stream(session, long_command(380))
    soon(lambda: processor_seconds(pid) > used + 0.2)
    raw.close(session)
    assert list(call)[-1].failed.error.reason == "CANCELLED"
    assert not is_running(pid)
