"""What a restart of the server must know of open sessions: whose they are. Their content is in the audit log.

A card holds no script, no name of a data set and no key: the encrypted files of a session are lost with its server.
"""

from __future__ import annotations

import datetime
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grille.server.errors import InternalError
from grille.server.text import Language, Text

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    session TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    project TEXT NOT NULL,
    language TEXT NOT NULL,
    twin INTEGER NOT NULL,
    record INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_used TEXT NOT NULL,
    commands INTEGER NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Card:
    """An open session.

    Attributes:
        session: Its id.
        user: Whose it is.
        project: Project.
        language: Language of its labels.
        twin: Whether it works on synthetic twins.
        record: Sequence number of the audit record of its opening.
        created: When it was opened, UTC.
        last_used: When its last script ended, UTC.
        commands: Number of commands answered until then.
    """

    session: str
    user: str
    project: str
    language: Language
    twin: bool
    record: int
    created: datetime.datetime
    last_used: datetime.datetime
    commands: int


class Cards:
    """The open sessions on disk. Safe for threads; one server at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if there is none.

        Raises:
            InternalError: SESSIONS_UNAVAILABLE.
        """
        self._lock = threading.Lock()
        with _translated():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # the audit log is what must not lose anything
            self._connection.execute(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add(self, card: Card) -> None:
        """Add a session; raises SESSIONS_UNAVAILABLE."""
        self._change(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (card.session, card.user, card.project, card.language.value, int(card.twin), card.record,
             card.created.isoformat(), card.last_used.isoformat(), card.commands),
        )  # fmt: skip

    def use(self, session: str, at: datetime.datetime, commands: int) -> None:
        """Note that a script of a session ended; raises SESSIONS_UNAVAILABLE."""
        self._change(
            "UPDATE sessions SET last_used = ?, commands = ? WHERE session = ?", (at.isoformat(), commands, session)
        )

    def remove(self, session: str) -> None:
        """Remove a session that was closed; raises SESSIONS_UNAVAILABLE."""
        self._change("DELETE FROM sessions WHERE session = ?", (session,))

    def all(self) -> tuple[Card, ...]:
        """Return the open sessions, oldest first; raises SESSIONS_UNAVAILABLE."""
        with self._lock, _translated():
            rows = self._connection.execute("SELECT * FROM sessions ORDER BY created").fetchall()
        return tuple(_card(row) for row in rows)

    def _change(self, statement: str, values: Sequence[str | int]) -> None:
        with self._lock, _translated():
            self._connection.execute(statement, values)


def _card(row: Sequence[str | int]) -> Card:
    session, user, project, language, twin, record, created, used, commands = row
    return Card(
        str(session),
        str(user),
        str(project),
        Language(str(language)),
        bool(twin),
        int(record),
        datetime.datetime.fromisoformat(str(created)),
        datetime.datetime.fromisoformat(str(used)),
        int(commands),
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise InternalError(
            "SESSIONS_UNAVAILABLE",
            Text("The list of open sessions cannot be written.", "Listen over åpne økter kan ikke skrives."),
            hint=Text("Tell the custodian of the server.", "Si fra til forvalteren av tjeneren."),
        ) from error
