"""Whatever comes to the port, stays half open or reads slowly: the server goes on answering the others."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import time
from collections.abc import Iterator

import pytest
from support.mishaps import PEOPLE, RawClient, commands_of, copy_of, raw_client, records_of, serving, soon
from support.service import Service

ASK = "tabulate sex\n"
SSL_3_HELLO = bytes.fromhex("160300002d0100002903004f000000") + bytes(28) + bytes.fromhex("000002000a0100")
TLS_1_2_ALERT = bytes.fromhex("15030300020228")
HALF_OPEN = 200


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("noise"))) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


def connected(service: Service) -> socket.socket:
    host, _, port = service.address.rpartition(":")
    return socket.create_connection((host, int(port)), 60)


def client_hello(service: Service) -> bytes:
    """The first message of a handshake of TLS 1.3 or 1.2, as a client makes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="grille").do_handshake()
    return outgoing.read()


def rubbish(service: Service) -> dict[str, bytes]:
    chance = random.Random(5)
    hello = client_hello(service)
    return {
        "random bytes": chance.randbytes(4096),
        "a plain HTTP request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "plain HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        "a hello of SSL 3": SSL_3_HELLO,
        "an alert of TLS 1.2": TLS_1_2_ALERT,
        "zeros": bytes(65536),
        "a record that says it is longer than any": b"\x16\x03\x01\xff\xff" + bytes(2000),
        "a hello whose bytes were changed": bytes(byte ^ (chance.random() < 0.05) for byte in hello),
        "a hello and then noise": hello + chance.randbytes(2000),
        "half a hello": hello[: len(hello) // 2],
    }


def answers_in(raw: RawClient, session: str) -> bool:
    return raw.run(session, ASK)[-1].HasField("finished")


def test_rubbish_is_cut_off_and_the_others_are_served(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, PEOPLE)
    before = len(records_of(service))
    for what, sent in rubbish(service).items():
        for is_cut_off in (True, False):
            with contextlib.suppress(OSError), connected(service) as line:
                line.sendall(sent)
                if not is_cut_off:
                    line.shutdown(socket.SHUT_WR)
                    told = b"".join(iter(lambda line=line: line.recv(4096), b""))
                    assert b"grille" not in told.lower() or "hello" in what, what  # names nothing before a handshake
        assert answers_in(raw, session), what
    with raw_client(service, "bo") as other:  # and new ones are let in
        assert other.open()
    assert {one["event"] for one in records_of(service)[before:]} <= {"command", "session_opened", "log_checkpoint"}
    raw.close(session)


def test_two_hundred_half_open_connections_keep_nobody_out(service: Service, raw: RawClient) -> None:
    hello = client_hello(service)
    session = raw.open()
    raw.run(session, PEOPLE)
    with contextlib.ExitStack() as lines:
        for number in range(HALF_OPEN):
            line = lines.enter_context(connected(service))
            with contextlib.suppress(ConnectionError):
                line.sendall((b"", hello[:20], hello)[number % 3])
        assert answers_in(raw, session)
        with raw_client(service, "bo") as other:
            assert answers_in_a_session_of_its_own(other)
        assert service.grille("sessions", "list").code == 0
    assert answers_in(raw, session)
    raw.close(session)


def answers_in_a_session_of_its_own(raw: RawClient) -> bool:
    session = raw.open()
    is_answered = raw.run(session, PEOPLE + ASK)[-1].HasField("finished")
    raw.close(session)
    return is_answered


def test_one_who_reads_slowly_or_no_more_holds_up_nobody(service: Service, raw: RawClient) -> None:
    slow, stopped = raw.open(), raw.open()
    with raw_client(service) as lazy:
        unread = lazy.stream(stopped, PEOPLE + ASK * 30)
        next(unread)
        for read, event in enumerate(lazy.stream(slow, PEOPLE + ASK), start=1):
            last = event
            time.sleep(1 if read < 6 else 0.1)
            if read == 3:
                with raw_client(service, "bo") as other:
                    assert answers_in_a_session_of_its_own(other)
        assert last.HasField("finished")
        unread.cancel()
    soon(lambda: commands_of(service, stopped), 60)
    soon(lambda: raw.failure(stopped, "use nothing\n") == "UNKNOWN_DATASET", 60)  # the session is free, and well
    raw.close(slow)
    raw.close(stopped)
