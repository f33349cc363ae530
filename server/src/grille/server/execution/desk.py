"""The front desk: everything that a caller can ask for, in the server's own terms, behind the transport."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grille.server.audit.log import AuditLog
from grille.server.catalog.model import BankMetadata
from grille.server.commands.base import CommandSpec
from grille.server.commands.lookup import near_hint
from grille.server.commands.scope import Scope
from grille.server.commands.whitelist import COMMANDS, WHITELIST
from grille.server.errors import AccessDeniedError, GrilleError, UnknownNameError
from grille.server.execution.events import script_rejected, session_closed, session_opened
from grille.server.execution.interface import Caller, CommandRun, Executor, Recorded
from grille.server.language.ast import Command as Node
from grille.server.language.layout import decode
from grille.server.language.parser import parse_bytes, parse_recovering
from grille.server.sessions.manager import SessionManager
from grille.server.sessions.messages import AttachedBank
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text

Banks = Mapping[str, Mapping[int, BankMetadata]]


@dataclass(frozen=True, slots=True)
class Place:
    """A caller's role in a project and the banks that the project may use."""

    project: str
    role: str
    banks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """A command of a running script has started."""

    node: Node
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


ScriptEvent = Started | Phase | Recorded | Rejected


class Desk:
    """Answers callers. Every method takes the caller first and checks the caller's rights itself."""

    def __init__(
        self,
        sessions: SessionManager,
        executor: Executor[Recorded],
        log: AuditLog,
        places: Callable[[Caller], Sequence[Place]],
        banks: Callable[[], Banks],
        attach: Callable[[Banks], tuple[AttachedBank, ...]],
    ) -> None:
        """Compose the desk.

        Args:
            sessions: Open sessions.
            executor: Runs commands.
            log: Audit log.
            places: Memberships of a caller, raising AccessDeniedError for certificates that are not in force.
            banks: All bank versions of this server.
            attach: What a worker needs to open bank files.
        """
        self._sessions = sessions
        self._executor = executor
        self._log = log
        self._places = places
        self._banks = banks
        self._attach = attach

    def places(self, caller: Caller) -> tuple[Place, ...]:
        """Return the caller's memberships."""
        return tuple(self._places(caller))

    def open_session(self, caller: Caller, project: str, language: Language) -> Session:
        """Open a session; raises AccessDeniedError, BudgetError."""
        place = self._research_place(caller, project)
        banks = self._banks_of(place)
        session = self._sessions.open(caller.user, place.project, language, banks, self._attach(banks))
        try:
            self._log.append(session_opened(session, caller))
        except GrilleError:
            self._sessions.close(session.identifier, caller.user, "unrecorded")
            raise
        return session

    def sessions(self, caller: Caller) -> tuple[Session, ...]:
        """Return the caller's sessions."""
        self._places(caller)
        return self._sessions.of_user(caller.user)

    def session(self, caller: Caller, identifier: str) -> Session:
        """Return a session of the caller; raises UNKNOWN_SESSION."""
        self._places(caller)
        return self._sessions.find(identifier, caller.user)

    def close_session(self, caller: Caller, identifier: str) -> None:
        """Close a session of the caller."""
        self._places(caller)
        self._sessions.close(identifier, caller.user)

    def variables(self, caller: Caller, project: str) -> Banks:
        """Return the banks of the caller's project, newest version of each."""
        banks = self._banks_of(self._research_place(caller, project))
        return {name: {max(versions): versions[max(versions)]} for name, versions in banks.items() if versions}

    def commands(self, caller: Caller, name: str) -> tuple[CommandSpec, ...]:
        """Return the specifications of all commands, or of one; raises UNKNOWN_COMMAND."""
        self._places(caller)
        if not name:
            return tuple(command.spec for command in WHITELIST)
        if name not in COMMANDS:
            raise UnknownNameError(
                "UNKNOWN_COMMAND",
                Text(f"There is no command `{name}`.", f"Det finnes ingen kommando `{name}`."),
                hint=near_hint(name, COMMANDS),
            )
        return (COMMANDS[name].spec,)

    def check(self, caller: Caller, project: str, script: bytes) -> tuple[int, tuple[GrilleError, ...]]:
        """Parse and bind a script without running it; returns the number of commands and every problem."""
        scope = Scope(banks=self._banks_of(self._research_place(caller, project)))
        try:
            parsed, problems = parse_recovering(decode(script))
        except GrilleError as error:
            return 0, (error,)
        for node in parsed.commands:
            try:
                scope = COMMANDS[node.head.name].bind(node, scope).scope
            except GrilleError as error:
                problems.append(error.at(node.head.name_span))
        problems.sort(key=lambda problem: problem.span.start if problem.span else 0)
        return len(parsed.commands), tuple(problems)

    def run(self, caller: Caller, session: Session, script: bytes, stop: Stop) -> Iterator[ScriptEvent]:
        """Run a script; the first failure ends it, and `stop` does. Raises SESSION_BUSY before the first event."""
        with session.exclusive(stop):
            try:
                commands = parse_bytes(script).commands
            except GrilleError as error:
                record, _ = self._log.append(script_rejected(session, caller, script, error))
                yield Rejected(error, record)
                return
            for index, node in enumerate(commands, start=1):
                if stop.is_set():
                    return
                yield Started(node, index, len(commands))
                failed = False
                for event in self._one(CommandRun(session, caller, node, stop)):
                    failed = isinstance(event, Recorded) and event.error is not None
                    yield event
                if failed:
                    return

    def _one(self, run: CommandRun) -> Iterator[Phase | Recorded]:
        events: queue.SimpleQueue[Phase | Recorded | Exception] = queue.SimpleQueue()

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
        except GeneratorExit:
            run.stop.set()  # nobody listens any more
            raise
        finally:
            thread.join()  # the session is free only when its command has ended

    def _banks_of(self, place: Place) -> Banks:
        return {name: versions for name, versions in self._banks().items() if name in place.banks}

    def _research_place(self, caller: Caller, project: str) -> Place:
        mine = [place for place in self._places(caller) if place.role == "researcher"]
        chosen = [place for place in mine if place.project == project] if project else mine
        if not chosen:
            raise AccessDeniedError(
                "NOT_A_MEMBER",
                Text("You are not a researcher of this project.", "Du er ikke forsker i dette prosjektet."),
                hint=Text("Ask the custodian.", "Spør forvalteren."),
            )
        if len(chosen) > 1:
            names = ", ".join(place.project for place in chosen)
            raise AccessDeniedError(
                "PROJECT_NEEDED",
                Text(f"You are in several projects: {names}.", f"Du er med i flere prosjekter: {names}."),
                hint=Text("Choose one with --project.", "Velg ett med --project."),
            )
        return chosen[0]

    def session_closed(self, session: Session, reason: str) -> None:
        """Record that a session was closed."""
        self._log.append(session_closed(session, reason))
