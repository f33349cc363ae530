"""A session: who, for which project, what names mean now, which data sets exist, and the worker that computes."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from grille.server.commands.scope import Scope
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame
from grille.server.errors import BudgetError, UnknownNameError
from grille.server.sessions.cards import Card
from grille.server.sessions.job import ScriptJob
from grille.server.sessions.messages import Computed, WorkerSettings
from grille.server.sessions.process import Like, Worker
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text

_REST_SECONDS = 10.0


class State(StrEnum):
    """Where a session stands."""

    READY = "ready"
    RUNNING = "running"
    ASLEEP = "asleep"
    INTERRUPTED = "interrupted"


class Session:
    """One open session. Scope and frames change only through `accept`, after a command's answer was recorded.

    Attributes:
        job: The latest script, with what was told of it; guarded by `entering`.
        requests: Ids of the scripts run so far, oldest first.
        rebuilt: Number of commands that were run again when it was last brought back.
        entering: Held while a script is taken in, so that two requests with one id are one script.
        resuming: Held while somebody brings it back, so that two who try are one.
        is_interrupted: Whether a restart of the server took scope and data sets; the audit log can make them again.
        record: Sequence number of the audit record of its opening.
    """

    def __init__(self, identifier: str, user: str, project: str, language: Language, *, twin: bool = False) -> None:
        """Make a session that cannot compute before it is equipped."""
        self.identifier = identifier
        self.user = user
        self.project = project
        self.language = language
        self.twin = twin
        self.scope = Scope(banks={})
        self.frames: Mapping[str, Frame] = {}
        self.commands = 0
        self.created = self.last_used = datetime.datetime.now(datetime.UTC)
        self.job: ScriptJob[Any] | None = None
        self.requests: dict[str, None] = {}
        self.rebuilt = 0
        self.entering = threading.Lock()
        self.resuming = threading.Lock()
        self.is_interrupted = False
        self.record = 0
        self._settings: WorkerSettings | None = None
        self._most_memory = ""
        self._folder: Path | None = None
        self._make_room: Callable[[], None] = lambda: None
        self._busy = threading.Lock()
        self._is_resting = False
        self._is_lowered = False
        self._closed = False
        self._changing = threading.Lock()
        self._stop: Stop | None = None
        self._worker: Worker | None = None

    @classmethod
    def interrupted(cls, card: Card) -> Session:
        """Return the session of a card: its commands are known to the audit log alone."""
        session = cls(card.session, card.user, card.project, card.language, twin=card.twin)
        session.created, session.last_used = card.created, card.last_used
        session.commands, session.record = card.commands, card.record
        session.is_interrupted = True
        return session

    def equip(
        self,
        scope: Scope,
        settings: WorkerSettings,
        folder: Path,
        make_room: Callable[[], None],
        most_memory: str = "",
    ) -> None:
        """Give the session its banks and files.

        Args:
            scope: What it may see.
            settings: Of its workers.
            folder: Where its files are.
            make_room: Called before a worker is started.
            most_memory: Memory limit of the worker that a command gets for which that of `settings` is too small.
        """
        with self._changing:
            worker, self._worker = self._worker, None
        if worker is not None:  # it has the files of an earlier try to bring the session back, which are gone
            worker.kill()
        self.scope, self.frames = scope, {}
        self._most_memory = most_memory or settings.memory_limit
        self._settings, self._folder, self._make_room = settings, folder, make_room

    @contextlib.contextmanager
    def exclusive(self, stop: Stop) -> Iterator[None]:
        """Hold the session for one script, which `stop` ends; raises SESSION_BUSY when it is running another.

        Raises:
            BudgetError: SESSION_BUSY.
            UnknownNameError: UNKNOWN_SESSION when it was closed meanwhile.
        """
        is_free = self._busy.acquire(timeout=_REST_SECONDS) if self._is_resting else self._busy.acquire(blocking=False)
        if not is_free:
            raise BudgetError(
                "SESSION_BUSY",
                Text("The session is running another script.", "Økten kjører et annet skript."),
                hint=Text(
                    "Wait until it ends, or open another session.", "Vent til det er ferdig, eller åpne en ny økt."
                ),
            )
        try:
            self._stop = stop
            if self._closed:
                raise unknown_session()
            yield
        finally:
            self._stop = None
            self.last_used = datetime.datetime.now(datetime.UTC)
            self._busy.release()

    @property
    def busy(self) -> bool:
        """Whether a script is running."""
        return self._busy.locked()

    @property
    def state(self) -> State:
        """Where the session stands."""
        if self.job is not None and not self.job.has_ended:
            return State.RUNNING
        if self.is_interrupted:
            return State.INTERRUPTED
        return State.ASLEEP if self.frames and self.worker_pid is None else State.READY

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker; None while there is none."""
        worker = self._worker
        return worker.pid if worker is not None and worker.alive() else None

    @property
    def disk_bytes(self) -> int:
        """Bytes of the session's files."""
        total = 0
        for path in self._folder.rglob("*") if self._folder is not None else ():
            with contextlib.suppress(OSError):
                total += path.stat().st_size
        return total

    def compute(
        self,
        command: str,
        plan: Any,
        policy: Policy,
        progress: Callable[[str], None],
        timeout_seconds: float,
        stop: Stop,
        like: Like,
    ) -> Computed:
        """Compute in the worker; where there is none, or it died, a new one finds the data sets on disk.

        Raises:
            GrilleError: See Worker.compute.
            UnknownNameError: UNKNOWN_SESSION when the session was closed meanwhile.
        """
        began = time.monotonic()
        worker = self._at_hand()
        try:
            return worker.compute(command, plan, self.frames, policy, progress, timeout_seconds, stop, like)
        except BudgetError as error:
            if error.reason != "MEMORY_LIMIT" or not self._grow(worker):
                raise
        left = max(1.0, timeout_seconds - (time.monotonic() - began))
        return self._at_hand().compute(command, plan, self.frames, policy, progress, left, stop, like)

    def _grow(self, worker: Worker) -> bool:
        """End a worker with less memory than one may have, so that the next has it; tells whether it was so."""
        with self._changing:
            if self._closed or self._settings is None or self._settings.memory_limit == self._most_memory:
                return False
            self._settings = replace(self._settings, memory_limit=self._most_memory)
            self._worker = None
        worker.close()
        return True

    def _at_hand(self) -> Worker:
        with self._changing:
            if self._closed or self._settings is None:
                raise unknown_session()
            if self._worker is not None and self._worker.alive() and not self._is_lowered:
                return self._worker
            if self._worker is not None:
                self._worker.kill()
            self._worker, self._is_lowered = None, False
            self._make_room()
            self._worker = Worker(self._settings)
            return self._worker

    def accept(self, scope: Scope, frames: Mapping[str, Frame], source: str) -> None:
        """Take over the state after an answered command."""
        self.scope = replace(scope, history=(*self.scope.history, source))
        self.frames = frames
        self.commands += 1

    def sleep(self) -> bool:
        """End the worker of a session that is not at work; its files stay. Tells whether there is no worker now."""
        self._is_resting = True
        try:
            if not self._busy.acquire(blocking=False):
                return False
            try:
                with self._changing:
                    worker, self._worker = self._worker, None
                if worker is not None:
                    worker.close()
            finally:
                self._busy.release()
        finally:
            self._is_resting = False
        return True

    def lower(self) -> None:
        """Let the worker's running command give way to others; the next command gets a worker with full priority."""
        worker = self._worker
        if worker is not None and not self._is_lowered:
            self._is_lowered = True
            worker.lower()

    def processor_seconds(self) -> float:
        """Processor time that the worker has used so far, in seconds; 0 when there is none."""
        worker = self._worker
        return worker.processor_seconds() if worker is not None else 0.0

    def interrupt(self) -> None:
        """Stop the running script."""
        stop = self._stop
        if stop is not None:
            stop.set()

    def close(self) -> None:
        """Stop the running script and the worker, and destroy the session's files. Closing twice is harmless."""
        with self._changing:
            if self._closed:
                return
            self._closed = True
        self.interrupt()
        if self._worker is not None:
            self._worker.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def unknown_session() -> UnknownNameError:
    """Return the error of a session that does not exist, or not for this user: the two are not told apart."""
    return UnknownNameError(
        "UNKNOWN_SESSION",
        Text("There is no such session.", "Det finnes ingen slik økt."),
        hint=Text("It may have expired; open a new one.", "Den kan ha utløpt; åpne en ny."),
    )
