"""The keys come over real TLS from a server on loopback."""

import base64
import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from grille.server.errors import AccessDeniedError
from grille.server.operations.oidc_keys import OLDEST_SECONDS, PAUSE_SECONDS, ProviderKeys


def jwk(kid: str, bits: int = 2048) -> dict[str, str]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key().public_numbers()
    n = base64.urlsafe_b64encode(numbers.n.to_bytes(bits // 8, "big")).rstrip(b"=").decode()
    return {"kty": "RSA", "kid": kid, "n": n, "e": "AQAB"}


ONE, TWO, SHORT = jwk("one"), jwk("two"), jwk("short", 1024)


class Provider:
    """A provider's two documents, which a test can change, with the addresses that were asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes, str]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                provider.reached.set()
                provider.gate.wait(30)
                status, body, location = provider.answers[self.path]
                self.send_response(status)
                self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.ca = folder / "ca.pem"
        pair = folder / "pair.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.ca.write_bytes(pem)
        pair.write_bytes(secret + pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.server.server_port}"
        self.says(ONE)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, *keys: object, **document: str) -> None:
        found = {"issuer": self.address, "jwks_uri": self.address + "/keys", **document}
        self.answers["/.well-known/openid-configuration"] = (200, json.dumps(found).encode(), "")
        self.answers["/keys"] = (200, json.dumps({"keys": keys}).encode(), "")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    made = Provider(tmp_path)
    yield made
    made.gate.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(provider: Provider, clock: Clock) -> ProviderKeys:
    return ProviderKeys(provider.address, str(provider.ca), clock)


def unreachable(keys: ProviderKeys, kid: str = "one") -> bool:
    with pytest.raises(AccessDeniedError) as caught:
        keys.find(kid)
    return caught.value.reason == "PROVIDER_UNREACHABLE"


def test_a_key_is_asked_for_once(keys: ProviderKeys, provider: Provider) -> None:
    assert keys.find("one") is not None
    assert keys.find("one") is not None
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_new_key_is_asked_for_but_invented_ones_not_more_than_once_a_minute(
    keys: ProviderKeys, provider: Provider, clock: Clock
) -> None:
    assert keys.find("one") is not None
    provider.says(ONE, TWO)
    assert [keys.find(f"invented{number}") for number in range(20)] == [None] * 20
    assert keys.find("two") is None
    assert len(provider.asked) == 2
    clock.now = PAUSE_SECONDS
    assert keys.find("two") is not None
    assert len(provider.asked) == 4


def test_a_kept_key_is_found_while_the_provider_hangs(keys: ProviderKeys, provider: Provider, clock: Clock) -> None:
    assert keys.find("one") is not None
    clock.now = PAUSE_SECONDS
    provider.gate.clear()
    provider.reached.clear()
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(keys.find("two")))
    waiting.start()
    assert provider.reached.wait(30)
    assert keys.find("one") is not None
    assert unreachable(keys, "three")  # and a third caller does not wait for the second
    assert found == []
    provider.gate.set()
    waiting.join()
    assert found == [None]


def test_a_kept_key_outlives_an_outage_but_not_a_day(keys: ProviderKeys, provider: Provider, clock: Clock) -> None:
    assert keys.find("one") is not None
    provider.answers["/keys"] = (500, b"", "")
    clock.now = OLDEST_SECONDS - 1
    assert keys.find("one") is not None
    clock.now = OLDEST_SECONDS
    assert unreachable(keys)
    provider.says(TWO)
    clock.now += PAUSE_SECONDS
    assert keys.find("one") is None


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_secrets_short_keys_and_keys_for_other_uses_are_not_taken(keys: ProviderKeys, provider: Provider) -> None:
    secret = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
    provider.says(
        secret, SHORT, {**TWO, "use": "enc"}, {"kty": "RSA", "kid": "broken"}, "text", {"kty": 3}, {"kty": []}, ONE
    )
    assert [keys.find(kid) for kid in ("secret", "short", "two", "broken")] == [None] * 4
    assert keys.find("one") is not None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b" " * 300_000 + b'{"keys": []}'])
def test_an_answer_that_is_no_set_of_keys_is_no_answer(keys: ProviderKeys, provider: Provider, body: bytes) -> None:
    provider.answers["/keys"] = (200, body, "")
    assert unreachable(keys)


def test_another_issuer_a_plain_address_and_a_redirect_are_not_followed(provider: Provider, tmp_path: Path) -> None:
    for document in (
        {"issuer": provider.address + "/"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"jwks_uri": "file:///"},
    ):
        provider.says(ONE, **document)
        assert unreachable(ProviderKeys(provider.address, str(provider.ca)))
    provider.says(ONE)
    provider.answers["/elsewhere"] = provider.answers["/keys"]
    provider.answers["/keys"] = (302, b"", provider.address + "/elsewhere")
    assert unreachable(ProviderKeys(provider.address, str(provider.ca)))
    assert "/elsewhere" not in provider.asked


def test_a_provider_whose_certificate_no_named_authority_signed_is_not_believed(provider: Provider) -> None:
    assert unreachable(ProviderKeys(provider.address))
    assert provider.asked == []


@pytest.mark.parametrize("issuer", ["http://127.0.0.1", "file:///etc/passwd", "id.example.org", "https://", ""])
def test_an_issuer_is_an_https_address(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        ProviderKeys(issuer)
