"""A login of an OIDC provider beside the certificate: real server, certificates, signed tokens, keys over TLS."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from joserfc import jwt
from joserfc.jwk import RSAKey
from support.mishaps import copy_of, raw_client, reason_of, records_of, serving
from support.oidc_provider import Provider, public_jwk
from support.service import Service, command

from grille.v1 import analysis_pb2, audit_pb2, catalog_pb2, session_pb2

METHODS = {
    f"/{service.full_name}/{method.name}": method
    for module in (session_pb2, analysis_pb2, catalog_pb2, audit_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
LOGIN = "/grille.v1.SessionService/GetLogin"
IDENTITY = "/grille.v1.SessionService/GetIdentity"


@dataclass
class Factor:
    """A server that wants tokens, and what signs them."""

    service: Service
    provider: Provider
    key: rsa.RSAPrivateKey

    def token(self, subject: str = "sub-ada", key: RSAKey | None = None, **claims: Any) -> str:
        """A token of the provider, unless told otherwise."""
        now = int(time.time())
        content = {
            "iss": self.provider.address,
            "aud": "urn:grille",
            "client_id": "grille-client",
            "sub": subject,
            "iat": now,
            "exp": now + 600,
            "jti": str(time.monotonic_ns()),
            **claims,
        }
        return jwt.encode({"alg": "RS256", "kid": "one", "typ": "at+jwt"}, content, key or joserfc(self.key))


def joserfc(key: rsa.RSAPrivateKey) -> RSAKey:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return RSAKey.import_key(pem)


def with_public_key_as_secret(token: str, key: rsa.RSAPrivateKey) -> str:
    """The token's content, signed with the public key as the secret that a careless server would take it for."""
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one","typ":"at+jwt"}').rstrip(b"=").decode()
    signed = f"{head}.{token.split('.')[1]}"
    signature = hmac.digest(pem, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def config(provider: Provider, more: str = "") -> str:
    return (
        f'[oidc]\nissuer = "{provider.address}"\nclient_id = "grille-client"\naudience = "urn:grille"\n'
        f'ca_file = "{provider.ca.parent / "pair.pem"}"\n{more}'
    )


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, rsa.RSAPrivateKey]]:
    made = Provider(tmp_path_factory.mktemp("provider"))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made.says(public_jwk("one", key))
    yield made, key
    made.close()


@pytest.fixture(scope="module")
def factor(
    template: Service, provider: tuple[Provider, rsa.RSAPrivateKey], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Factor]:
    made = copy_of(template, tmp_path_factory.mktemp("factor"), config(provider[0]))
    made.bundle("ada").rename(made.bundle("older"))
    for user in ("ada", "gone"):
        made.add_user(user, "wages")
    for user in ("ada", "bo", "audun", "gone"):
        made.admin("user", "link", made.home, user, "--subject", f"sub-{user}")
    made.admin("user", "revoke", made.home, "gone")
    with serving(made):
        yield Factor(made, *provider)


def call(service: Service, user: str, method: str, *headers: str, **request: Any) -> Any:
    """Call a method with these `authorization` headers."""
    described = METHODS[method]
    with raw_client(service, user) as raw:
        kind = raw.channel.unary_stream if described.server_streaming else raw.channel.unary_unary
        invoke = kind(
            method,
            request_serializer=GetMessageClass(described.input_type).SerializeToString,
            response_deserializer=GetMessageClass(described.output_type).FromString,
        )
        metadata = [("authorization", one) for one in headers]
        answer = invoke(GetMessageClass(described.input_type)(**request), metadata=metadata, timeout=60)
        return list(answer) if described.server_streaming else answer


def reason(factor: Factor, user: str, *headers: str, method: str = IDENTITY, **request: Any) -> str:
    return reason_of(lambda: call(factor.service, user, method, *headers, **request))


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {LOGIN}))
@pytest.mark.parametrize("user", ["ada", "audun", "kari"])
def test_no_call_is_answered_without_a_token_and_each_is_recorded(factor: Factor, user: str, method: str) -> None:
    before = len(records_of(factor.service))
    assert reason(factor, user, method=method) == "SECOND_FACTOR_NEEDED"
    (record,) = records_of(factor.service)[before:]
    assert (record["event"], record["subject"], record["reason"]) == ("access_denied", user, "SECOND_FACTOR_NEEDED")
    assert record["detail"]["method"] == method.removeprefix("/grille.v1.")


