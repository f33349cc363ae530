"""Making a session again from the audit log, when a restart of the server took its data sets.

The commands that prepared something are run again, in their order, and must give the released bytes whose digests the
log holds. Nothing is released, charged or recorded anew but one record that the session was resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event, Outcome
from grille.server.audit.sessions import Entry
from grille.server.errors import BudgetError, DisclosureError, GrilleError
from grille.server.execution.again import DIFFERENT, not_rebuilt, same_again
from grille.server.execution.interface import Answer, Caller, CommandRun, Executor, Recorded
from grille.server.execution.receipts import Receipts, content_digest
from grille.server.language.ast import Command as Node
from grille.server.language.parser import parse
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Text
from grille.v1.receipts_pb2 import Receipt

RETRIED = frozenset(("SERVER_STOPPING",))
"""Reasons of failures that the server's end caused: such a command is run by the next server."""


@dataclass(frozen=True, slots=True)
class Past:
    """A recorded command of a request that is asked for again."""

    name: str
    source: str
    line: int
    index: int
    total: int
    recorded: Recorded


class Rebuild:
    """Makes interrupted sessions whole. The caller holds the session."""

    def __init__(
        self,
        inner: Executor[Answer],
        log: AuditLog,
        entries: Callable[[str, int], Iterable[Entry]],
        equip: Callable[[Caller, Session], None],
    ) -> None:
        """Compose.

        Args:
            inner: Computes and discloses, without recording or charging.
            log: Takes the record of a resumed session.
            entries: Records of a session, given its id and the number of its first record.
            equip: Gives a session files and the banks of its project; raises AccessDeniedError for those who left it.
        """
        self._inner = inner
        self._log = log
        self._entries = entries
        self._equip = equip
        self._receipts = Receipts(log)

    def latest_request(self, session: Session) -> str:
        """Return the id of the latest request that the log knows of a session; empty when there is none."""
        requests = (one.detail.get("request", "") for one in self._entries(session.identifier, session.record))
        return next((one for one in reversed(list(requests)) if one), "")

    def session(
        self, caller: Caller, session: Session, stop: Stop, request: str = "", answered: int = 0
    ) -> Iterator[Past]:
        """Make the session's scope and data sets again.

        Args:
            caller: Who asks; the session is theirs.
            session: An interrupted one.
            stop: Ends it; the session then stays interrupted, and can be brought back later.
            request: Id of a request whose recorded commands are asked for.
            answered: Those up to this number are not asked for, but told without their answers.

        Yields:
            The recorded commands of `request`.

        Raises:
            AccessDeniedError: The caller is no longer a researcher of the project.
            InternalError: SESSION_NOT_REBUILT when something does not come out again, SESSION_NOT_YET_REBUILT when the
                machine could not compute it now; the session stays interrupted.
            GrilleError: What `stop` says.
        """
        self._equip(caller, session)
        session.requests.clear()
        known, commands, rerun = session.commands, 0, 0
        asked: list[Past] = []
        for entry in self._entries(session.identifier, session.record):
            if entry.event is not Event.COMMAND or entry.outcome is None or entry.reason in RETRIED:
                continue
            identifier, (index, total) = entry.detail.get("request", ""), place_of(entry)
            if identifier:
                session.requests[identifier] = None
            is_asked = bool(request) and identifier == request
            answer = None
            if entry.outcome is Outcome.ANSWERED:
                commands += 1
                if "prepares" in entry.detail or (is_asked and index > answered):
                    answer = self._again(caller, session, entry, stop)
                    session.accept(answer.scope, answer.frames, entry.source)
                    session.commands = known  # should the session stay as it is
                    rerun += "prepares" in entry.detail
                else:
                    session.scope = replace(session.scope, history=(*session.scope.history, entry.source))
            if is_asked:
                receipt = self._receipt(caller, session, entry, answer) if index > answered else None
                asked.append(_past(entry, index, total, answer, receipt))
        self._log.append(session_resumed(session, caller, rerun))
        session.commands, session.rebuilt = commands, rerun
        session.is_interrupted = False
        yield from asked

    def _receipt(self, caller: Caller, session: Session, entry: Entry, answer: Answer | None) -> Receipt | None:
        """Return the receipt of an answer that came out again; failures of an earlier server are told without one."""
        if answer is None:
            return None
        node = node_of(entry)
        span = replace(node.head.span, line=int(entry.detail.get("line", "0")))
        index, total = place_of(entry)
        run = CommandRun(session, caller, replace(node, head=replace(node.head, span=span)), Stop(), "", index, total)
        content = content_digest(run, answer, None, entry.elapsed_ms)
        if content != entry.content_digest:
            raise not_rebuilt(entry, DIFFERENT)
        return self._receipts.make(run, answer, content, entry.released_digest, (entry.sequence, entry.hash))

    def _again(self, caller: Caller, session: Session, entry: Entry, stop: Stop) -> Answer:
        if stop.is_set():
            raise stop.error
        return same_again(self._inner, CommandRun(session, caller, node_of(entry), stop), entry)


def node_of(entry: Entry) -> Node:
    """Return the syntax tree of a recorded command; raises what the parser raises."""
    (node,) = parse(entry.source + "\n").commands
    return node


def place_of(entry: Entry) -> tuple[int, int]:
    """Return the place of a command in its script, and the number of the script's commands."""
    index, _, total = entry.detail.get("place", "0/0").partition("/")
    return int(index), int(total or 0)


def _past(entry: Entry, index: int, total: int, answer: Answer | None, receipt: Receipt | None) -> Past:
    words = entry.source.split(maxsplit=1)
    error = _recorded_error(entry) if entry.outcome is not Outcome.ANSWERED else None
    line = int(entry.detail.get("line", "0"))
    recorded = Recorded(answer, error, entry.sequence, entry.elapsed_ms, receipt)
    return Past(words[0] if words else "", entry.source, line, index, total, recorded)


def _recorded_error(entry: Entry) -> GrilleError:
    message = Text(
        f"The command was not answered ({entry.reason}), before the server was restarted.",
        f"Kommandoen ble ikke besvart ({entry.reason}), før tjeneren ble startet på nytt.",
    )
    kind = DisclosureError if entry.outcome is Outcome.REFUSED else BudgetError
    return kind(entry.reason, message)


def session_resumed(session: Session, caller: Caller, rerun: int) -> AuditRecord:
    """Return the record of a session that was made again."""
    return AuditRecord(
        Event.SESSION_RESUMED,
        subject=caller.user,
        certificate=caller.thumbprint,
        project=session.project,
        session=session.identifier,
        banks=tuple((link.bank.name, link.bank.version) for link in session.scope.links.values()),
        detail=(("commands_run_again", str(rerun)),),
    )
