"""`grille login`: tries a credential file and keeps it."""

from __future__ import annotations

from pathlib import Path

from grille.client.connection import connected
from grille.client.credentials import parse, store
from grille.client.environment import Environment
from grille.client.errors import UsageError
from grille.client.exits import Exit
from grille.client.render.style import clean
from grille.client.words import Words, pick
from grille.v1.session_pb2 import GetIdentityRequest


def login(environment: Environment, path: Path, words: Words) -> Exit:
    """Ask the server who the bearer of the file is, say so, and keep the file for later runs.

    A file that the server does not accept is not kept.

    Raises:
        ClientError: The file is no credential file, has expired, or the server does not take it.
    """
    try:
        content = path.read_bytes()
    except OSError as cause:
        message = pick(words, "{0} cannot be read: {1}.", "{0} kan ikke leses: {1}.")
        raise UsageError("CREDENTIALS_NOT_READ", message.format(path, cause.strerror)) from cause
    credentials = parse(content, str(path), words)
    with connected(environment, words, credentials) as connection:
        identity = connection.call(connection.sessions.GetIdentity, GetIdentityRequest())
        address = connection.address
    kept = store(credentials, environment.config)
    rows = [
        (pick(words, "User", "Bruker"), identity.user),
        (pick(words, "Server", "Tjener"), address),
        *((pick(words, "Project", "Prosjekt"), f"{one.project} ({one.role}; {', '.join(one.banks)})")
          for one in identity.memberships),
        (pick(words, "Expires", "Utløper"), credentials.expires.date().isoformat()),
        (pick(words, "Kept in", "Lagret i"), str(kept)),
    ]  # fmt: skip
    width = max(len(head) for head, _ in rows)
    environment.stdout.write("".join(f"{head:<{width}}  {clean(value)}\n" for head, value in rows))
    return Exit.OK
