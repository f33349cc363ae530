"""Replaying a session from the audit log: every released digest must come out again. No result leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event, Outcome
from grille.server.audit.sessions import Entry
from grille.server.errors import GrilleError
from grille.server.execution.again import DIFFERENT, run_again
from grille.server.execution.interface import Answer, Caller, CommandRun, Executor
from grille.server.execution.rebuild import node_of
from grille.server.execution.record import digest
from grille.server.sessions.session import Session, unknown_session
from grille.server.sessions.stop import Stop
from grille.server.text import Language


@dataclass(frozen=True, slots=True)
class Opening:
    """How a session was opened, as recorded."""

    user: str
    project: str
    language: Language
    twin: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """A command that was run again.

    Attributes:
        index: Place among the replayed commands, from 1.
        total: Their number.
        entry: Its record.
        reason: Empty when the same bytes came out; RESULT_DIFFERS, or why it was not answered this time.
    """

    index: int
    total: int
    entry: Entry
    reason: str


class Replay:
    """Runs the answered commands of a session again, in a session of its own that nobody else can use."""

    def __init__(
        self,
        inner: Executor[Answer],
        log: AuditLog,
        entries: Callable[[str, int], Iterable[Entry]],
        aside: Callable[[Caller, Opening], AbstractContextManager[Session]],
    ) -> None:
        """Compose.

        Args:
            inner: Computes and discloses, without recording.
            log: Takes the record of a replay.
            entries: Records of a session, given its id and the number of its first record.
            aside: Opens a session that is closed at the end; raises AccessDeniedError for callers without the right.
        """
        self._inner = inner
        self._log = log
        self._entries = entries
        self._aside = aside

    def session(self, caller: Caller, identifier: str, stop: Stop) -> Iterator[Replayed]:
        """Replay a session, open or closed.

        Commands that were refused or failed released nothing and are left out. Sets of units that were released before
        cost nothing in the ledger; what comes out is compared and thrown away.

        Raises:
            UnknownNameError: UNKNOWN_SESSION when the log has no such session, or it is none of the caller's business.
            BudgetError: TOO_MANY_SESSIONS.
            InternalError: AUDIT_UNAVAILABLE.
        """
        entries = list(self._entries(identifier, 1)) if identifier else []
        opening = _opening(entries)
        if opening is None:
            raise unknown_session()
        answered = [one for one in entries if one.event is Event.COMMAND and one.outcome is Outcome.ANSWERED]
        different = 0
        with self._aside(caller, opening) as session:
            for index, entry in enumerate(answered, start=1):
                if stop.is_set():
                    raise stop.error
                reason = self._again(caller, session, entry, stop)
                different += bool(reason)
                yield Replayed(index, len(answered), entry, reason)
        self._log.append(_replayed(caller, opening, identifier, len(answered), different))

    def _again(self, caller: Caller, session: Session, entry: Entry, stop: Stop) -> str:
        try:
            answer = run_again(self._inner, CommandRun(session, caller, node_of(entry), stop))
        except GrilleError as error:
            return error.reason
        session.accept(answer.scope, answer.frames, entry.source)
        return "" if digest(answer.blocks) == entry.released_digest else DIFFERENT


def _opening(entries: list[Entry]) -> Opening | None:
    for entry in entries:
        if entry.event is Event.SESSION_OPENED:
            language = Language(entry.detail.get("language", Language.ENGLISH.value))
            return Opening(entry.subject, entry.project, language, "twin" in entry.detail)
    return None


def _replayed(caller: Caller, opening: Opening, identifier: str, commands: int, different: int) -> AuditRecord:
    return AuditRecord(
        Event.SESSION_REPLAYED,
        subject=caller.user,
        certificate=caller.thumbprint,
        project=opening.project,
        session=identifier,
        detail=(("commands", str(commands)), ("different", str(different))),
    )
