"""The channel to the server: mutual TLS with the server's own authority, and stubs of the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import grpc

from grille.client import credentials as bundles
from grille.client.credentials import Credentials
from grille.client.environment import Environment
from grille.client.errors import UsageError, from_rpc
from grille.client.second_factor.tokens import Bearer, path_of, read
from grille.client.words import Words, pick
from grille.v1.analysis_pb2_grpc import AnalysisServiceStub
from grille.v1.audit_pb2_grpc import AuditServiceStub
from grille.v1.catalog_pb2_grpc import CatalogServiceStub
from grille.v1.session_pb2_grpc import SessionServiceStub

LARGEST_MESSAGE = 64 * 1024 * 1024
CONNECT_SECONDS = 20.0

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(frozen=True, slots=True)
class Connection:
    """An open channel with the stubs of its services and the address that it leads to."""

    address: str
    credentials: Credentials
    words: Words
    sessions: SessionServiceStub
    analysis: AnalysisServiceStub
    catalog: CatalogServiceStub
    audit: AuditServiceStub

    def call(
        self, method: Callable[..., Response], request: Request, timeout: float | None = CONNECT_SECONDS
    ) -> Response:
        """Make a unary call; `timeout` is in seconds. Raises the ClientError that a failure means."""
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            raise from_rpc(error, self.address, self.words) from error


@contextmanager
def connected(
    environment: Environment, words: Words, given: Credentials | None = None, bearer: Bearer | None = None
) -> Iterator[Connection]:
    """Open a channel with `given` credentials, or those of this user, and close it at the end.

    Calls bring the tokens of `bearer`, else those of the last login with this certificate, if there was one.

    Raises:
        NotAllowedError: CREDENTIALS_EXPIRED.
        UsageError: NOT_LOGGED_IN or BAD_CREDENTIALS.
    """
    credentials = given if given is not None else bundles.current(environment, words)
    now = datetime.now(UTC)
    bundles.check_valid(credentials, words, now)
    if warning := bundles.expiry_warning(credentials, words, now):
        environment.stderr.write(warning + "\n")
    address = environment.variables.get("GRILLE_SERVER") or credentials.server
    path = path_of(environment.config, credentials)
    if bearer is None and (tokens := read(path)) is not None:
        bearer = Bearer(tokens, path, words)
    with _channel(credentials, address, bearer, words) as channel:
        yield Connection(
            address=address,
            credentials=credentials,
            words=words,
            sessions=SessionServiceStub(channel),
            analysis=AnalysisServiceStub(channel),
            catalog=CatalogServiceStub(channel),
            audit=AuditServiceStub(channel),
        )


def _channel(credentials: Credentials, address: str, bearer: Bearer | None, words: Words) -> grpc.Channel:
    # The certificate names the server, not the address it happens to listen on, so the name is checked by itself.
    options = (
        ("grpc.ssl_target_name_override", credentials.server_name),
        ("grpc.max_receive_message_length", LARGEST_MESSAGE),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.enable_retries", 0),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    )
    try:
        secret = grpc.ssl_channel_credentials(credentials.ca, credentials.private_key, credentials.certificate)
        if bearer is not None:
            secret = grpc.composite_channel_credentials(secret, grpc.metadata_call_credentials(bearer))
        return grpc.secure_channel(address, secret, options)
    except (ValueError, RuntimeError) as cause:
        raise UsageError(
            "BAD_CREDENTIALS",
            pick(
                words, "The keys in the credential file cannot be used.", "Nøklene i påloggingsfilen kan ikke brukes."
            ),
        ) from cause