def test_where_to_log_in_is_told_to_members_alone_and_holds_no_key(factor: Factor) -> None:
    told = call(factor.service, "ada", LOGIN)
    assert (told.issuer, told.client_id, told.audience) == (factor.provider.address, "grille-client", "urn:grille")
    assert told.authorities == factor.provider.ca.read_text()
    assert reason(factor, "gone", method=LOGIN) == "CERTIFICATE_REVOKED"


def test_the_client_is_turned_away_with_word_of_what_to_do(factor: Factor) -> None:
    for language, words in (("en", "a login beside your certificate"), ("no", "i tillegg til sertifikatet")):
        done = factor.service.grille("variables", "--lang", language)
        assert done.code == 4
        assert "[SECOND_FACTOR_NEEDED]" in done.err
        assert "grille login --oidc" in done.err
        assert language == "no" or words in " ".join(done.err.split())


def test_the_health_service_needs_no_token(factor: Factor) -> None:
    with raw_client(factor.service) as raw:
        answer = health_pb2_grpc.HealthStub(raw.channel).Check(health_pb2.HealthCheckRequest(), timeout=60)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_every_call_of_an_open_session_is_looked_at(factor: Factor) -> None:
    good = "Bearer " + factor.token()
    opened = call(factor.service, "ada", "/grille.v1.SessionService/OpenSession", good)
    asked = {"session_id": opened.session.session_id, "script": b"create-dataset people\n"}
    run, close = "/grille.v1.AnalysisService/RunScript", "/grille.v1.SessionService/CloseSession"
    assert call(factor.service, "ada", run, good, **asked)[-1].WhichOneof("event") == "finished"
    assert reason(factor, "ada", method=run, **asked) == "SECOND_FACTOR_NEEDED"
    now = int(time.time())
    ended = factor.token(iat=now - 900, exp=now - 300)
    assert reason(factor, "ada", "Bearer " + ended, method=run, **asked) == "TOKEN_EXPIRED"
    assert reason(factor, "ada", method=close, session_id=asked["session_id"]) == "SECOND_FACTOR_NEEDED"
    assert call(factor.service, "ada", run, good, **asked)[-1].WhichOneof("event") == "failed"  # it is there already
    call(factor.service, "ada", close, good, session_id=asked["session_id"])


