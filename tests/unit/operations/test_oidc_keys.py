"""The keys come over real TLS from a server on loopback."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from support.oidc_provider import Provider, public_jwk

from grille.server.errors import AccessDeniedError
from grille.server.operations.oidc_keys import OLDEST_SECONDS, PAUSE_SECONDS, ProviderKeys


def jwk(kid: str, bits: int = 2048) -> dict[str, str]:
    return public_jwk(kid, rsa.generate_private_key(public_exponent=65537, key_size=bits))


ONE, TWO, SHORT = jwk("one"), jwk("two"), jwk("short", 1024)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    made = Provider(tmp_path)
    made.says(ONE)
    yield made
    made.close()


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
