"""Every call of a user whose role needs it brings a token of the OIDC provider beside the certificate (decision 36)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from grille.server.errors import AccessDeniedError, TypeMismatchError
from grille.server.execution.interface import Caller
from grille.server.operations.logins import subject_of
from grille.server.operations.oidc_keys import ProviderKeys
from grille.server.operations.oidc_settings import Oidc
from grille.server.operations.oidc_tokens import Bindings, verify
from grille.server.operations.registry import Registry
from grille.server.operations.registry_model import Membership
from grille.server.text import Text
from grille.server.transport.identity import Identify
from grille.v1 import session_pb2

HEADER = "authorization"
WITHOUT = frozenset({"/grille.v1.SessionService/GetLogin"})
"""Calls for which no token is needed: they tell where to get one."""


class SecondFactor:
    """Looks at the token of every call of those whose role needs one."""

    def __init__(
        self,
        settings: Oidc,
        registry: Registry,
        memberships: Callable[[Caller], Sequence[Membership]],
        identify: Identify,
    ) -> None:
        """Ask for tokens as `settings` say.

        Args:
            settings: The section [oidc]; without an issuer no call is looked at.
            registry: Knows who is which subject of the provider.
            memberships: Memberships of a caller whose certificate counts, of whom all changes are recorded; raises
                AccessDeniedError for another.
            identify: Names the caller.

        Raises:
            TypeMismatchError: CONFIG_INVALID when the file of authorities cannot be read.
        """
        self._settings, self._registry = settings, registry
        self._memberships, self._identify = memberships, identify
        self._bindings = Bindings()
        self._keys: ProviderKeys | None = None
        self.login = session_pb2.GetLoginResponse()
        if not settings.issuer:
            return
        try:
            self._keys = ProviderKeys(settings.issuer, settings.ca_file)
            authorities = _certificates(Path(settings.ca_file).read_bytes()) if settings.ca_file else ""
        except (OSError, ValueError):
            raise _unreadable() from None
        self.login = session_pb2.GetLoginResponse(
            issuer=settings.issuer,
            client_id=settings.client_id,
            audience=settings.audience,
            scope=settings.scope,
            authorities=authorities,
        )

    def check(self, context: grpc.ServicerContext, method: str) -> None:
        """Let a call pass, or not.

        Raises:
            AccessDeniedError: SECOND_FACTOR_NEEDED without a token, TOKEN_EXPIRED, TOKEN_INVALID, PROVIDER_UNREACHABLE;
                what is wrong with the certificate comes first.
        """
        if self._keys is None or method in WITHOUT:
            return
        caller = self._identify(context)
        if not any(one.role in self._settings.roles for one in self._memberships(caller)):
            return
        now = time.time()
        token = verify(_brought(context), self._keys.find, self._settings.expected, now)
        self._bindings.check(token, caller.thumbprint, subject_of(self._registry, caller.user), now)


def _certificates(content: bytes) -> str:
    """Return the certificates of a PEM file, and nothing else that it may hold, such as a key."""
    found = x509.load_pem_x509_certificates(content)
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in found)


def _brought(context: grpc.ServicerContext) -> str:
    """Return the token of a call; of several headers none is the right one."""
    found = [value for key, value in context.invocation_metadata() or () if key == HEADER]
    scheme, _, token = str(found[0]).partition(" ") if len(found) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise AccessDeniedError(
            "SECOND_FACTOR_NEEDED",
            Text("This server wants a login beside your certificate.",
                 "Denne tjeneren krever en pålogging i tillegg til sertifikatet."),
            hint=Text("Log in with `grille login --oidc`.", "Logg på med `grille login --oidc`."),
        )  # fmt: skip
    return token.strip()


def _unreadable() -> TypeMismatchError:
    return TypeMismatchError(
        "CONFIG_INVALID",
        Text("Setting oidc.ca_file is no file of certificates that can be read.",
             "Innstillingen oidc.ca_file er ingen sertifikatfil som kan leses."),
    )  # fmt: skip
