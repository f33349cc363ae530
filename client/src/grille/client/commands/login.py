"""`grille login`: tries a credential file and keeps it; with `--oidc` also logs in at the server's provider."""

from __future__ import annotations

from pathlib import Path

from grille.client.connection import Connection, connected
from grille.client.credentials import Credentials, current, parse, store
from grille.client.environment import Environment
from grille.client.errors import UsageError
from grille.client.exits import Exit
from grille.client.render.style import clean
from grille.client.second_factor.tokens import Bearer, Tokens, keep, path_of
from grille.client.words import Words, pick
from grille.v1.session_pb2 import GetIdentityRequest, GetLoginRequest


def login(environment: Environment, path: Path | None, words: Words, *, oidc: bool = False) -> Exit:
    """Ask the server who the bearer of the file is, say so, and keep the file for later runs.

    What the server does not accept is not kept.

    Args:
        environment: Streams and folders.
        path: The file; None for the one that is kept already.
        words: Language of messages.
        oidc: Whether to log in at the provider that the server names, with the device flow.

    Raises:
        ClientError: The file is no credential file, has expired, or the server does not take it; the provider gave no
            token.
    """
    credentials = _read(path, words) if path is not None else current(environment, words)
    if path is None and not oidc:
        told = pick(words, "Name the file that the custodian gave you.", "Oppgi filen du fikk av forvalteren.")
        raise UsageError("CREDENTIALS_NOT_NAMED", told)
    tokens = _tokens(environment, credentials, words) if oidc else None
    bearer = Bearer(tokens, None, words) if tokens is not None else None
    with connected(environment, words, credentials, bearer) as connection:
        rows = _identity(connection, words)
    if path is not None:
        rows.append((pick(words, "Kept in", "Lagret i"), str(store(credentials, environment.config))))
    if bearer is not None:
        kept = path_of(environment.config, credentials)
        keep(bearer.tokens, kept)
        rows.append((pick(words, "Login", "Pålogging"), str(kept)))
    width = max(len(head) for head, _ in rows)
    environment.stdout.write("".join(f"{head:<{width}}  {clean(value)}\n" for head, value in rows))
    return Exit.OK


def _read(path: Path, words: Words) -> Credentials:
    try:
        content = path.read_bytes()
    except OSError as cause:
        message = pick(words, "{0} cannot be read: {1}.", "{0} kan ikke leses: {1}.")
        raise UsageError("CREDENTIALS_NOT_READ", message.format(path, cause.strerror)) from cause
    return parse(content, str(path), words)


def _tokens(environment: Environment, credentials: Credentials, words: Words) -> Tokens:
    from grille.client.second_factor.device import log_in

    def tell(text: str) -> None:
        environment.stderr.write(text)
        environment.stderr.flush()

    with connected(environment, words, credentials) as connection:
        offer = connection.call(connection.sessions.GetLogin, GetLoginRequest())
    return log_in(offer, words, tell)


def _identity(connection: Connection, words: Words) -> list[tuple[str, str]]:
    identity = connection.call(connection.sessions.GetIdentity, GetIdentityRequest())
    return [
        (pick(words, "User", "Bruker"), identity.user),
        (pick(words, "Server", "Tjener"), connection.address),
        *((pick(words, "Project", "Prosjekt"), f"{one.project} ({one.role}; {', '.join(one.banks)})")
          for one in identity.memberships),
        (pick(words, "Expires", "Utløper"), connection.credentials.expires.date().isoformat()),
    ]  # fmt: skip
