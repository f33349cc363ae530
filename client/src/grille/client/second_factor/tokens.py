"""Tokens of the login: kept for one certificate, renewed before they end, sent with every call."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import grpc

from grille.client.credentials import Credentials, write_private
from grille.client.errors import ClientError
from grille.client.words import Words

EARLY_SECONDS = 60.0
UNTOLD_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a login gave.

    Attributes:
        issuer: The provider.
        client_id: The client that it knows this program as.
        audience: The server that the token is for.
        authorities: Who signs the provider's certificate, PEM; empty for the authorities of this machine.
        access: The token that calls bring.
        expires: When it ends, seconds since 1970.
        renewal: The token that gives a new one (refresh token); may be empty.
    """

    issuer: str
    client_id: str
    audience: str
    authorities: str
    access: str = field(repr=False)
    expires: float
    renewal: str = field(repr=False)


def path_of(folder: Path, credentials: Credentials) -> Path:
    """Return where the tokens for a certificate are kept: with another certificate they are worth nothing."""
    return folder / f"login-{hashlib.sha256(credentials.certificate).hexdigest()[:16]}.json"


def read(path: Path) -> Tokens | None:
    """Return the tokens kept at `path`; None when there are none that can be used."""
    try:
        content = json.loads(path.read_bytes())
        tokens = Tokens(**content)
    except (OSError, ValueError, TypeError):
        return None
    kinds = {"float": (int, float), "str": str}
    is_sound = all(isinstance(getattr(tokens, one.name), kinds[str(one.type)]) for one in fields(Tokens))  # type: ignore[arg-type]
    return tokens if is_sound and tokens.access.isascii() and tokens.access.isprintable() else None


def keep(tokens: Tokens, path: Path) -> None:
    """Write tokens to `path`, for their owner's eyes only."""
    write_private(path, json.dumps(asdict(tokens)).encode())


def granted(tokens: Tokens, answer: dict[str, Any], now: float) -> Tokens | None:
    """Return tokens with what the provider granted, or None when that is no bearer token.

    Source: RFC 6749 section 5.1.
    """
    access, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(access, str) or not access.isascii() or not access.isprintable() or str(kind).lower() != "bearer":
        return None
    lasts, renewal = answer.get("expires_in"), answer.get("refresh_token")
    seconds = float(lasts) if isinstance(lasts, int | float) and not isinstance(lasts, bool) else UNTOLD_SECONDS
    return replace(
        tokens, access=access, expires=now + seconds, renewal=renewal if isinstance(renewal, str) else tokens.renewal
    )


def resource(audience: str) -> dict[str, str]:
    """Return the field that asks for a token for `audience` (RFC 8707), where it is an address as that demands."""
    return {"resource": audience} if "://" in audience or audience.startswith("urn:") else {}


class Bearer(grpc.AuthMetadataPlugin):
    """Brings the token with every call, renewed when it is about to end.

    Attributes:
        tokens: The latest: what gave an earlier token may be worth nothing once it has given another.
    """

    def __init__(self, tokens: Tokens, path: Path | None, words: Words) -> None:
        """Bring `tokens`; renewed ones are kept at `path`, if there is one."""
        self.tokens = tokens
        self._path, self._words = path, words
        self._lock = threading.Lock()

    def __call__(self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        """Give the call its header; see grpc.AuthMetadataPlugin."""
        with self._lock:
            self._renew()
            callback((("authorization", f"Bearer {self.tokens.access}"),), None)

    def _renew(self) -> None:
        """Renew the token; where that fails the server says what is wrong with the old one."""
        if not self._is_ending():
            return
        self._look()  # another run of the client may have renewed it meanwhile
        if not self._is_ending() or not self.tokens.renewal:
            return
        try:
            renewed = renew(self.tokens, self._words)
            if renewed is not None:
                self.tokens = renewed
                if self._path is not None:
                    keep(renewed, self._path)
            else:
                self._look()  # another run was faster
        except (ClientError, OSError):
            return

    def _look(self) -> None:
        if self._path is not None and (kept := read(self._path)) is not None:
            self.tokens = kept

    def _is_ending(self) -> bool:
        return self.tokens.expires - time.time() < EARLY_SECONDS


def renew(tokens: Tokens, words: Words) -> Tokens | None:
    """Return new tokens for old ones, or None when the provider gives none (RFC 6749 section 6).

    Raises:
        NoConnectionError: PROVIDER_UNREACHABLE.
    """
    from grille.client.second_factor.provider import Provider

    provider = Provider(tokens.issuer, tokens.authorities, words)
    form = {"grant_type": "refresh_token", "refresh_token": tokens.renewal, "client_id": tokens.client_id}
    is_granted, answer = provider.post(provider.endpoint("token_endpoint"), {**form, **resource(tokens.audience)})
    return granted(tokens, answer, time.time()) if is_granted else None
