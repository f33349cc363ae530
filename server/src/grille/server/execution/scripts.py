"""Scripts: taken in once for each request, run on a thread of their own, told to whoever follows."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from grille.server.audit.log import AuditLog
from grille.server.errors import BudgetError, GrilleError, TypeMismatchError
from grille.server.execution.events import script_rejected
from grille.server.execution.interface import Caller, CommandRun, Executor, Recorded, Warned
from grille.server.execution.rebuild import Past, Rebuild
from grille.server.language.ast import Command as Node
from grille.server.language.parser import parse_bytes
from grille.server.sessions.job import Follower, ScriptJob, answers_gone
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Text

M = TypeVar("M")
KEPT_BYTES = 16 * 1024 * 1024
MOST_REQUESTS = 10_000
STOPPING = "SERVER_STOPPING"


@dataclass(frozen=True, slots=True)
class Started:
    """A command of a running script has started."""

    name: str
    source: str
    line: int
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class Phase:
    """The running command has entered a phase."""

    name: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The script was not run; the error says why."""

    error: GrilleError
    record: int


ScriptEvent = Started | Phase | Warned | Recorded | Rejected
Encode = Callable[[ScriptEvent], Iterable[tuple[M, int]]]


@dataclass(frozen=True, slots=True)
class Request(Generic[M]):
    """A wish to have a script run.

    Attributes:
        caller: Who asks.
        session: Where.
        script: The script; empty with the id of an earlier request to hear of that one.
        identifier: The client's id of the request; empty when the script ends with its call.
        answered: Number of commands whose end the client has heard of.
        encode: Makes the messages of an event, each with its bytes.
        stop: Stops the script.
    """

    caller: Caller
    session: Session
    script: bytes
    identifier: str
    answered: int
    encode: Encode[M]
    stop: Stop

    @property
    def digest(self) -> str:
        """Digest of the script; empty when there is none."""
        return hashlib.sha256(self.script).hexdigest() if self.script else ""


