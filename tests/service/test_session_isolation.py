"""A session belongs to one user with the right to it, runs one script at a time, and there are only so many."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from support.mishaps import (
    PEOPLE,
    RawClient,
    commands_of,
    copy_of,
    long_command,
    processor_seconds,
    raw_client,
    reason_of,
    serving,
    soon,
    workers,
)
from support.service import Service

CONFIG = "[server]\nrequest_threads = 3\n[limits]\nmax_sessions = 4\nmax_sessions_per_user = 3\n"


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("isolation"), CONFIG)) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture
def session(raw: RawClient) -> Iterator[str]:
    opened = raw.open()
    yield opened
    raw.close(opened)


@pytest.fixture
def busy(service: Service, raw: RawClient) -> Iterator[str]:
    """A session with a long command at work."""
    others = workers(service)
    session = raw.open()
    raw.run(session, PEOPLE)
    (pid,) = workers(service) - others
    used = processor_seconds(pid)
    call = raw.stream(session, long_command(380))
    reading = threading.Thread(target=lambda: reason_of(lambda: list(call)))
    reading.start()
    soon(lambda: processor_seconds(pid) > used + 0.1)
    yield session
    call.cancel()
    reading.join()
    soon(lambda: reason_of(lambda: raw.close(session)) == "OK")


def test_another_user_s_session_does_not_exist(service: Service, raw: RawClient, session: str) -> None:
    with raw_client(service, "bo") as other:
        answers = [reason_of(lambda: other.run(session, "history\n")), reason_of(lambda: other.close(session))]
        assert answers == ["UNKNOWN_SESSION"] * 2 == [reason_of(lambda: other.run("x", "history\n"))] * 2
    done = service.grille("run", "-", "--session", session, user="bo", stdin="history\n")
    assert (done.code, "[UNKNOWN_SESSION]" in done.err) == (1, True)
    assert session not in service.grille("sessions", "list", user="bo").out
    assert session in service.grille("sessions", "list").out
    assert raw.run(session, "history\n")[-1].HasField("finished")


def test_a_second_script_in_a_busy_session_is_refused_and_the_first_goes_on(service: Service, busy: str) -> None:
    done = service.grille("run", "-", "--session", busy, stdin="history\n")
    assert (done.code, "[SESSION_BUSY]" in done.err) == (1, True)
    assert not [one for one in commands_of(service, busy) if one["source"] == "history"]


def test_there_are_only_so_many_sessions(service: Service, raw: RawClient) -> None:
    opened = [raw.open() for _ in range(3)]
    assert reason_of(raw.open) == "TOO_MANY_SESSIONS"
    done = service.grille("run", "-", stdin="create-dataset x\n")
    assert (done.code, "[TOO_MANY_SESSIONS]" in done.err, "sessions close" in done.err) == (1, True, True)
    with raw_client(service, "bo") as other:
        theirs = other.open()
        assert reason_of(other.open) == "TOO_MANY_SESSIONS"
        other.close(theirs)
    assert service.grille("sessions", "close", *opened).code == 0
    raw.close(raw.open())
    assert len(workers(service)) == 0


@pytest.mark.parametrize("user", ["audun", "kari"])
def test_only_researchers_open_sessions(service: Service, user: str) -> None:
    done = service.grille("run", "-", user=user, stdin="create-dataset x\n")
    assert (done.code, "[NOT_A_MEMBER]" in done.err) == (4, True)


def test_a_revoked_user_is_stopped_at_the_next_command(service: Service, template: Service, tmp_path: Path) -> None:
    bundle = service.bundle("eva")
    arguments = ("user", "add", service.home, "eva", "--project", "wages", "--role", "researcher", "--out", bundle)
    service.admin(*arguments, "--server", service.address)
    with raw_client(service, "eva") as theirs:
        session = theirs.open()
        theirs.run(session, PEOPLE)
        call = iter(theirs.stream(session, long_command(380) + "tabulate sex\n"))
        assert next(call).HasField("accepted")
        service.admin("user", "revoke", service.home, "eva")
        assert list(call)[-1].failed.error.reason == "CERTIFICATE_REVOKED"
        assert reason_of(lambda: theirs.run(session, "history\n")) == "CERTIFICATE_REVOKED"
        assert reason_of(lambda: theirs.close(session)) == "CERTIFICATE_REVOKED"
    done = service.grille("run", "-", "--session", session, user="eva", stdin="history\n")
    assert (done.code, "[CERTIFICATE_REVOKED]" in done.err) == (4, True)
    assert commands_of(service, session)[-1]["reason"] == "CERTIFICATE_REVOKED"


def test_the_server_says_that_it_is_well_and_that_it_is_busy(service: Service, raw: RawClient, busy: str) -> None:
    others = [raw.open() for _ in range(2)]
    calls = []
    for other in others:
        raw.run(other, PEOPLE)
        calls.append(raw.stream(other, long_command(380)))
        assert next(calls[-1]).HasField("accepted")
    assert reason_of(raw.open) == "SERVER_BUSY"
    done = service.grille("sessions", "list")
    assert (done.code, "[SERVER_BUSY]" in done.err) == (1, True)
    stub = health_pb2_grpc.HealthStub(raw.channel)
    assert stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status == health_pb2.HealthCheckResponse.SERVING
    for call, other in zip(calls, others, strict=True):
        call.cancel()
        soon(lambda other=other: reason_of(lambda: raw.close(other)) == "OK")


def test_health_is_told_to_nobody_without_a_certificate(service: Service) -> None:
    with grpc.insecure_channel(service.address) as channel, pytest.raises(grpc.RpcError):
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
