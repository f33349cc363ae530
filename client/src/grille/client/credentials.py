"""The credential bundle: one JSON file with the researcher's key and certificate and the server's address."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grille.client.environment import Environment
from grille.client.errors import NotAllowedError, UsageError
from grille.client.words import Words, pick

FORMAT = "grille-credentials-1"
WARNING_DAYS = 30
FILE_NAME = "credentials.grille"
_FIELDS = (
    "server", "server_name", "user", "project", "role", "certificate", "private_key", "ca", "expires",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one researcher needs to call one server.

    Attributes:
        server: Host and port.
        server_name: Name in the server's certificate.
        user: Name in the researcher's certificate.
        project: Project that the bundle was made for.
        role: Role in that project.
        certificate: The researcher's certificate chain, PEM.
        private_key: Its key, PEM.
        ca: Certificate of the server's own authority, PEM.
        expires: When the certificate ends.
        content: The bundle's bytes, as read.
        audit_key: Public key of the server's audit log, PEM; empty in bundles of older servers.
    """

    server: str
    server_name: str
    user: str
    project: str
    role: str
    certificate: bytes = field(repr=False)
    private_key: bytes = field(repr=False)
    ca: bytes = field(repr=False)
    expires: datetime
    content: bytes = field(repr=False)
    audit_key: str = ""


def parse(content: bytes, name: str, words: Words) -> Credentials:
    """Return the credentials in a bundle.

    Args:
        content: The file.
        name: Its name, for messages.
        words: Language of messages.

    Raises:
        UsageError: BAD_CREDENTIALS when it is not a bundle of this format.
    """
    bad = UsageError(
        "BAD_CREDENTIALS",
        pick(words, "{0} is not a grille credential file.", "{0} er ikke en påloggingsfil for grille.").format(name),
        pick(words, "The custodian of the project makes such a file with `grille-server user add`.",
             "Prosjektets datavokter lager en slik fil med `grille-server user add`."),
    )  # fmt: skip
    try:
        fields = json.loads(content)
        if fields["format"] != FORMAT or not all(isinstance(fields[key], str) for key in _FIELDS):
            raise bad
        expires = datetime.fromisoformat(fields["expires"])
    except (ValueError, KeyError, TypeError) as cause:
        raise bad from cause
    return Credentials(
        server=fields["server"],
        server_name=fields["server_name"],
        user=fields["user"],
        project=fields["project"],
        role=fields["role"],
        certificate=fields["certificate"].encode(),
        private_key=fields["private_key"].encode(),
        ca=fields["ca"].encode(),
        expires=expires if expires.tzinfo else expires.replace(tzinfo=UTC),
        content=content,
        audit_key=fields["audit_key"] if isinstance(fields.get("audit_key"), str) else "",
    )


def current(environment: Environment, words: Words) -> Credentials:
    """Return the credentials of this user: those named by GRILLE_CREDENTIALS, else those of the last login.

    Raises:
        UsageError: NOT_LOGGED_IN when there are none, BAD_CREDENTIALS when they cannot be read.
    """
    named = environment.variables.get("GRILLE_CREDENTIALS")
    path = Path(named) if named else environment.config / FILE_NAME
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise UsageError(
            "NOT_LOGGED_IN",
            pick(words, "No credentials: {0} cannot be read.", "Ikke pålogget: {0} kan ikke leses.").format(path),
            pick(words, "Log in with `grille login NAME.grille`, or name the file in GRILLE_CREDENTIALS.",
                 "Logg på med `grille login NAVN.grille`, eller oppgi filen i GRILLE_CREDENTIALS."),
        ) from cause  # fmt: skip
    return parse(content, str(path), words)


def check_valid(credentials: Credentials, words: Words, now: datetime) -> None:
    """Raise CREDENTIALS_EXPIRED when the certificate has ended, before the server has to say so less clearly."""
    if credentials.expires <= now:
        day = credentials.expires.date().isoformat()
        raise NotAllowedError(
            "CREDENTIALS_EXPIRED",
            pick(words, "Your credentials expired on {0}.", "Påloggingsfilen din utløp {0}.").format(day),
            pick(words, "Ask the custodian of the project for a new file and run `grille login` again.",
                 "Be prosjektets datavokter om en ny fil og kjør `grille login` igjen."),
        )  # fmt: skip


def expiry_warning(credentials: Credentials, words: Words, now: datetime) -> str:
    """Return a sentence when the certificate ends within 30 days, else nothing."""
    left = (credentials.expires - now).days
    if left >= WARNING_DAYS:
        return ""
    day = credentials.expires.date().isoformat()
    text = pick(words, "Your credentials expire on {0}, in {1} day(s). Ask the custodian of the project for new ones.",
                "Påloggingsfilen din utløper {0}, om {1} dag(er). Be prosjektets datavokter om en ny.")  # fmt: skip
    return text.format(day, left)


def store(credentials: Credentials, folder: Path) -> Path:
    """Write the bundle to the config folder, readable by its owner only, in place of an older one; return its path."""
    path = folder / FILE_NAME
    write_private(path, credentials.content)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone can read, in place of an older one, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(draft, path)
