"""Whoever cannot prove who they are is refused in clear words, whichever side finds out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import pytest
from support.mishaps import RawClient, copy_of, raw_client, reason_of, records_of, serving
from support.service import Done, Service, free_port

from grille.server.operations.certificates import Identity, issue_user, make_authority
from grille.server.operations.credentials import load_authority
from grille.server.operations.home import Home
from grille.v1.analysis_pb2_grpc import AnalysisServiceStub
from grille.v1.session_pb2_grpc import SessionServiceStub

JARGON = ("SSL", "TSI", "UNAVAILABLE", "ipv4:", "grpc", "Traceback", "handshake")


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = copy_of(template, tmp_path_factory.mktemp("strangers"))
    ours, foreign = load_authority(Home(made.home)), make_authority("grille")
    forge(made, "foreign", issue_user(foreign, "ada", 30))
    forge(made, "expired", issue_user(ours, "ada", 0))
    forge(made, "unknown", issue_user(ours, "ada", 30))
    forge(made, "wrong_authority", None, ca=foreign.certificate_pem.decode())
    forge(made, "wrong_name", None, server_name="other.example.org")
    with serving(made) as served:
        yield served


def forge(service: Service, name: str, identity: Identity | None, **changes: str) -> None:
    """Write ada's bundle under another name, with changes."""
    bundle = json.loads(service.bundle("ada").read_text())
    if identity is not None:
        changes["certificate"] = identity.certificate_pem.decode()
        changes["private_key"] = identity.private_key_pem.decode()
    service.bundle(name).write_text(json.dumps({**bundle, **changes}))


@pytest.mark.parametrize(
    "bundle,code,reason",
    [
        ("foreign", 3, "CONNECTION_CLOSED"),
        ("expired", 3, "CONNECTION_CLOSED"),
        ("unknown", 4, "CERTIFICATE_UNKNOWN"),
        ("wrong_authority", 3, "SERVER_NOT_TRUSTED"),
        ("wrong_name", 3, "SERVER_NOT_TRUSTED"),
    ],
)
def test_wrong_credentials_are_refused_in_clear_words(service: Service, bundle: str, code: int, reason: str) -> None:
    for done in (
        service.grille("run", "-", user=bundle, stdin="create-dataset x\n"),
        service.grille("sessions", "list", user=bundle),
    ):
        assert done.code == code
        assert f"[{reason}]" in done.err
        assert is_readable(done)
    with raw_client(service, bundle) as raw:
        told = reason_of(raw.open)
    assert told == reason if code == 4 else told.startswith("UNAVAILABLE")


def test_credentials_that_say_that_they_expired_are_not_even_sent(service: Service) -> None:
    forge(service, "old", None, expires="2020-01-01T00:00:00+00:00")
    done = service.grille("sessions", "list", user="old")
    assert (done.code, "[CREDENTIALS_EXPIRED]" in done.err) == (4, True)


def test_tls_without_a_certificate_and_no_tls_at_all_are_refused(service: Service) -> None:
    bundle = json.loads(service.bundle("ada").read_text())
    secret = grpc.ssl_channel_credentials(bundle["ca"].encode())
    names = (("grpc.ssl_target_name_override", bundle["server_name"]),)
    for channel in (grpc.secure_channel(service.address, secret, names), grpc.insecure_channel(service.address)):
        with channel:
            stranger = RawClient(SessionServiceStub(channel), AnalysisServiceStub(channel), channel)
            assert reason_of(stranger.open).startswith("UNAVAILABLE")


def test_nobody_at_the_address_is_told_without_jargon(service: Service) -> None:
    address = f"127.0.0.1:{free_port()}"
    before, service.environment["GRILLE_SERVER"] = service.environment["GRILLE_SERVER"], address
    done = service.grille("sessions", "list")
    service.environment["GRILLE_SERVER"] = before
    assert (done.code, "[NO_CONNECTION]" in done.err, address in done.err) == (3, True, True)
    assert is_readable(done)


def test_strangers_leave_the_server_as_it_was(service: Service) -> None:
    assert service.grille("sessions", "list").code == 0
    assert not [one for one in records_of(service) if one["event"] == "session_opened" and one["subject"] != "ada"]
    for line in service.log().splitlines():
        json.loads(line)  # the log holds no line that did not pass its allow-list


def is_readable(done: Done) -> bool:
    """Tell whether the screen is free of what only programmers of gRPC understand."""
    return not any(word in done.out + done.err for word in JARGON)
