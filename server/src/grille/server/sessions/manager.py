"""Opens, finds, lists, expires and closes sessions."""

from __future__ import annotations

import contextlib
import datetime
import errno
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grille.server.catalog.model import BankMetadata
from grille.server.commands.scope import Scope
from grille.server.errors import BudgetError, GrilleError, InternalError, UnknownNameError
from grille.server.sessions.messages import AttachedBank, WorkerSettings
from grille.server.sessions.session import Session, unknown_session
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Limits on sessions: how many in all and per user, memory and threads of a worker, idle time before closing."""

    total: int
    per_user: int
    memory_limit: str
    threads: int
    idle_minutes: float


class SessionManager:
    """All open sessions of this server."""

    def __init__(self, folder: Path, limits: SessionLimits, closed: Callable[[Session, str], None]) -> None:
        """Manage sessions whose files live in `folder`; leftovers of an earlier run are unreadable and removed.

        Args:
            folder: Where session files go.
            limits: Limits.
            closed: Called after a session was closed, with the reason: "closed", "expired" or "shutdown".
        """
        self._folder = folder
        self._limits = limits
        self._closed = closed
        self._sessions: dict[str, Session] = {}
        self._reserved: dict[str, str] = {}
        self._lock = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    def open(
        self,
        user: str,
        project: str,
        language: Language,
        banks: Mapping[str, Mapping[int, BankMetadata]],
        attached: tuple[AttachedBank, ...],
    ) -> Session:
        """Open a session.

        Raises:
            BudgetError: TOO_MANY_SESSIONS, DISK_FULL.
            InternalError: SESSION_NOT_MADE, or what the worker's start raised.
        """
        identifier = secrets.token_urlsafe(24)
        self._reserve(identifier, user)
        home = self._folder / identifier
        try:
            home.mkdir(mode=0o700)
            (home / "spill").mkdir(mode=0o700)
            settings = WorkerSettings(
                database=str(home / "session.duckdb"),
                database_key=secrets.token_hex(32),
                temporary=str(home / "spill"),
                memory_limit=self._limits.memory_limit,
                threads=self._limits.threads,
                banks=attached,
            )
            session = Session(identifier, user, project, language, Scope(banks=banks), settings, home)
        except BaseException as error:
            with self._lock:
                self._reserved.pop(identifier, None)
            shutil.rmtree(home, ignore_errors=True)
            if isinstance(error, OSError):
                raise _not_made(error) from None
            raise
        with self._lock:
            self._reserved.pop(identifier, None)
            self._sessions[identifier] = session
        return session

    def _reserve(self, identifier: str, user: str) -> None:
        with self._lock:
            owners = [session.user for session in self._sessions.values()] + list(self._reserved.values())
            if len(owners) >= self._limits.total or owners.count(user) >= self._limits.per_user:
                raise BudgetError(
                    "TOO_MANY_SESSIONS",
                    Text("There are too many open sessions.", "Det er for mange åpne økter."),
                    hint=Text(
                        "Close sessions that are not in use: grille sessions list, grille sessions close ID.",
                        "Lukk økter som ikke er i bruk: grille sessions list, grille sessions close ID.",
                    ),
                )
            self._reserved[identifier] = user

    def find(self, identifier: str, user: str) -> Session:
        """Return the user's session; another user's session is as unknown as one that does not exist."""
        with self._lock:
            session = self._sessions.get(identifier)
        if session is None or session.user != user:
            raise unknown_session()
        return session

    def of_user(self, user: str) -> tuple[Session, ...]:
        """Return the user's sessions, newest first."""
        with self._lock:
            own = [session for session in self._sessions.values() if session.user == user]
        return tuple(sorted(own, key=lambda session: session.created, reverse=True))

    def close(self, identifier: str, user: str, reason: str = "closed") -> None:
        """Close a session of the user; raises UNKNOWN_SESSION when it is not the user's."""
        session = self.find(identifier, user)
        with self._lock:
            is_ours = self._sessions.pop(identifier, None) is not None
        if is_ours:  # and not another thread's, which closes it at this moment
            session.close()
            self._closed(session, reason)

    def expire(self) -> None:
        """Close sessions that have been idle too long."""
        limit = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=self._limits.idle_minutes)
        with self._lock:
            stale = [session for session in self._sessions.values() if session.last_used < limit]
        for session in stale:
            with contextlib.suppress(BudgetError, UnknownNameError), session.exclusive(Stop()):
                self.close(session.identifier, session.user, "expired")

    def interrupt_all(self) -> None:
        """Stop every running command."""
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            session.interrupt()

    def shutdown(self) -> None:
        """Close every session, also when some cannot be recorded; raises the first such failure at the end."""
        with self._lock:
            sessions = list(self._sessions.values())
        failures = []
        for session in sessions:
            try:
                self.close(session.identifier, session.user, "shutdown")
            except UnknownNameError:
                pass  # its user was faster
            except GrilleError as error:
                failures.append(error)
        if failures:
            raise failures[0]


def _not_made(error: OSError) -> GrilleError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BudgetError(
            "DISK_FULL",
            Text("There is no disk space left for a new session.", "Det er ikke diskplass til en ny økt."),
            hint=Text("Tell the custodian of the server.", "Si fra til forvalteren av tjeneren."),
        )
    return InternalError(
        "SESSION_NOT_MADE",
        Text("The server could not make the session's files.", "Tjeneren kunne ikke lage øktens filer."),
        hint=Text("Tell the custodian of the server.", "Si fra til forvalteren av tjeneren."),
    )
