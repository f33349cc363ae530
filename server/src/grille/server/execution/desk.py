"""The front desk: everything that a caller can ask for, in the server's own terms, behind the transport."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grille.server.audit.log import AuditLog
from grille.server.catalog.model import BankMetadata
from grille.server.commands.base import CommandSpec
from grille.server.commands.lookup import near_hint
from grille.server.commands.scope import Scope
from grille.server.commands.whitelist import COMMANDS, WHITELIST
from grille.server.disclosure.policy import Policy
from grille.server.errors import AccessDeniedError, GrilleError, UnknownNameError
from grille.server.execution.events import session_closed, session_opened
from grille.server.execution.explain import Checked, check_script
from grille.server.execution.interface import Caller
from grille.server.execution.quotas import Usage
from grille.server.execution.rebuild import Rebuild
from grille.server.execution.replay import Opening, Replay, Replayed
from grille.server.execution.rights import NO_RIGHTS, Rights, without_rights
from grille.server.execution.scripts import Encode, Request, Scripts
from grille.server.sessions.job import Follower
from grille.server.sessions.manager import SessionManager, new_identifier
from grille.server.sessions.messages import AttachedBank
from grille.server.sessions.session import Session, unknown_session
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text

M = TypeVar("M")
Banks = Mapping[str, Mapping[int, BankMetadata]]


@dataclass(frozen=True, slots=True)
class Place:
    """A caller's role in a project, the banks that the project may use, and what of it the caller may use now."""

    project: str
    role: str
    banks: tuple[str, ...]
    rights: Rights = NO_RIGHTS


