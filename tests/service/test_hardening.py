"""What the server is to the network: TLS 1.3 alone, bounded messages and streams, and figures that tell nothing."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from collections.abc import Iterator

import grpc
import pytest
from support.mishaps import PEOPLE, copy_of, long_command, raw_client, reason_of, serving, soon
from support.service import Service, free_port

from grille.v1 import session_pb2


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Service]:
    config = f"[server]\nmax_request_bytes = 65536\nmax_streams = 3\n[metrics]\nport = {port}\n"
    with serving(copy_of(template, tmp_path_factory.mktemp("hardening"), config)) as served:
        yield served


def handshake(service: Service, version: ssl.TLSVersion) -> str | None:
    """Try a handshake of one version with ada's certificate; return the version agreed on."""
    bundle = json.loads(service.bundle("ada").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    context.load_verify_locations(cadata=bundle["ca"])
    own = service.folder / "own.pem"
    own.write_text(bundle["certificate"] + bundle["private_key"])
    context.load_cert_chain(own)
    host, _, number = service.address.rpartition(":")
    with (
        socket.create_connection((host, int(number)), 10) as plain,
        context.wrap_socket(plain, server_hostname=bundle["server_name"]) as secured,
    ):
        return secured.version()


def test_tls_1_3_is_spoken_and_nothing_older(service: Service) -> None:
    assert handshake(service, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(service, ssl.TLSVersion.TLSv1_2)


def test_a_message_that_is_too_large_is_refused_and_the_next_is_served(service: Service) -> None:
    with raw_client(service) as raw:
        session = raw.open()
        with pytest.raises(grpc.RpcError) as raised:
            raw.run(session, "// " + "x" * 70_000 + "\n")
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert raw.run(session, "history\n")[-1].HasField("finished")
        raw.close(session)


def test_metadata_that_is_too_large_is_refused(service: Service) -> None:
    with raw_client(service) as raw, pytest.raises(grpc.RpcError):
        raw.sessions.GetIdentity(session_pb2.GetIdentityRequest(), timeout=10, metadata=(("x", "y" * 100_000),))


def test_a_connection_carries_only_so_many_requests_at_a_time(service: Service) -> None:
    """What is beyond the limit of three is turned away by the transport and costs the server no thread."""
    with raw_client(service) as raw:
        sessions = [raw.open() for _ in range(3)]
        waiting = [raw.stream(session, PEOPLE + long_command(380)) for session in sessions]
        for call in waiting:
            next(call)
        with pytest.raises(grpc.RpcError) as raised:
            raw.sessions.GetIdentity(session_pb2.GetIdentityRequest(), timeout=0.5)
        assert raised.value.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
        with raw_client(service) as other:
            assert other.sessions.GetIdentity(session_pb2.GetIdentityRequest(), timeout=30).user == "ada"
        for call in waiting:
            call.cancel()
        soon(lambda: all(reason_of(lambda one=one: raw.close(one)) == "OK" for one in sessions))


def test_metrics_count_calls_and_name_nobody(service: Service, port: int) -> None:
    assert service.grille("run", "-", stdin=PEOPLE + "tabulate sex\ntabulate nobody\n").code == 1
    assert service.grille("run", "-", user="audun", stdin="history\n").code == 4
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if line.startswith("grille_")]
    assert any(line.startswith('grille_calls_total{method="AnalysisService/RunScript",outcome="ok"}') for line in lines)
    assert any('method="SessionService/OpenSession",outcome="error"' in line for line in lines)
    records = next(float(line.split()[1]) for line in lines if line.startswith("grille_audit_records"))
    assert records > 5
    assert any(line.startswith("grille_server_certificate_expiry_timestamp_seconds") for line in lines)
    names = {line.partition("{")[0].partition(" ")[0] for line in lines}
    labels = {part.partition("=")[0] for line in lines if "{" in line for part in line.split("{")[1].split(",")}
    assert labels <= {"method", "outcome", "le"}, labels
    assert not any(word in text for word in ("ada", "audun", "wages", "tabulate", "UNKNOWN", "NOT_A_MEMBER"))
    assert all(name.startswith("grille_") for name in names)


def test_metrics_are_for_the_machine_itself_alone(service: Service, port: int) -> None:
    with socket.socket() as probe:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for address in addresses - {"127.0.0.1"}:
            if not str(address).startswith("127."):
                probe.settimeout(3)
                assert probe.connect_ex((str(address), port)) != 0
