"""Requests to the OIDC provider: discovery, and forms that are answered with JSON."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from grille.client.errors import NoConnectionError
from grille.client.words import Words, pick

TIMEOUT_SECONDS = 10.0
LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    Attributes:
        issuer: Its address.
        authorities: Who signs its certificate, PEM; empty for the authorities of this machine.
        words: Language of messages.
    """

    issuer: str
    authorities: str
    words: Words

    def endpoint(self, name: str) -> str:
        """Return the address of an endpoint by discovery.

        Source: OpenID Connect Discovery 1.0 section 4.

        Raises:
            NoConnectionError: PROVIDER_UNREACHABLE when it does not answer, or not as a provider with that endpoint.
        """
        document = self._ask(self.issuer.rstrip("/") + "/.well-known/openid-configuration")[1]
        address = document.get(name)
        if document.get("issuer") != self.issuer or not isinstance(address, str):
            raise self._unreachable()
        return address

    def post(self, address: str, form: dict[str, str]) -> tuple[bool, dict[str, Any]]:
        """Send a form and return whether it was granted, and the answer.

        Raises:
            NoConnectionError: PROVIDER_UNREACHABLE.
        """
        return self._ask(address, urlencode(form).encode())

    def _ask(self, address: str, form: bytes | None = None) -> tuple[bool, dict[str, Any]]:
        try:
            if not is_https(address):
                raise ValueError("https")
            context = ssl.create_default_context(cadata=self.authorities or None)
            opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
            try:
                with opener.open(address, form, timeout=TIMEOUT_SECONDS) as answer:
                    granted, content = True, answer.read(LARGEST)
            except urllib.error.HTTPError as refusal:
                if refusal.code not in (400, 401, 403):
                    raise
                with refusal:
                    granted, content = False, refusal.read(LARGEST)
            document = json.loads(content)
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            raise self._unreachable() from None
        if not isinstance(document, dict):
            raise self._unreachable()
        return granted, document

    def _unreachable(self) -> NoConnectionError:
        return NoConnectionError(
            "PROVIDER_UNREACHABLE",
            pick(self.words, "The login provider at {0} does not answer as one.",
                 "Påloggingstjenesten på {0} svarer ikke som den skal.").format(self.issuer),
            pick(self.words, "Check that this machine reaches it; tell the custodian if it lasts.",
                 "Sjekk at denne maskinen når den; si fra til forvalteren om det vedvarer."),
        )  # fmt: skip


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A provider that sends codes and tokens elsewhere is not followed."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing; the answer is then an error."""


def is_https(address: object) -> bool:
    """Tell whether this is an https address without characters that a terminal or a reader could mistake."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        return urlsplit(address).scheme == "https" and bool(urlsplit(address).hostname)
    except ValueError:
        return False
