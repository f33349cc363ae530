"""Who reaches a server and under which name: a real gRPC server with the home's own certificates."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from grille.server.errors import AccessDeniedError
from grille.server.operations.certificates import Identity, issue_user, make_authority
from grille.server.operations.credentials import issue_credentials, load_authority, load_server_identity
from grille.server.operations.home import Home
from grille.server.operations.initialize import initialize
from grille.server.operations.registry import Registry, Role
from grille.server.operations.tls import peer, server_credentials


class WhoAmI(grpc.GenericRpcHandler):
    """Answers every call with the caller's name, or the reason why it has none."""

    def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        def answer(_request: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                caller = peer(context.auth_context())
            except AccessDeniedError as error:
                return error.reason.encode()
            return f"{caller.user} {caller.thumbprint}".encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@dataclass(frozen=True)
class Door:
    home: Home
    port: int

    def knock(self, credentials: grpc.ChannelCredentials, server_name: str = "localhost") -> str:
        options = (("grpc.ssl_target_name_override", server_name),)
        with grpc.secure_channel(f"127.0.0.1:{self.port}", credentials, options) as channel:
            answer: bytes = channel.unary_unary("/any/Method")(b"", timeout=10)
        return answer.decode()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = initialize(tmp_path_factory.mktemp("door") / "home", hosts=["grille.example.org"])
    registry = Registry(home.control)
    registry.add_project("wages", ["no.ssb.fdb"], "standard")
    registry.close()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[WhoAmI()])
    port = server.add_secure_port("127.0.0.1:0", server_credentials(home))
    server.start()
    yield Door(home, port)
    server.stop(None).wait()


def channel_credentials(ca: bytes, identity: Identity | None) -> grpc.ChannelCredentials:
    if identity is None:
        return grpc.ssl_channel_credentials(ca)
    return grpc.ssl_channel_credentials(ca, identity.private_key_pem, identity.certificate_pem)


@pytest.mark.parametrize("server", [None, "grille.example.org:7443", "[::1]:7443"])
def test_a_bundle_opens_the_door_under_the_user_s_name(door: Door, tmp_path: Path, server: str | None) -> None:
    out = tmp_path / "kari.grille"
    issue_credentials(door.home, "kari", "wages", Role.RESEARCHER, out, server=server)
    bundle = json.loads(out.read_text())
    credentials = grpc.ssl_channel_credentials(
        bundle["ca"].encode(), bundle["private_key"].encode(), bundle["certificate"].encode()
    )
    user, thumbprint = door.knock(credentials, bundle["server_name"]).split()
    assert user == "kari"
    registry = Registry(door.home.control)
    assert registry.authenticate(user, thumbprint)
    registry.close()


def test_nobody_enters_without_a_certificate(door: Door) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        door.knock(channel_credentials(door.home.ca_certificate.read_bytes(), None))
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_nobody_enters_with_a_certificate_of_another_authority(door: Door) -> None:
    foreign = issue_user(make_authority("grille"), "kari", 30)
    with pytest.raises(grpc.RpcError) as raised:
        door.knock(channel_credentials(door.home.ca_certificate.read_bytes(), foreign))
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_nobody_enters_with_an_expired_certificate(door: Door) -> None:
    expired = issue_user(load_authority(door.home), "kari", days=0)
    with pytest.raises(grpc.RpcError) as raised:
        door.knock(channel_credentials(door.home.ca_certificate.read_bytes(), expired))
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_the_server_s_own_certificate_is_nobody_s(door: Door) -> None:
    identity = load_server_identity(door.home)
    with pytest.raises(grpc.RpcError) as raised:
        door.knock(channel_credentials(door.home.ca_certificate.read_bytes(), identity))
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_user_s_certificate_cannot_play_the_server(door: Door) -> None:
    impostor = issue_user(load_authority(door.home), "localhost", 30)
    server = grpc.server(ThreadPoolExecutor(1), handlers=[WhoAmI()])
    credentials = grpc.ssl_server_credentials([(impostor.private_key_pem, impostor.certificate_pem)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        with pytest.raises(grpc.RpcError) as raised:
            Door(door.home, port).knock(channel_credentials(door.home.ca_certificate.read_bytes(), None))
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    finally:
        server.stop(None).wait()


def test_a_client_does_not_speak_to_a_server_under_another_name(door: Door) -> None:
    user = issue_user(load_authority(door.home), "kari", 30)
    with pytest.raises(grpc.RpcError) as raised:
        door.knock(channel_credentials(door.home.ca_certificate.read_bytes(), user), "other.example.org")
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
