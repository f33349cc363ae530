"""The public keys of the OIDC provider: found by discovery, kept, and asked for again when a token names a new one."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from grille.server.errors import AccessDeniedError
from grille.server.operations.oidc_tokens import PublicKey
from grille.server.text import Text

PAUSE_SECONDS = 60.0
OLDEST_SECONDS = 24 * 3600.0
_TIMEOUT_SECONDS = 10.0
_LARGEST = 256 * 1024
_KINDS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_SMALLEST_RSA_BITS = 2048


class ProviderKeys:
    """The keys of one provider.

    A call with a key that is kept waits for nobody. One call at a time asks the provider, and not more often than once
    in PAUSE_SECONDS, whether it got an answer or not, so that invented key names are no way to make the server busy.
    Keys older than OLDEST_SECONDS do not count, so that a key that the provider withdrew ends.
    """

    def __init__(self, issuer: str, ca_file: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """Know the provider `issuer` (an https address), whose certificate an authority in `ca_file` signed.

        Args:
            issuer: Address of the provider, as it stands in tokens.
            ca_file: PEM file of authorities; empty for the machine's own.
            clock: Seconds that never go back.

        Raises:
            ValueError: The issuer is no https address.
            OSError: The file cannot be read.
        """
        _check_https(issuer)
        self._issuer = issuer
        context = ssl.create_default_context(cafile=ca_file or None)
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
        self._clock = clock
        self._asking = threading.Lock()
        self._asked: float | None = None
        self._kept: tuple[float, Mapping[str, PublicKey]] | None = None

    def find(self, kid: str) -> PublicKey | None:
        """Return the key with this name, or None when the provider has none.

        Raises:
            AccessDeniedError: PROVIDER_UNREACHABLE when that cannot be known now.
        """
        if (key := self._fresh().get(kid)) is not None:
            return key
        if not self._asking.acquire(blocking=False):
            raise _unreachable()
        try:
            if self._asked is None or self._clock() - self._asked >= PAUSE_SECONDS:
                self._ask()
        finally:
            self._asking.release()
        fresh = self._fresh()
        if not fresh:
            raise _unreachable()
        return fresh.get(kid)

    def _fresh(self) -> Mapping[str, PublicKey]:
        kept = self._kept
        return kept[1] if kept is not None and self._clock() - kept[0] < OLDEST_SECONDS else {}

    def _ask(self) -> None:
        self._asked = self._clock()
        try:
            document = self._get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
            if document.get("issuer") != self._issuer:
                raise ValueError("issuer")
            self._kept = (self._asked, _public_keys(self._get(document["jwks_uri"])))
        except (OSError, urllib.error.URLError, http.client.HTTPException, ValueError, TypeError, KeyError,
                RecursionError):  # fmt: skip
            raise _unreachable() from None

    def _get(self, address: object) -> dict[str, Any]:
        _check_https(address)
        end = time.monotonic() + _TIMEOUT_SECONDS
        content = b""
        with self._opener.open(str(address), timeout=_TIMEOUT_SECONDS) as answer:
            # read1 comes back with what is there, so that a server that sends a byte now and then holds nobody.
            while chunk := answer.read1(_LARGEST):
                content += chunk
                if len(content) > _LARGEST or time.monotonic() > end:
                    raise ValueError("answer")
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("answer")
        return document


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A provider that sends us elsewhere is not the one that the custodian named."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing; the answer is then an error."""


def _check_https(address: object) -> None:
    if not isinstance(address, str) or urlsplit(address).scheme != "https" or not urlsplit(address).hostname:
        raise ValueError("https")


def _public_keys(document: dict[str, Any]) -> Mapping[str, PublicKey]:
    """Return the keys that can verify signatures, by name; others are passed over, as RFC 7517 section 5 has it."""
    keys: dict[str, PublicKey] = {}
    for entry in document["keys"]:
        kind = _KINDS.get(str(entry.get("kty"))) if isinstance(entry, dict) else None
        if kind is None or entry.get("use", "sig") != "sig" or not isinstance(entry.get("kid"), str):
            continue
        # Only what is public is taken over, and nothing else that the document says of the key.
        public = {name: entry[name] for name in ("kty", "n", "e", "crv", "x", "y", "alg") if name in entry}
        try:
            key = kind.import_key(public)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA_BITS:
            continue
        keys[entry["kid"]] = key
    return keys


def _unreachable() -> AccessDeniedError:
    return AccessDeniedError(
        "PROVIDER_UNREACHABLE",
        Text("The login provider cannot be asked now.", "Påloggingstjenesten kan ikke spørres nå."),
        hint=Text("Try again in a minute; tell the custodian if it lasts.",
                  "Prøv igjen om et minutt; si fra til forvalteren om det vedvarer."),
    )  # fmt: skip
