"""Whether a token of the OIDC provider is genuine, meant for this server, in force, and brought by its owner."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from grille.server.errors import AccessDeniedError
from grille.server.text import Text

PublicKey = RSAKey | ECKey | OKPKey
FindKey = Callable[[str], PublicKey | None]
"""Returns the provider's key with this identifier (`kid`)."""

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"})
"""Signatures with a public key; never `none`, and never a secret that a public key could be mistaken for."""

LARGEST_TOKEN = 16 * 1024
_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})
_HINT = Text("Log in again with `grille login --oidc`.", "Logg på igjen med `grille login --oidc`.")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say.

    Attributes:
        issuer: The provider (`iss`), letter for letter.
        audience: This server (`aud`).
        client: The client that the provider knows the researchers' program as (`client_id` or `azp`).
        algorithms: Signatures that count, of ALGORITHMS.
        skew: Seconds by which clocks may differ.
    """

    issuer: str
    audience: str
    client: str
    algorithms: frozenset[str] = frozenset({"RS256", "PS256", "ES256"})
    skew: int = 30

    def __post_init__(self) -> None:
        """Raise ValueError for an algorithm without a public key, or for none at all."""
        if not self.algorithms or not self.algorithms <= ALGORITHMS:
            raise ValueError("algorithms")


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was found genuine and in force.

    Attributes:
        subject: Whom the provider says it is (`sub`).
        expires: When it ends, seconds since 1970.
        digest: SHA-256 of what is signed; the same however the signature is written.
        certificate: `cnf` `x5t#S256` as 64 hex digits, or empty when the provider binds no certificate.
    """

    subject: str
    expires: float
    digest: bytes
    certificate: str


def verify(token: str, find: FindKey, expected: Expected, now: float) -> Token:
    """Return what `token` says at the time `now`, in seconds since 1970.

    Source: RFC 9068 section 4, RFC 8725 sections 3.1 to 3.12.

    Raises:
        AccessDeniedError: TOKEN_EXPIRED, or TOKEN_INVALID for everything else; the text never tells which check failed,
            nor what the token holds.
    """
    if len(token) > LARGEST_TOKEN or not token.isascii():
        raise _invalid()
    try:
        found = jwt.decode(token, lambda header: _key(header.headers(), find), sorted(expected.algorithms))
        _check_claims(found.claims, expected, now)
        return Token(
            subject=found.claims["sub"],
            expires=found.claims["exp"],
            digest=hashlib.sha256(token.rpartition(".")[0].encode()).digest(),
            certificate=_certificate(found.claims),
        )
    except ExpiredTokenError:
        raise AccessDeniedError(
            "TOKEN_EXPIRED", Text("Your login has expired.", "Påloggingen din er utløpt."), hint=_HINT
        ) from None
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise _invalid() from None


def _key(header: dict[str, object], find: FindKey) -> PublicKey:
    kid, kind = header.get("kid"), header.get("typ", "JWT")
    if "crit" in header or not isinstance(kid, str) or not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise ValueError("header")
    key = find(kid)
    if key is None:
        raise ValueError("kid")
    return key


def _check_claims(claims: dict[str, object], expected: Expected, now: float) -> None:
    # A time that is no number would be compared as one later on.
    for name in ("exp", "nbf", "iat"):
        if name in claims and (isinstance(claims[name], bool) or not isinstance(claims[name], int | float)):
            raise ValueError(name)
    JWTClaimsRegistry(
        now=int(now),
        leeway=expected.skew,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.audience},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(claims)
    clients = {str(claims[name]) for name in ("client_id", "azp") if name in claims}
    if clients != {expected.client}:
        raise ValueError("client")


def _certificate(claims: dict[str, object]) -> str:
    """Return the thumbprint that the provider bound the token to (RFC 8705 section 3.1)."""
    if "cnf" not in claims:
        return ""
    bound = claims["cnf"]
    # Another way of binding (a DPoP key, say) is a condition that this server cannot check: such a token is refused.
    if not isinstance(bound, dict) or set(bound) != {"x5t#S256"}:
        raise ValueError("cnf")
    thumbprint = _decoded(bound["x5t#S256"])
    if len(thumbprint) != hashlib.sha256().digest_size:
        raise ValueError("cnf")
    return thumbprint.hex()


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("cnf")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


class Bindings:
    """Which certificate each token was first brought with; no other can bring it until it has ended."""

    def __init__(self) -> None:
        """Begin with no token."""
        self._lock = threading.Lock()
        self._first: dict[bytes, tuple[str, float]] = {}

    def check(self, token: Token, thumbprint: str, subject: str, now: float) -> None:
        """Let `token` pass with the certificate `thumbprint` of the user whose subject is `subject`.

        Args:
            token: A verified token.
            thumbprint: SHA-256 of the peer's certificate, 64 hex digits.
            subject: The subject that the registry has for the user of the certificate; empty when it has none.
            now: Seconds since 1970.

        Raises:
            AccessDeniedError: TOKEN_INVALID for another's token, and for one of another certificate.
        """
        if not subject or token.subject != subject or token.certificate not in ("", thumbprint):
            raise _invalid()
        with self._lock:
            # Kept a while after the end, for as long as any allowed difference of clocks lets the token pass.
            self._first = {key: one for key, one in self._first.items() if one[1] + 3600 > now}
            if self._first.setdefault(token.digest, (thumbprint, token.expires))[0] != thumbprint:
                raise _invalid()


def _invalid() -> AccessDeniedError:
    return AccessDeniedError(
        "TOKEN_INVALID",
        Text("Your login is not valid for this certificate.", "Påloggingen din gjelder ikke for dette sertifikatet."),
        hint=Text(
            "Log in again with `grille login --oidc`; the custodian knows whether your login is linked.",
            "Logg på igjen med `grille login --oidc`; forvalteren vet om påloggingen din er koblet.",
        ),
    )
