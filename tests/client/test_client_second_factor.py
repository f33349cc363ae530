"""What the client makes of a provider's answers, over real TLS: it waits, gives up, and believes https alone."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.oidc_provider import Provider

from grille.client.errors import ClientError
from grille.client.second_factor import device
from grille.client.second_factor.device import log_in
from grille.client.second_factor.tokens import Bearer, Tokens, keep, read
from grille.client.words import Words
from grille.v1.session_pb2 import GetLoginResponse

PENDING = (400, {"error": "authorization_pending"})
GRANTED = (200, {"access_token": "one", "token_type": "Bearer", "expires_in": 600, "refresh_token": "again"})


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    made = Provider(tmp_path)
    made.says(device_authorization_endpoint=made.address + "/device/auth", token_endpoint=made.address + "/token")
    yield made
    made.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client waited each time, instead of waiting."""
    found: list[float] = []
    monkeypatch.setattr(device.time, "sleep", found.append)
    return found


def code(provider: Provider, **more: object) -> tuple[int, object]:
    told = {"device_code": "secret", "user_code": "ABCD-EFGH", "verification_uri": provider.address + "/device"}
    return 200, {**told, "expires_in": 600, "interval": 2, **more}


def start(provider: Provider, words: Words = Words.ENGLISH, **offer: str) -> tuple[Tokens, str]:
    told: list[str] = []
    whole = {"issuer": provider.address, "client_id": "grille", "audience": "https://grille", "scope": "openid"}
    given = GetLoginResponse(**{**whole, "authorities": provider.ca.read_text(), **offer})
    return log_in(given, words, told.append), told[0]


def reason(provider: Provider, **offer: str) -> str:
    with pytest.raises(ClientError) as caught:
        start(provider, **offer)
    return caught.value.reason


def test_a_login_waits_as_the_provider_wishes_and_gets_its_token(provider: Provider, waits: list[float]) -> None:
    provider.grants = [code(provider), PENDING, (400, {"error": "slow_down"}), PENDING, GRANTED]
    before = time.time()
    tokens, text = start(provider)
    assert waits == [2, 2, 7, 7]
    assert (tokens.access, tokens.renewal) == ("one", "again")
    assert before + 600 <= tokens.expires <= time.time() + 600
    assert provider.address + "/device" in text
    assert "ABCD-EFGH" in text
    assert "secret" not in text
    assert provider.forms[0] == {"client_id": "grille", "scope": "openid", "resource": "https://grille"}
    assert provider.forms[1] == {
        "client_id": "grille",
        "device_code": "secret",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "resource": "https://grille",
    }


def test_the_instructions_are_in_norwegian_too(provider: Provider, waits: list[float]) -> None:
    provider.grants = [code(provider), GRANTED]
    _, text = start(provider, Words.NORWEGIAN)
    assert "Logg på med en nettleser" in text
    assert "Koden gjelder i 10 minutter" in text


def test_an_outage_while_waiting_is_waited_out(provider: Provider, waits: list[float]) -> None:
    provider.grants = [code(provider), (503, {}), (503, {}), GRANTED]
    assert start(provider)[0].access == "one"
    assert waits == [2, 4, 8]


@pytest.mark.parametrize(
    "answer, expected",
    [
        ((400, {"error": "access_denied"}), "LOGIN_DENIED"),
        ((400, {"error": "expired_token"}), "LOGIN_TIMED_OUT"),
        ((400, {"error": "invalid_\x1b[2Jgrant"}), "PROVIDER_REFUSED"),
        ((401, {"error": "invalid_client"}), "PROVIDER_REFUSED"),
        ((400, {}), "PROVIDER_REFUSED"),
        ((200, {}), "PROVIDER_REFUSED"),
        ((200, {"access_token": "one", "token_type": "DPoP"}), "PROVIDER_REFUSED"),
        ((200, {"access_token": "one\r\nx: y", "token_type": "Bearer"}), "PROVIDER_REFUSED"),
        ((200, {"access_token": 1, "token_type": "Bearer"}), "PROVIDER_REFUSED"),
    ],
)
def test_what_ends_a_login(provider: Provider, waits: list[float], answer: tuple[int, object], expected: str) -> None:
    provider.grants = [code(provider), answer]
    with pytest.raises(ClientError) as caught:
        start(provider)
    assert caught.value.reason == expected
    assert caught.value.message.isprintable()