FORGED: dict[str, tuple[Callable[[Factor], str], str]] = {
    "another user's": (lambda factor: factor.token("sub-bo"), "TOKEN_INVALID"),
    "nobody's": (lambda factor: factor.token(""), "TOKEN_INVALID"),
    "for another server": (lambda factor: factor.token(aud="urn:other"), "TOKEN_INVALID"),
    "of another issuer": (lambda factor: factor.token(iss="https://id.example.org"), "TOKEN_INVALID"),
    "for another client": (lambda factor: factor.token(client_id="other"), "TOKEN_INVALID"),
    "not yet": (lambda factor: factor.token(nbf=int(time.time()) + 300), "TOKEN_INVALID"),
    "expired": (lambda factor: factor.token(iat=1, exp=2), "TOKEN_EXPIRED"),
    "by another key": (
        lambda factor: factor.token(key=joserfc(rsa.generate_private_key(public_exponent=65537, key_size=2048))),
        "TOKEN_INVALID",
    ),
    "by the public key as a secret": (
        lambda factor: with_public_key_as_secret(factor.token(), factor.key),
        "TOKEN_INVALID",
    ),
    "for another certificate": (lambda factor: factor.token(cnf={"x5t#S256": "A" * 43}), "TOKEN_INVALID"),
    "no token at all": (lambda _: "x", "TOKEN_INVALID"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_token_that_is_not_this_users_for_this_server_is_refused(factor: Factor, name: str) -> None:
    make, expected = FORGED[name]
    before = len(records_of(factor.service))
    assert reason(factor, "ada", "Bearer " + make(factor)) == expected
    (record,) = records_of(factor.service)[before:]
    assert (record["event"], record["subject"], record["reason"]) == ("access_denied", "ada", expected)
    assert reason(factor, "ada", "Bearer " + factor.token()) == "OK"


def test_a_header_that_is_no_single_bearer_token_is_none(factor: Factor) -> None:
    token = factor.token()
    for headers in (("Basic " + token,), (token,), ("Bearer",), ("Bearer ",), ("Bearer " + token, "Bearer " + token)):
        assert reason(factor, "ada", *headers) == "SECOND_FACTOR_NEEDED", headers[0][:10]
    assert reason(factor, "ada", "bearer " + token) == "OK"


def test_a_token_counts_with_the_certificate_that_brought_it_first(factor: Factor) -> None:
    first, second = "Bearer " + factor.token(), "Bearer " + factor.token()
    assert reason(factor, "ada", first) == "OK"
    assert reason(factor, "older", first) == "TOKEN_INVALID"
    assert reason(factor, "older", second) == "OK"
    assert reason(factor, "ada", second) == "TOKEN_INVALID"
    assert reason(factor, "ada", first) == "OK"


def test_a_revoked_certificate_is_refused_with_its_users_good_token(factor: Factor) -> None:
    assert reason(factor, "gone", "Bearer " + factor.token("sub-gone")) == "CERTIFICATE_REVOKED"


def test_a_login_counts_while_it_is_linked(factor: Factor) -> None:
    service = factor.service
    token = "Bearer " + factor.token("sub-bo")
    assert reason(factor, "bo", token) == "OK"
    service.admin("user", "unlink", service.home, "bo")
    assert reason(factor, "bo", token) == "TOKEN_INVALID"
    service.admin("user", "link", service.home, "bo", "--subject", "sub-other")
    assert reason(factor, "bo", token) == "TOKEN_INVALID"
    service.admin("user", "link", service.home, "bo", "--subject", "sub-bo")
    assert reason(factor, "bo", token) == "OK"
    taken = command("grille-server", "user", "link", service.home, "bo", "--subject", "sub-ada")
    assert taken.code == 1
    assert "SUBJECT_TAKEN" in taken.err
    changes = [one for one in records_of(service) if one["detail"].get("done") in ("login linked", "login unlinked")]
    assert [(one["subject"], one["detail"].get("login")) for one in changes[-3:]] == [
        ("bo", None),
        ("bo", "sub-other"),
        ("bo", "sub-bo"),
    ]
    (line,) = [one for one in service.admin("user", "list", service.home).out.splitlines() if one.startswith("bo ")]
    assert line.split()[-1] == "sub-bo"


def test_roles_that_need_no_login_go_without_unless_they_have_another(
    template: Service, provider: tuple[Provider, rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    made = copy_of(template, tmp_path, config(provider[0], 'roles = ["auditor"]\n'))
    made.add_project("health")
    made.add_user("eva", "wages")
    made.bundle("eva").unlink()
    made.add_user("eva", "health", role="auditor")
    with serving(made):
        expected = {"ada": "OK", "kari": "OK", "audun": "SECOND_FACTOR_NEEDED", "eva": "SECOND_FACTOR_NEEDED"}
        for user, told in expected.items():
            assert reason_of(lambda user=user: call(made, user, IDENTITY)) == told, user


def test_nobody_gets_in_while_the_provider_was_never_reached(template: Service, tmp_path: Path) -> None:
    for name in ("provider", "made"):
        (tmp_path / name).mkdir()
    provider = Provider(tmp_path / "provider")
    made = copy_of(template, tmp_path / "made", config(provider))
    made.admin("user", "link", made.home, "ada", "--subject", "sub-ada")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = "Bearer " + Factor(made, provider, key).token()
    provider.close()
    with serving(made):
        assert reason_of(lambda: call(made, "ada", IDENTITY, token)) == "PROVIDER_UNREACHABLE"
        assert reason_of(lambda: call(made, "ada", IDENTITY)) == "SECOND_FACTOR_NEEDED"


def test_a_server_does_not_start_with_authorities_that_cannot_be_read(template: Service, tmp_path: Path) -> None:
    wrong = tmp_path / "none.pem"
    wrong.write_text("nothing\n")
    text = (
        f"[oidc]\nissuer = 'https://127.0.0.1'\nclient_id = 'a'\naudience = 'b'\nca_file = {json.dumps(str(wrong))}\n"
    )
    made = copy_of(template, tmp_path, text)
    done = command("grille-server", "serve", made.home, "--listen", made.address)
    assert done.code == 1
    assert "CONFIG_INVALID: Setting oidc.ca_file" in done.err


def test_status_of_a_call_without_a_token(factor: Factor) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(factor.service, "ada", IDENTITY)
    assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED
