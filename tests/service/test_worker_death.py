"""A worker process that dies takes the running command with it and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mishaps import (
    PEOPLE,
    RawClient,
    client,
    commands_of,
    copy_of,
    fork_server,
    is_running,
    long_command,
    processor_seconds,
    raw_client,
    serving,
    soon,
    workers,
)
from support.service import Service


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("worker"))) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


def test_a_worker_killed_between_commands_is_replaced_and_finds_its_data_sets(service: Service, raw: RawClient) -> None:
    first = service.grille("run", "-", "--keep", "--format", "json", stdin=PEOPLE + "tabulate sex\n")
    session = first.json["session"]
    (pid,) = workers(service)
    os.kill(pid, signal.SIGKILL)
    soon(lambda: not is_running(pid))
    again = service.grille("run", "-", "--session", session, "--format", "json", stdin="tabulate sex\nsummarize wage\n")
    assert again.code == 0, again.out + again.err
    assert again.json["results"][0]["blocks"] == first.json["results"][-1]["blocks"]
    assert workers(service).isdisjoint({pid})
    raw.close(session)


def test_a_worker_killed_at_work_fails_that_command_and_no_other(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    events = iter(raw.stream(session, long_command(200) + "tabulate sex\n"))
    assert next(events).HasField("accepted")
    (pid,) = workers(service)
    os.kill(pid, signal.SIGKILL)
    last = list(events)[-1]
    assert last.failed.error.reason == "WORKER_LOST"
    assert "stopped" in last.failed.error.message
    assert last.failed.error.hint
    after = raw.run(session, "generate half = wage / 2\nsummarize half\n")
    assert after[-1].HasField("finished")
    outcomes = [(one["outcome"], one["reason"]) for one in commands_of(service, session)]
    assert outcomes == [*[("answered", "")] * 4, ("failed", "WORKER_LOST"), *[("answered", "")] * 2]
    raw.close(session)


def test_the_client_tells_of_a_lost_worker_in_plain_words(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    (pid,) = workers(service)
    used = processor_seconds(pid)
    process = client(service, "run", "-", "--session", session, script=long_command(200))
    soon(lambda: processor_seconds(pid) > used + 0.2)
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    text = (out + err).decode()
    assert process.returncode == 1
    assert "worker process stopped" in text
    assert "[WORKER_LOST]" in text
    raw.close(session)


def test_the_fork_server_may_die_too(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    before = fork_server(service)
    os.kill(before, signal.SIGKILL)
    soon(lambda: not is_running(before))
    assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")
    other = raw.open()
    assert raw.run(other, PEOPLE)[-1].HasField("finished")
    assert fork_server(service) != before
    raw.close(session)
    raw.close(other)


def test_files_of_a_closed_session_are_gone(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    folder: Path = service.home / "sessions" / session
    assert (folder / "session.duckdb").exists()
    raw.close(session)
    assert not folder.exists()
    assert not workers(service)
