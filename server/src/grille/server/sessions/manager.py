"""Opens, finds, lists, expires and closes sessions."""

from __future__ import annotations

import contextlib
import datetime
import errno
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grille.server.catalog.model import BankMetadata
from grille.server.commands.scope import Scope
from grille.server.errors import BudgetError, GrilleError, InternalError, UnknownNameError
from grille.server.sessions.cards import Card, Cards
from grille.server.sessions.messages import AttachedBank, WorkerSettings
from grille.server.sessions.session import Session, unknown_session
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text

_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Limits on sessions.

    Attributes:
        total: Open sessions.
        per_user: Open sessions of one user.
        memory_limit: Of a worker's engine, such as "2GB".
        threads: Of a worker's engine.
        idle_minutes: A session that was not used for so long is closed.
        sleep_minutes: A session that was not used for so long has no worker.
        workers: Beyond so many, the worker of the session that was idle longest is ended for another.
        detached_minutes: A script that nobody has followed for so long is stopped.
        first_memory_limit: Of a session's first worker; a command that needs more gets a worker with `memory_limit`.
            None for the same.
    """

    total: int
    per_user: int
    memory_limit: str
    threads: int
    idle_minutes: float
    sleep_minutes: float = 15
    workers: int = 32
    detached_minutes: float = 60
    first_memory_limit: str | None = None


class SessionManager:
    """All open sessions of this server."""

    def __init__(
        self, folder: Path, limits: SessionLimits, closed: Callable[[Session, str], None], cards: Cards | None = None
    ) -> None:
        """Manage sessions whose files live in `folder`; leftovers of an earlier run are unreadable and removed.

        Args:
            folder: Where session files go.
            limits: Limits.
            closed: Called after a session was closed, with the reason: "closed", "expired" or "unrecorded".
            cards: The sessions that were open when the server was last there; None keeps none.
        """
        self._folder = folder
        self._limits = limits
        self._closed = closed
        self._cards = cards
        self._lock = threading.Lock()
        self._reserved: dict[str, str] = {}
        known = [Session.interrupted(card) for card in cards.all()] if cards is not None else []
        self._sessions = {session.identifier: session for session in known}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    def open(
        self,
        user: str,
        project: str,
        language: Language,
        banks: Mapping[str, Mapping[int, BankMetadata]],
        attached: tuple[AttachedBank, ...],
        *,
        twin: bool = False,
    ) -> Session:
        """Open a session; its worker is started by its first command.

        Raises:
            BudgetError: TOO_MANY_SESSIONS, DISK_FULL.
            InternalError: SESSION_NOT_MADE.
        """
        session = Session(new_identifier(), user, project, language, twin=twin)
        with self._lock:
            self._check_room(user)
            self._reserved[session.identifier] = user
        try:
            self.equip(session, banks, attached)
            with self._lock:
                self._sessions[session.identifier] = session
        finally:
            with self._lock:
                self._reserved.pop(session.identifier, None)
        return session

    def equip(
        self,
        session: Session,
        banks: Mapping[str, Mapping[int, BankMetadata]],
        attached: tuple[AttachedBank, ...],
    ) -> None:
        """Make the files of a session that has none, or has files that nobody can read any more.

        Raises:
            BudgetError: DISK_FULL.
            InternalError: SESSION_NOT_MADE.
        """
        home = self._folder / session.identifier
        try:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700)
            (home / "spill").mkdir(mode=0o700)
        except OSError as error:
            shutil.rmtree(home, ignore_errors=True)
            raise _not_made(error) from None
        settings = WorkerSettings(
            database=str(home / "session.duckdb"),
            database_key=secrets.token_hex(32),
            temporary=str(home / "spill"),
            memory_limit=self._limits.first_memory_limit or self._limits.memory_limit,
            threads=self._limits.threads,
            banks=attached,
        )
        session.equip(Scope(banks=banks), settings, home, self._make_room, self._limits.memory_limit)

    @contextlib.contextmanager
    def aside(self, session: Session, equip: Callable[[Session], None]) -> Iterator[Session]:
        """Have a session during the block that cannot be found or listed, but counts; `equip` gives it files.

        Raises:
            BudgetError: TOO_MANY_SESSIONS, DISK_FULL.
            InternalError: SESSION_NOT_MADE.
        """
        with self._lock:
            self._check_room(session.user)
            self._reserved[session.identifier] = session.user
        try:
            equip(session)
            yield session
        finally:
            session.close()
            with self._lock:
                self._reserved.pop(session.identifier, None)

    def keep(self, session: Session, record: int) -> None:
        """Let a session outlive the server; `record` is the audit record of its opening."""
        session.record = record
        if self._cards is not None:
            card = Card(
                session.identifier, session.user, session.project, session.language, session.twin, record,
                session.created, session.last_used, session.commands,
            )  # fmt: skip
            self._cards.add(card)

    def used(self, session: Session) -> None:
        """Note that a script of a session has ended."""
        if self._cards is not None and session.record:
            self._cards.use(session.identifier, session.last_used, session.commands)

    @property
    def count(self) -> int:
        """Number of open sessions."""
        return len(self._sessions)

    def of_user_in(self, user: str, project: str) -> tuple[Session, ...]:
        """Return the user's sessions in a project, newest first."""
        return tuple(session for session in self.of_user(user) if session.project == project)

    def _make_room(self) -> None:
        with self._lock:
            awake = [session for session in self._sessions.values() if session.worker_pid is not None]
        idle = sorted((one for one in awake if not one.busy), key=lambda one: one.last_used)
        for session in idle[: max(0, len(awake) + 1 - self._limits.workers)]:
            session.sleep()

    def _check_room(self, user: str) -> None:
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
            if self._cards is not None:
                self._cards.remove(identifier)
            self._closed(session, reason)

    def tend(self) -> None:
        """Close sessions idle for too long, put idle ones to sleep, and stop scripts that nobody comes back to."""
        now = datetime.datetime.now(datetime.UTC)
        stale = now - datetime.timedelta(minutes=self._limits.idle_minutes)
        tired = now - datetime.timedelta(minutes=self._limits.sleep_minutes)
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            if session.job is not None and session.job.alone_seconds() > self._limits.detached_minutes * 60:
                session.job.stop.set()
                if session.job.has_ended:
                    session.job.forget()
            if session.last_used < stale:
                with contextlib.suppress(BudgetError, UnknownNameError), session.exclusive(Stop()):
                    self.close(session.identifier, session.user, "expired")
            elif session.last_used < tired and session.worker_pid is not None:
                session.sleep()

    def interrupt_all(self) -> None:
        """Stop every script because the server stops: what was not answered is run again by the next server."""
        with self._lock:
            jobs = [session.job for session in self._sessions.values() if session.job is not None]
        for job in jobs:
            job.stop.set(_stopping())
        for job in jobs:
            job.wait(_STOP_SECONDS)

    def shutdown(self) -> None:
        """End all workers and remove all files. Sessions with a card are there again at the next start."""
        self.interrupt_all()
        with self._lock:
            sessions = list(self._sessions.values())
            self._sessions.clear()
        for session in sessions:
            with contextlib.suppress(GrilleError):
                self.used(session)
            session.close()
        if self._cards is not None:
            self._cards.close()


def new_identifier() -> str:
    """Return an id that cannot be guessed, and that a command line does not take for an option."""
    while True:
        found = secrets.token_urlsafe(24)
        if not found.startswith("-"):
            return found


def _stopping() -> GrilleError:
    return BudgetError(
        "SERVER_STOPPING",
        Text("The server is being stopped.", "Tjeneren stoppes."),
        hint=Text(
            "The session is there again when the server is: grille sessions resume.",
            "Økten er der igjen når tjeneren er det: grille sessions resume.",
        ),
    )


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