class Scripts:
    """Runs scripts. A request that is known is told again and never run again."""

    def __init__(
        self, executor: Executor[Recorded], log: AuditLog, rebuild: Rebuild, ended: Callable[[Session], None]
    ) -> None:
        """Compose.

        Args:
            executor: Runs commands.
            log: Takes the records of scripts that cannot be run.
            rebuild: Makes sessions again that a restart of the server interrupted.
            ended: Told of a session whose script has ended.
        """
        self._executor = executor
        self._log = log
        self._rebuild = rebuild
        self._ended = ended

    def follow(self, request: Request[M]) -> Follower[M]:
        """Take the request in, unless it is known, and return its messages from the first unheard command on.

        Raises:
            BudgetError: SESSION_BUSY.
            TypeMismatchError: REQUEST_REUSED.
            UnknownNameError: ANSWERS_GONE, UNKNOWN_SESSION.
        """
        session, identifier = request.session, request.identifier
        with session.entering:
            job: ScriptJob[M] | None = session.job
            is_kept = job is not None and not (session.is_interrupted and job.has_ended)
            if identifier and job is not None and is_kept and job.request == identifier:
                if request.script and request.digest != job.script:
                    raise reused()
                return job.follow(request.answered)
            if identifier and not session.is_interrupted and (identifier in session.requests or not request.script):
                raise answers_gone()
            with contextlib.ExitStack() as held:
                held.enter_context(session.exclusive(request.stop))
                job = ScriptJob(identifier, request.digest, request.stop, KEPT_BYTES)
                follower = job.follow()
                session.job = job
                if identifier:
                    if len(session.requests) >= MOST_REQUESTS:
                        session.requests.pop(next(iter(session.requests)))
                    session.requests[identifier] = None
                work = threading.Thread(
                    target=self._work, args=(request, job, held.pop_all()), name="script", daemon=True
                )
                work.start()
        return follower

    def _work(self, request: Request[M], job: ScriptJob[M], held: contextlib.ExitStack) -> None:
        failure: Exception | None = None
        try:
            with held:  # the session is free before anybody hears that the script has ended
                for command, event in self._events(request):
                    if isinstance(event, Recorded) and event.error is not None and _is_stopping(event.error):
                        raise event.error  # the client asks the next server
                    for message, size in request.encode(event):
                        job.put(command, message, size)
            with contextlib.suppress(GrilleError):  # what the next start would like to know; the answers are on record
                self._ended(request.session)
        except Exception as error:
            failure = error
        job.end(failure)

    def _events(self, request: Request[M]) -> Iterator[tuple[int, ScriptEvent]]:
        session = request.session
        past: list[Past] = []
        if session.is_interrupted:
            again = self._rebuild.session(request.caller, session, request.stop, request.identifier, request.answered)
            for one in again:
                past.append(one)
                if one.index > request.answered:
                    yield one.index, Started(one.name, one.source, one.line, one.index, one.total)
                    yield one.index, one.recorded
        if past and (past[-1].recorded.error is not None or (past[-1].index == past[-1].total)):
            return
        if past and not request.script:
            raise _interrupted(past[-1].index, past[-1].total)
        if not request.script and request.identifier:
            raise answers_gone()
        try:
            commands = parse_bytes(request.script).commands
        except GrilleError as error:
            if past:
                raise reused() from None
            record, _ = self._log.append(script_rejected(session, request.caller, request.script, error))
            yield 0, Rejected(error, record)
            return
        if [node.head.source for node in commands[: len(past)]] != [one.source for one in past]:
            raise reused()
        yield from self._run(request, commands, len(past))

    def _run(self, request: Request[M], commands: tuple[Node, ...], done: int) -> Iterator[tuple[int, ScriptEvent]]:
        for index, node in enumerate(commands[done:], start=done + 1):
            if request.stop.is_set():
                if _is_stopping(request.stop.error):
                    raise request.stop.error
                return
            head = node.head
            yield index, Started(head.name, head.source, head.span.line, index, len(commands))
            failed = False
            for event in self._one(request, node, index, len(commands)):
                failed = isinstance(event, Recorded) and event.error is not None
                yield index, event
            if failed:
                return

    def _one(self, request: Request[M], node: Node, index: int, total: int) -> Iterator[ScriptEvent]:
        events: queue.SimpleQueue[Phase | Warned | Recorded | Exception] = queue.SimpleQueue()
        run = CommandRun(
            request.session, request.caller, node, request.stop, request.identifier, index, total, events.put
        )

        def work() -> None:
            try:
                events.put(self._executor.execute(run, lambda phase: events.put(Phase(phase))))
            except Exception as error:
                events.put(error)

        thread = threading.Thread(target=work, name="command", daemon=True)
        thread.start()
        try:
            while True:
                event = events.get()
                if isinstance(event, Exception):
                    raise event
                yield event
                if isinstance(event, Recorded):
                    return
        finally:
            thread.join()  # the session is free only when its command has ended


def _is_stopping(error: Exception) -> bool:
    return isinstance(error, GrilleError) and error.reason == STOPPING


def reused() -> GrilleError:
    """Return the error of a request id that belongs to another script."""
    return TypeMismatchError(
        "REQUEST_REUSED",
        Text("The id of this request belongs to another script.", "Forespørselens id tilhører et annet skript."),
    )


def _interrupted(done: int, total: int) -> GrilleError:
    return BudgetError(
        "SCRIPT_INTERRUPTED",
        Text(
            f"A restart of the server interrupted the script after command {done} of {total}.",
            f"En omstart av tjeneren avbrøt skriptet etter kommando {done} av {total}.",
        ),
        hint=Text(
            "The session has what was prepared. Run the rest: grille run SCRIPT --session ID.",
            "Økten har det som var tilrettelagt. Kjør resten: grille run SKRIPT --session ID.",
        ),
    )
