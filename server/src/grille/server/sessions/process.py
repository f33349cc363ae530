"""The server's handle on a worker process: start it from the warm fork server, ask, listen, interrupt, end it."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from grille.server.engines.base import Frame
from grille.server.errors import BudgetError, GrilleError, InternalError
from grille.server.sessions.messages import (
    Close,
    Compute,
    Computed,
    Failed,
    Interrupt,
    Progressed,
    Ready,
    WorkerSettings,
)
from grille.server.text import Text

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0


def warm_up() -> None:
    """Start the fork server with everything that workers need already imported; call before any thread exists."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grille.server.sessions.worker"])
    probe = context.Process(target=_nothing)
    probe.start()
    probe.join()


def _nothing() -> None:
    """Do nothing: the target of the process that makes the fork server start and import."""


class Worker:
    """A worker process and the server's end of its pipe. One request at a time."""

    def __init__(self, settings: WorkerSettings) -> None:
        """Start the process and wait until it is ready; raises what its start raised."""
        self._numbers = itertools.count(1)
        self._current = 0
        self._lock = threading.Lock()
        context = multiprocessing.get_context("forkserver")
        ours, theirs = context.Pipe()
        self._pipe: Connection = ours
        from grille.server.sessions.entry import enter

        self._process: ForkServerProcess = context.Process(target=enter, args=(theirs, settings), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(_START_SECONDS):
            self.kill()
            raise _lost()
        try:
            first = self._pipe.recv()
        except EOFError:
            raise _lost() from None
        if isinstance(first, Failed):
            self._process.join(_STOP_SECONDS)
            raise first.error
        assert isinstance(first, Ready)

    @property
    def pid(self) -> int | None:
        """Process id."""
        return self._process.pid

    def compute(
        self,
        command: str,
        plan: Any,
        frames: Mapping[str, Frame],
        progress: Callable[[str], None],
        timeout_seconds: float,
    ) -> Computed:
        """Run a bound command; raises its GrilleError, BudgetError on timeout, InternalError when the worker dies."""
        request = next(self._numbers)
        with self._lock:
            self._current = request
        timer = threading.Timer(timeout_seconds, self._interrupt, (request,))
        timer.daemon = True
        timed_out = False
        try:
            self._pipe.send(Compute(request, command, plan, frames))
            timer.start()
            while True:
                message = self._pipe.recv()
                if isinstance(message, Progressed):
                    progress(message.phase)
                elif message.request == request:
                    break
            timed_out = not timer.is_alive()
        except (EOFError, OSError):
            raise _lost() from None
        finally:
            timer.cancel()
            with self._lock:
                self._current = 0
        if isinstance(message, Failed):
            if timed_out and message.error.reason == "CANCELLED":
                raise _too_slow(timeout_seconds)
            raise message.error
        assert isinstance(message, Computed)
        return message

    def interrupt(self) -> None:
        """Stop the running request, if there is one; it then fails with CANCELLED."""
        with self._lock:
            request = self._current
        if request:
            self._interrupt(request)

    def _interrupt(self, request: int) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(Interrupt(request))

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def close(self) -> None:
        """Ask the process to leave, then make it."""
        with contextlib.suppress(OSError):
            self._pipe.send(Close())
        self._process.join(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process at once."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_STOP_SECONDS)
        self._pipe.close()


def _lost() -> GrilleError:
    return InternalError(
        "WORKER_LOST",
        Text("The session's worker process stopped.", "Øktens arbeidsprosess stoppet."),
        hint=Text(
            "Data sets of earlier commands are kept. Run the command again.",
            "Datasett fra tidligere kommandoer er bevart. Kjør kommandoen på nytt.",
        ),
    )


def _too_slow(seconds: float) -> GrilleError:
    return BudgetError(
        "COMMAND_TIMEOUT",
        Text(
            f"The command took longer than the {seconds:g} seconds that a command may take.",
            f"Kommandoen brukte mer enn de {seconds:g} sekundene som en kommando kan bruke.",
        ),
    )