class Desk:
    """Answers callers. Every method takes the caller first and checks the caller's rights itself."""

    def __init__(
        self,
        sessions: SessionManager,
        scripts: Scripts,
        rebuild: Rebuild,
        replay: Replay,
        log: AuditLog,
        places: Callable[[Caller], Sequence[Place]],
        banks: Callable[[], Banks],
        attach: Callable[[Banks], tuple[AttachedBank, ...]],
        twins: Callable[[Banks], Banks],
        policy_of: Callable[[str], Policy],
        usages: Callable[[str, str], tuple[Usage, ...]],
    ) -> None:
        """Compose the desk.

        Args:
            sessions: Open sessions.
            scripts: Runs scripts.
            rebuild: Makes sessions again that a restart interrupted.
            replay: Runs recorded sessions again.
            log: Audit log.
            places: Memberships of a caller, raising AccessDeniedError for certificates that are not in force.
            banks: All bank versions of this server.
            attach: What a worker needs to open bank files.
            twins: Synthetic twins of banks, made when there are none.
            policy_of: Policy of a project.
            usages: Use of the quotas of a project by a user.
        """
        self._sessions = sessions
        self._scripts = scripts
        self._rebuild = rebuild
        self._replay = replay
        self._log = log
        self._places = places
        self._banks = banks
        self._attach = attach
        self._twins = twins
        self._policy_of = policy_of
        self._usages = usages

    def places(self, caller: Caller) -> tuple[Place, ...]:
        """Return the caller's memberships."""
        return tuple(self._places(caller))

    def open_session(self, caller: Caller, project: str, language: Language, *, twin: bool = False) -> Session:
        """Open a session, on synthetic twins if so wished; raises AccessDeniedError, BudgetError, TWIN_NOT_MADE."""
        place = self._research_place(caller, project)
        banks = self._banks_of(place, twin=twin)
        session = self._sessions.open(caller.user, place.project, language, banks, self._attach(banks), twin=twin)
        try:
            record, _ = self._log.append(session_opened(session, caller))
            self._sessions.keep(session, record)
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

    def usages(self, caller: Caller, project: str) -> tuple[Usage, ...]:
        """Return the caller's use of the quotas of a project; raises AccessDeniedError."""
        return self._usages(caller.user, self._research_place(caller, project).project)

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

    def check(self, caller: Caller, project: str, script: bytes) -> tuple[Checked, Policy]:
        """Parse and bind a script without running it; returns what was found, and the policy that it would meet."""
        place = self._research_place(caller, project)
        found = check_script(script, Scope(banks=self._banks_of(place)), place.rights.demand_command)
        return found, self._policy_of(place.project)

    def run(self, request: Request[M]) -> Follower[M]:
        """Run a script, or tell of one that is known by its id; see Scripts.follow."""
        return self._scripts.follow(request)

    def cancel(self, caller: Caller, identifier: str, request: str) -> None:
        """Stop a script of the caller; one that has ended or is not known is left alone. Raises UNKNOWN_SESSION."""
        job = self.session(caller, identifier).job
        if job is not None and request and job.request == request:
            job.stop.set()

    def resume(self, caller: Caller, identifier: str, encode: Encode[M]) -> Session:
        """Return a session of the caller with its data sets at hand, made again if a restart took them.

        Args:
            caller: Who asks.
            identifier: Id of the session.
            encode: Makes the messages of its latest script's events, which are then kept for who asks for them.

        Raises:
            UnknownNameError: UNKNOWN_SESSION.
            BudgetError: SESSION_BUSY.
            InternalError: SESSION_NOT_REBUILT, SESSION_NOT_YET_REBUILT.
        """
        session = self.session(caller, identifier)
        with session.resuming:
            session.rebuilt = 0
            if session.is_interrupted:
                self._bring_back(caller, session, encode)
                self._sessions.used(session)
        return session

    def _bring_back(self, caller: Caller, session: Session, encode: Encode[M]) -> None:
        latest = self._rebuild.latest_request(session)
        if latest:
            self._scripts.follow(Request(caller, session, b"", latest, 0, encode, Stop())).leave()
            job = session.job
            if job is not None:
                job.wait()
                if session.is_interrupted and job.error is not None:
                    raise job.error
        else:
            stop = Stop()
            with session.entering, session.exclusive(stop):
                for _ in self._rebuild.session(caller, session, stop):
                    pass

    def replay(self, caller: Caller, identifier: str, stop: Stop) -> Iterator[Replayed]:
        """Replay a session of the caller, or of a project whose auditor the caller is; see Replay.session."""
        self._places(caller)
        return self._replay.session(caller, identifier, stop)

    @contextlib.contextmanager
    def aside(self, caller: Caller, opening: Opening) -> Iterator[Session]:
        """Have a session like one of long ago, on the banks of its project as they are now.

        Raises:
            UnknownNameError: UNKNOWN_SESSION unless the caller opened it and is still a researcher of its project, or
                is an auditor of that.
        """
        mine = {place.role: place for place in self._places(caller) if place.project == opening.project}
        if "researcher" in mine and opening.user == caller.user:
            banks = self._banks_of(self._research_place(caller, opening.project), twin=opening.twin)
        elif "auditor" in mine:
            known = {name: versions for name, versions in self._banks().items() if name in mine["auditor"].banks}
            banks = self._twins(known) if opening.twin else known
        else:
            raise unknown_session()
        session = Session(new_identifier(), caller.user, opening.project, opening.language, twin=opening.twin)
        with self._sessions.aside(session, lambda made: self._sessions.equip(made, banks, self._attach(banks))) as made:
            yield made

    def equip(self, caller: Caller, session: Session) -> None:
        """Give an interrupted session files, and the banks of its project as they are now."""
        banks = self._banks_of(self._research_place(caller, session.project), twin=session.twin)
        self._sessions.equip(session, banks, self._attach(banks))

    def _banks_of(self, place: Place, *, twin: bool = False) -> Banks:
        mine = {name: versions for name, versions in self._banks().items() if name in place.banks}
        return place.rights.narrowed(self._twins(mine) if twin else mine)

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
        if not chosen[0].rights.grants:
            raise without_rights(chosen[0].project)
        return chosen[0]

    def session_closed(self, session: Session, reason: str) -> None:
        """Record that a session was closed."""
        self._log.append(session_closed(session, reason))
