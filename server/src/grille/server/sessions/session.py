"""A session: who, for which project, what names mean now, which data sets exist, and the worker that computes."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grille.server.commands.scope import Scope
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame
from grille.server.errors import BudgetError, UnknownNameError
from grille.server.sessions.messages import Computed, WorkerSettings
from grille.server.sessions.process import Worker
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text


class Session:
    """One open session. Scope and frames change only through `accept`, after a command's answer was recorded."""

    def __init__(
        self,
        identifier: str,
        user: str,
        project: str,
        language: Language,
        scope: Scope,
        settings: WorkerSettings,
        folder: Path,
    ) -> None:
        """Open the session and start its worker."""
        self.identifier = identifier
        self.user = user
        self.project = project
        self.language = language
        self.scope = scope
        self.frames: Mapping[str, Frame] = {}
        self.commands = 0
        self.created = self.last_used = datetime.datetime.now(datetime.UTC)
        self._settings = settings
        self._folder = folder
        self._busy = threading.Lock()
        self._closed = False
        self._changing = threading.Lock()
        self._stop: Stop | None = None
        self._worker = Worker(settings)

    @contextlib.contextmanager
    def exclusive(self, stop: Stop) -> Iterator[None]:
        """Hold the session for one script, which `stop` ends; raises SESSION_BUSY when it is running another.

        Raises:
            BudgetError: SESSION_BUSY.
            UnknownNameError: UNKNOWN_SESSION when it was closed meanwhile.
        """
        if not self._busy.acquire(blocking=False):
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
    def worker_pid(self) -> int | None:
        """Process id of the worker."""
        return self._worker.pid

    def compute(
        self,
        command: str,
        plan: Any,
        policy: Policy,
        progress: Callable[[str], None],
        timeout_seconds: float,
        stop: Stop,
    ) -> Computed:
        """Compute in the worker; a worker that died before is replaced and finds its data sets on disk.

        Raises:
            GrilleError: See Worker.compute.
            UnknownNameError: UNKNOWN_SESSION when the session was closed meanwhile.
        """
        with self._changing:
            if self._closed:
                raise unknown_session()
            if not self._worker.alive():
                self._worker.kill()
                self._worker = Worker(self._settings)
            worker = self._worker
        return worker.compute(command, plan, self.frames, policy, progress, timeout_seconds, stop)

    def accept(self, scope: Scope, frames: Mapping[str, Frame]) -> None:
        """Take over the state after an answered command."""
        self.scope = scope
        self.frames = frames
        self.commands += 1

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
        self._worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def unknown_session() -> UnknownNameError:
    """Return the error of a session that does not exist, or not for this user: the two are not told apart."""
    return UnknownNameError(
        "UNKNOWN_SESSION",
        Text("There is no such session.", "Det finnes ingen slik økt."),
        hint=Text("It may have expired; open a new one.", "Den kan ha utløpt; åpne en ny."),
    )
