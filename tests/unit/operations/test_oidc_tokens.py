"""Tokens are signed here with `cryptography` alone, so that what is verified was not made by the verifier's library."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import RSAKey

from grille.server.errors import AccessDeniedError
from grille.server.operations.oidc_tokens import LARGEST_TOKEN, Bindings, Expected, Token, verify

NOW = 1_800_000_000
MINE, OTHERS = "aa" * 32, "bb" * 32
EXPECTED = Expected("https://id.example.org", "grille", "grille-cli")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
CLAIMS = {
    "iss": "https://id.example.org", "aud": "grille", "client_id": "grille-cli", "sub": "kari",
    "iat": NOW, "exp": NOW + 600,
}  # fmt: skip


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(claims: object = None, key: rsa.RSAPrivateKey = KEY, **header: object) -> str:
    head = {"alg": "RS256", "kid": "one", "typ": "at+jwt", **header}
    start = b64(json.dumps(head).encode()) + "." + b64(json.dumps(CLAIMS if claims is None else claims).encode())
    return start + "." + b64(key.sign(start.encode(), padding.PKCS1v15(), hashes.SHA256()))


def checked(token: str, now: float = NOW) -> Token:
    keys = {"one": RSAKey.import_key(PEM)}
    return verify(token, keys.get, EXPECTED, now)


def refused(token: str, now: float = NOW) -> str:
    with pytest.raises(AccessDeniedError) as caught:
        checked(token, now)
    assert caught.value.hint is not None
    assert "--oidc" in caught.value.hint.en
    return caught.value.reason


def test_a_token_of_the_provider_for_this_server_counts() -> None:
    token = checked(signed())
    assert (token.subject, token.expires, token.certificate) == ("kari", NOW + 600, "")


def test_a_token_without_a_signature_does_not_count() -> None:
    for name in ("none", "None", "NONE"):
        start = b64(json.dumps({"alg": name, "kid": "one"}).encode()) + "." + b64(json.dumps(CLAIMS).encode())
        assert refused(start + ".") == "TOKEN_INVALID"


@pytest.mark.parametrize("secret", [PEM, PEM.strip(), b""])
def test_the_public_key_is_no_secret_to_sign_with(secret: bytes) -> None:
    start = b64(json.dumps({"alg": "HS256", "kid": "one"}).encode()) + "." + b64(json.dumps(CLAIMS).encode())
    token = start + "." + b64(hmac.new(secret, start.encode(), hashlib.sha256).digest())
    assert refused(token) == "TOKEN_INVALID"


@pytest.mark.parametrize("algorithms", [{"HS256"}, {"none"}, {"RS256", "HS256"}, set()])
def test_no_setting_lets_a_secret_or_nothing_sign(algorithms: set[str]) -> None:
    with pytest.raises(ValueError, match="algorithms"):
        Expected("https://id.example.org", "grille", "grille-cli", frozenset(algorithms))


def test_a_key_of_somebody_else_does_not_count_even_when_the_token_brings_it() -> None:
    numbers = STRANGE.public_key().public_numbers()
    own = {"kty": "RSA", "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    assert refused(signed(key=STRANGE)) == "TOKEN_INVALID"
    assert refused(signed(key=STRANGE, jwk=own)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "header", [{"kid": "two"}, {"kid": 1}, {"alg": "RS384"}, {"alg": "ES256"}, {"typ": "logout+jwt"}, {"crit": ["x"]}]
)
def test_a_strange_header_does_not_count(header: dict[str, object]) -> None:
    assert refused(signed(None, KEY, **header)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://id.example.org/"}, {"iss": "https://evil.example.org"}, {"aud": "another"}, {"aud": []},
        {"aud": ["another"]}, {"client_id": "another"}, {"azp": "another"}, {"sub": ""}, {"sub": 7}, {"exp": "soon"},
        {"exp": True}, {"nbf": NOW + 31}, {"nbf": "now"}, {"iat": NOW + 31}, {"cnf": {"jkt": "x"}}, {"cnf": "x"},
        {"cnf": {"x5t#S256": b64(b"short")}}, {"cnf": {}}, {"cnf": None},
    ],
)  # fmt: skip
def test_a_claim_that_is_not_as_expected_refuses_the_token(change: dict[str, object]) -> None:
    assert refused(signed({**CLAIMS, **change})) == "TOKEN_INVALID"


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_every_claim_is_needed(name: str) -> None:
    assert refused(signed({key: value for key, value in CLAIMS.items() if key != name})) == "TOKEN_INVALID"


def test_a_token_ends_and_begins_with_the_allowed_difference_of_clocks() -> None:
    assert checked(signed(), NOW + 629).subject == "kari"
    assert refused(signed(), NOW + 631) == "TOKEN_EXPIRED"
    assert checked(signed({**CLAIMS, "nbf": NOW + 29})).subject == "kari"


def test_what_is_no_token_is_refused_and_breaks_nothing() -> None:
    deep = b64(b'{"a":' * 2000)
    for text in ("", ".", "..", "a.b.c", "ø.a.b", deep + ".a.b", "." * 900, signed([1]), "x" * (LARGEST_TOKEN + 1)):
        assert refused(text) == "TOKEN_INVALID"


def test_a_changed_token_does_not_count() -> None:
    head, _, signature = signed().split(".")
    changed = b64(json.dumps({**CLAIMS, "sub": "ola"}).encode())
    assert refused(f"{head}.{changed}.{signature}") == "TOKEN_INVALID"


def passes(bindings: Bindings, token: Token, thumbprint: str, subject: str = "kari", now: float = NOW) -> bool:
    try:
        bindings.check(token, thumbprint, subject, now)
    except AccessDeniedError as error:
        return error.reason != "TOKEN_INVALID"
    return True


def test_a_token_belongs_to_the_certificate_that_brought_it_first() -> None:
    bindings, token = Bindings(), checked(signed())
    assert passes(bindings, token, MINE)
    assert passes(bindings, token, MINE)
    assert not passes(bindings, token, OTHERS)
    assert not passes(bindings, token, OTHERS, now=NOW + 629)


def test_a_token_of_another_user_neither_passes_nor_is_bound() -> None:
    bindings, token = Bindings(), checked(signed())
    assert not passes(bindings, token, OTHERS, "ola")
    assert not passes(bindings, token, OTHERS, "")
    assert passes(bindings, token, MINE)


def test_a_token_that_the_provider_bound_passes_with_that_certificate_alone() -> None:
    token = checked(signed({**CLAIMS, "cnf": {"x5t#S256": b64(bytes.fromhex(MINE))}}))
    assert not passes(Bindings(), token, OTHERS)
    assert passes(Bindings(), token, MINE)
