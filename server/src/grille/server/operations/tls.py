"""Mutual TLS: the server's side of it, and who the caller is according to the verified certificate."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from grille.server.errors import AccessDeniedError
from grille.server.operations.certificates import USER_URI, thumbprint
from grille.server.operations.credentials import load_server_identity
from grille.server.operations.home import Home
from grille.server.operations.secret_files import read_secret
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Peer:
    """The caller, as its client certificate names it.

    Attributes:
        user: User name.
        thumbprint: SHA-256 of the certificate, 64 hex digits.
        expires: When the certificate expires, UTC.
    """

    user: str
    thumbprint: str
    expires: datetime.datetime


def server_credentials(home: Home) -> grpc.ServerCredentials:
    """Return credentials that demand a client certificate of the home's own authority.

    Raises:
        InternalError: KEYS_MISSING, KEY_PERMISSIONS, KEYS_DAMAGED.
    """
    identity = load_server_identity(home)
    return grpc.ssl_server_credentials(
        [(identity.private_key_pem, identity.certificate_pem)],
        root_certificates=read_secret(home.ca_certificate),
        require_client_auth=True,
    )


def peer(auth_context: Mapping[str, Sequence[bytes] | bytes]) -> Peer:
    """Return the caller of a request.

    Args:
        auth_context: `grpc.ServicerContext.auth_context()`; the TLS library has verified the certificate in it.

    Raises:
        AccessDeniedError: CERTIFICATE_MISSING without a client certificate, CERTIFICATE_INVALID when it does not name
            exactly one user, CERTIFICATE_EXPIRED when it expired, also after the connection was made.
    """
    pems = _values(auth_context, "x509_pem_cert")
    if _values(auth_context, "transport_security_type") != [b"ssl"] or len(pems) != 1:
        raise AccessDeniedError(
            "CERTIFICATE_MISSING",
            Text("The request has no client certificate.", "Forespørselen har ikke noe klientsertifikat."),
        )
    caller = _named(pems[0])
    if datetime.datetime.now(datetime.UTC) >= caller.expires:
        raise AccessDeniedError(
            "CERTIFICATE_EXPIRED",
            Text("Your certificate has expired.", "Sertifikatet ditt er utløpt."),
            hint=Text("Ask the custodian for new credentials.", "Be forvalteren om ny legitimasjon."),
        )
    return caller


def _values(auth_context: Mapping[str, Sequence[bytes] | bytes], key: str) -> list[bytes]:
    """Return the values of a key: gRPC gives a list, its type stubs promise one value."""
    values = auth_context.get(key, ())
    return [values] if isinstance(values, bytes) else [bytes(value) for value in values]


@functools.lru_cache(maxsize=1024)
def _named(pem: bytes) -> Peer:
    """Read a certificate once: a session's many requests carry the same one."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, x509.ExtensionNotFound):
        raise _invalid() from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    users = [uri.removeprefix(USER_URI) for uri in uris if uri.startswith(USER_URI)]
    if len(users) != 1 or not users[0] or ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
        raise _invalid()
    return Peer(users[0], thumbprint(certificate), certificate.not_valid_after_utc)


def _invalid() -> AccessDeniedError:
    return AccessDeniedError(
        "CERTIFICATE_INVALID",
        Text("Your certificate names no user.", "Sertifikatet ditt navngir ingen bruker."),
        hint=Text("Ask the custodian for credentials.", "Be forvalteren om legitimasjon."),
    )
