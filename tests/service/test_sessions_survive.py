"""A session outlives its connection, its worker, its client and its server; no command runs or is recorded twice."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cable import cable
from support.mishaps import (
    PEOPLE,
    RawClient,
    client,
    commands_of,
    copy_of,
    long_command,
    processor_seconds,
    raw_client,
    reason_of,
    records_of,
    serving,
    soon,
    workers,
)
from support.service import Service
from support.survival import COMMANDS, ONCE, SCRIPT, answers, next_session, places, sessions_of, survive

from grille.v1 import analysis_pb2, session_pb2


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("survive"))) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture(scope="module")
def undisturbed(service: Service) -> list[Any]:
    """What the script gives when nothing happens."""
    done = service.grille("run", "-", "--format", "json", stdin=SCRIPT)
    assert done.code == 0, done.out + done.err
    found = answers(done.json)
    assert len(found) == COMMANDS
    return found


def request(session: str, script: str, identifier: str, answered: int = 0) -> analysis_pb2.RunScriptRequest:
    return analysis_pb2.RunScriptRequest(
        session_id=session, script=script.encode(), request_id=identifier, answered_commands=answered
    )


def test_a_cut_cable_costs_nothing_but_time(service: Service, undisturbed: list[Any]) -> None:
    with cable(service.address) as line:
        service.environment["GRILLE_SERVER"] = line.address
        try:
            known = sessions_of(service)
            process = client(service, "run", "-", "--format", "json", script=SCRIPT)
            session = next_session(service, known)
            for expected in (3, 8, 11):
                soon(lambda expected=expected: len(commands_of(service, session)) >= expected)
                line.cut()
                time.sleep(0.4)
                line.mend()
            out, err = process.communicate(timeout=60)
        finally:
            service.environment["GRILLE_SERVER"] = service.address
    assert process.returncode == 0, err
    assert b"connection was lost" in err
    assert b"Connected again" in err
    document = json.loads(out)
    assert answers(document) == undisturbed
    assert places(service, document["session"]) == ONCE


def test_the_same_request_is_told_again_and_never_run_again(service: Service, raw: RawClient) -> None:
    session, identifier = raw.open(), str(uuid.uuid4())
    first = list(raw.analysis.RunScript(request(session, SCRIPT, identifier)))
    again = list(raw.analysis.RunScript(request(session, SCRIPT, identifier)))
    assert again == first
    later = list(raw.analysis.RunScript(request(session, "", identifier, COMMANDS - 1)))
    assert later == first[-len(later) :]
    assert later[0].accepted.index == COMMANDS
    assert places(service, session) == ONCE
    other = request(session, "tabulate sex\n", identifier)
    assert reason_of(lambda: list(raw.analysis.RunScript(other))) == "REQUEST_REUSED"
    assert reason_of(lambda: list(raw.analysis.RunScript(request(session, "history\n", "7")))) == "BAD_REQUEST_ID"
    newer = list(raw.analysis.RunScript(request(session, "tabulate sex\n", str(uuid.uuid4()))))
    assert newer[-1].HasField("finished")
    gone = request(session, SCRIPT, identifier)
    assert reason_of(lambda: list(raw.analysis.RunScript(gone))) == "ANSWERS_GONE"
    assert len(commands_of(service, session)) == COMMANDS + 1
    raw.close(session)


def test_many_attempts_at_once_are_one_request(service: Service, raw: RawClient) -> None:
    session, identifier = raw.open(), str(uuid.uuid4())
    heard: list[list[analysis_pb2.RunScriptResponse]] = []

    def ask() -> None:
        heard.append(list(raw.analysis.RunScript(request(session, SCRIPT, identifier))))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 5
    assert all(one == heard[0] for one in heard)
    assert places(service, session) == ONCE
    raw.close(session)


def test_an_id_of_another_user_tells_nothing(service: Service, raw: RawClient) -> None:
    session, identifier = raw.open(), str(uuid.uuid4())
    list(raw.analysis.RunScript(request(session, PEOPLE, identifier)))
    with raw_client(service, "bo") as other:
        calls = (
            lambda: list(other.analysis.RunScript(request(session, "", identifier))),
            lambda: other.sessions.ResumeSession(session_pb2.ResumeSessionRequest(session_id=session)),
            lambda: list(other.sessions.ReplaySession(session_pb2.ReplaySessionRequest(session_id=session))),
            lambda: other.analysis.CancelScript(
                analysis_pb2.CancelScriptRequest(session_id=session, request_id=identifier)
            ),
        )
        assert [reason_of(call) for call in calls] == ["UNKNOWN_SESSION"] * len(calls)
    raw.close(session)


def test_a_killed_client_finds_its_answers_by_resuming(service: Service, undisturbed: list[Any]) -> None:
    known = sessions_of(service)
    process = client(service, "run", "-", "--format", "json", script=SCRIPT)
    session = next_session(service, known)
    soon(lambda: len(commands_of(service, session)) >= 5)
    process.kill()
    process.communicate()
    done = service.grille("sessions", "resume", session, "--format", "json")
    assert done.code == 0, done.err
    assert "people" in done.err
    assert answers(done.json) == undisturbed
    assert places(service, session) == ONCE
    service.grille("sessions", "close", session)


def test_a_restart_is_told_and_what_was_missed_comes_with_receipts(
    template: Service, tmp_path: Path, undisturbed: list[Any]
) -> None:
    service = copy_of(template, tmp_path)
    service.start()
    first = service.grille("run", "-", "--keep", "--format", "json", stdin=SCRIPT)
    session = first.json["session"]
    released = rows_of(service)
    service.stop(signal.SIGKILL)
    with serving(service):
        assert "interrupted" in service.grille("sessions", "list").out
        back = service.grille("sessions", "resume", session, "--no-results")
        assert (back.code, back.out) == (0, ""), back.err
        assert "people" in back.err
        assert "commands were run again" in back.err
        assert "ready" in service.grille("sessions", "list").out
        event = [one for one in records_of(service) if one["event"] != "server_started"][-1]
        assert (event["event"], event["session"]) == ("session_resumed", session)
        again = service.grille("sessions", "resume", session, "--no-results")  # twice is once
        assert "run again" not in again.err
        assert places(service, session) == ONCE
        assert rows_of(service) == released  # nothing is released by coming back
        after = "history\nlist-labels sexes\ntabulate sex\n"
        history, labels, table = service.grille("run", "-", "--session", session, "--format", "json", stdin=after).json[
            "results"
        ]
        assert [row[1] for row in history["blocks"][0]["rows"]] == [one[1] for one in undisturbed]
        assert "sexes" in str(labels["blocks"])
        assert table["status"] == "ok"
        released = rows_of(service)
    service.start()
    service.stop(signal.SIGKILL)
    with serving(service):
        document = tmp_path / "again.json"
        missed = service.grille("sessions", "resume", session, "--format", "json", "--out", document)
        assert missed.code == 0, missed.err
        assert [one[1] for one in answers(json.loads(document.read_text()))] == after.splitlines()
        verified = service.grille("verify", document, "--key", service.home / "keys" / "audit-signing.pub")
        assert verified.code == 0, verified.out + verified.err
        assert rows_of(service) == released


def rows_of(service: Service) -> int:
    """Number of sets and partitions in the ledger."""
    connection = sqlite3.connect(service.home / "ledger.sqlite")
    (rows,) = connection.execute("SELECT count(*) FROM released_sets").fetchone()
    connection.close()
    return int(rows)


def test_ctrl_c_stops_a_script_that_would_outlive_its_client(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    (pid,) = workers(service)
    used = processor_seconds(pid)
    process = client(service, "run", "-", "--session", session, script=long_command(380) + "tabulate sex\n")
    soon(lambda: processor_seconds(pid) > used + 0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    soon(lambda: len(commands_of(service, session)) == 5)
    assert commands_of(service, session)[-1]["reason"] == "CANCELLED"
    raw.close(session)


def test_a_replay_gives_every_released_digest_again(service: Service, template: Service, tmp_path: Path) -> None:
    kept = service.grille("run", "-", "--format", "json", "--keep", "--lang", "no", stdin=SCRIPT)
    session = kept.json["session"]
    before = len(records_of(service))
    open_one = service.grille("sessions", "replay", session)
    assert (open_one.code, "0 gave something else" in open_one.out) == (0, True), open_one.out + open_one.err
    added = records_of(service)[before:]
    assert [one["event"] for one in added] == ["session_replayed"]
    assert added[0]["detail"] == {"commands": str(COMMANDS), "different": "0"}
    service.grille("sessions", "close", session)
    closed = service.grille("sessions", "replay", session)
    assert closed.out == open_one.out
    digests = [one["released_digest"] for one in commands_of(service, session)]
    assert [line.split()[2] for line in closed.out.splitlines()[:-1]] == [one[:16] for one in digests]
    # another machine: the keys, the bank, the registry and the log restored, sessions and ledger new
    other = copy_of(service, tmp_path)
    for name in ("ledger.sqlite", "sessions.sqlite"):
        for path in other.home.glob(name + "*"):
            path.unlink()
    with serving(other):
        assert other.grille("sessions", "replay", session).out == closed.out
        audited = other.grille("sessions", "replay", session, user="audun")
        assert (audited.code, audited.out) == (0, closed.out)
        assert "UNKNOWN_SESSION" in other.grille("sessions", "replay", session, user="bo").err
        assert "UNKNOWN_SESSION" in other.grille("sessions", "replay", session, user="kari").err


def test_a_replay_on_changed_data_says_which_answers_differ(service: Service, tmp_path: Path) -> None:
    session = service.run(PEOPLE + "summarize wage\n")["session"]
    other = Service.build(tmp_path, persons=5_000, seed=2)
    shutil.rmtree(other.home / "audit")
    shutil.copytree(service.home / "audit", other.home / "audit")
    for name in ("audit-signing.pem", "audit-signing.pub"):
        shutil.copy(service.home / "keys" / name, other.home / "keys" / name)
    with serving(other):
        done = other.grille("sessions", "replay", session)
    assert done.code == 1, done.out + done.err
    marks = [line.split()[0] for line in done.out.splitlines()]
    assert marks == ["same", "same", "DIFFERENT", "DIFFERENT", "DIFFERENT", "5"]
    assert done.out.count("RESULT_DIFFERS") == 3


def test_kills_of_server_client_and_worker_lose_and_repeat_nothing(
    template: Service, tmp_path: Path, undisturbed: list[Any]
) -> None:
    survive(copy_of(template, tmp_path), undisturbed, rounds=3, seed=1)


@pytest.mark.slow
def test_random_kills_lose_and_repeat_nothing(template: Service, tmp_path: Path, undisturbed: list[Any]) -> None:
    survive(copy_of(template, tmp_path), undisturbed, rounds=12, seed=2)