def test_a_code_that_nobody_enters_ends(provider: Provider, waits: list[float]) -> None:
    provider.grants = [code(provider, expires_in=1)]
    assert reason(provider) == "LOGIN_TIMED_OUT"
    assert waits == []


@pytest.mark.parametrize(
    "more", [{"verification_uri": "http://127.0.0.1/"}, {"verification_uri": "https://a/\x1b[2J"}, {"user_code": 3},
             {"user_code": " "}, {"verification_uri": "javascript:alert(1)"}]
)  # fmt: skip
def test_nobody_is_sent_to_an_address_that_is_not_https(provider: Provider, more: dict[str, object]) -> None:
    provider.grants = [code(provider, **more)]
    assert reason(provider) == "PROVIDER_REFUSED"


def test_a_provider_that_cannot_prove_itself_or_sends_us_elsewhere_gets_nothing(provider: Provider) -> None:
    assert reason(provider, authorities="") == "PROVIDER_UNREACHABLE"
    assert reason(provider, issuer="http://127.0.0.1") == "PROVIDER_UNREACHABLE"
    assert reason(provider, issuer="") == "NO_LOGIN_WANTED"
    assert provider.forms == []
    provider.grants = [(307, {})]
    assert reason(provider) == "PROVIDER_UNREACHABLE"
    assert len(provider.forms) == 1
    provider.says(device_authorization_endpoint="http://127.0.0.1/")
    assert reason(provider) == "PROVIDER_UNREACHABLE"
    provider.says(issuer="https://id.example.org")
    assert reason(provider) == "PROVIDER_UNREACHABLE"


def header(bearer: Bearer) -> str:
    found: list[str] = []
    bearer(None, lambda metadata, _: found.append(metadata[0][1]))  # type: ignore[arg-type]
    return found[0]


def tokens_of(provider: Provider, expires: float) -> Tokens:
    return Tokens(provider.address, "grille", "other", provider.ca.read_text(), "old", expires, "again")


def test_a_token_is_renewed_before_it_ends_and_kept_for_its_owner_alone(provider: Provider, tmp_path: Path) -> None:
    path = tmp_path / "config" / "login.json"
    bearer = Bearer(tokens_of(provider, time.time() + 30), path, Words.ENGLISH)
    provider.grants = [(200, {"access_token": "new", "token_type": "bearer", "expires_in": 600})]
    assert [header(bearer), header(bearer)] == ["Bearer new", "Bearer new"]
    assert provider.forms == [{"grant_type": "refresh_token", "refresh_token": "again", "client_id": "grille"}]
    assert bearer.tokens == read(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = read(path)
    assert kept is not None
    assert (kept.access, kept.renewal) == ("new", "again")


def test_a_token_that_cannot_be_renewed_is_brought_as_it_is(provider: Provider, tmp_path: Path) -> None:
    bearer = Bearer(tokens_of(provider, time.time() - 30), tmp_path / "login.json", Words.ENGLISH)
    provider.grants = [(400, {"error": "invalid_grant"}), (500, {})]
    assert [header(bearer), header(bearer)] == ["Bearer old", "Bearer old"]
    assert not (tmp_path / "login.json").exists()


def test_what_another_run_renewed_is_used(provider: Provider, tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    bearer = Bearer(tokens_of(provider, time.time() - 30), path, Words.ENGLISH)
    keep(tokens_of(provider, time.time() + 600), path)
    assert header(bearer) == "Bearer old"
    assert provider.forms == []


@pytest.mark.parametrize("change", [{"access": 1}, {"expires": "x"}, {"access": "a\n"}, {"more": ""}])
def test_a_damaged_file_of_tokens_is_none(provider: Provider, tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "login.json"
    keep(tokens_of(provider, 1.0), path)
    assert read(path) == tokens_of(provider, 1.0)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert read(path) is None
    path.write_text("{")
    assert read(path) is None
