"""The server's handle on a worker process: start it from the warm fork server, ask, listen, interrupt, end it."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame
from grille.server.errors import BudgetError, GrilleError, InternalError
from grille.server.sessions.messages import (
    Close,
    Compute,
    Computed,
    Failed,
    Interrupt,
    Judged,
    Likened,
    Progressed,
    Ready,
    WorkerSettings,
)
from grille.server.sessions.processor import lower, processor_seconds
from grille.server.sessions.stop import Stop
from grille.server.text import Text

Like = Callable[[Judged], tuple[int, ...]]

PATIENCE_SECONDS = 0.3
"""How long a worker may go on after it was told to stop; then it is killed, which loses nothing: see decisions/0004."""
_START_SECONDS = 120.0
"""How long a process may take to be ready; one that dies is noticed at once. A busy machine took more than 30 s."""
_STOP_SECONDS = 5.0


def warm_up(*modules: str) -> None:
    """Start the fork server with everything that workers need already imported.

    Call from the main thread before any other exists.

    Args:
        modules: Names of what the program's main script imports: every worker begins by running that script's imports.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grille.server.sessions.worker", *modules])
    probe = context.Process(target=_nothing)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # inherited: only the server itself reacts to it
    try:
        probe.start()
    finally:
        signal.signal(signal.SIGTERM, before)
    probe.join()


def _nothing() -> None:
    """Do nothing: the target of the process that makes the fork server start and import."""


class Worker:
    """A worker process and the server's end of its pipe. One request at a time."""

    def __init__(self, settings: WorkerSettings, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Start the process and wait until it is ready; raises what its start raised.

        Args:
            settings: What the worker is told.
            patience_seconds: How long a worker may go on after it was told to stop, before it is killed.
        """
        self._numbers = itertools.count(1)
        self._patience = patience_seconds
        self._started = time.monotonic()
        self._sending = threading.Lock()
        self._computing = threading.Lock()
        context = multiprocessing.get_context("forkserver")
        ours, theirs = context.Pipe()
        self._pipe: Connection = ours
        from grille.server.sessions.entry import enter

        self._process: ForkServerProcess = context.Process(target=enter, args=(theirs, settings), daemon=True)
        try:
            self._process.start()
        except (OSError, EOFError):
            self._pipe.close()
            raise _lost() from None
        finally:
            theirs.close()
        try:
            first = self._pipe.recv() if self._pipe.poll(_START_SECONDS) else None
        except (EOFError, OSError):
            first = None
        if not isinstance(first, Ready):
            self.kill()
            raise first.error if isinstance(first, Failed) else _lost()

    @property
    def pid(self) -> int | None:
        """Process id."""
        return self._process.pid

    def compute(
        self,
        command: str,
        plan: Any,
        frames: Mapping[str, Frame],
        policy: Policy,
        progress: Callable[[str], None],
        timeout_seconds: float,
        stop: Stop,
        like: Like,
    ) -> Computed:
        """Run a bound command; `like` says which sketch a part of its conditions counts as.

        Raises:
            GrilleError: What the command raised.
            BudgetError: COMMAND_TIMEOUT after `timeout_seconds`, CANCELLED when `stop` is set. A worker that does not
                react to either is killed.
            InternalError: WORKER_LOST when the process ended by itself.
        """
        request = _Request(next(self._numbers))
        timer = threading.Timer(timeout_seconds, self._interrupt, (request, _too_slow(timeout_seconds)))
        timer.daemon = True
        try:
            with self._computing:
                self._send(Compute(request.number, command, plan, frames, policy))
                timer.start()
                with stop.telling(lambda: self._interrupt(request, stop.error)):
                    message = self._reply(request, progress, like)
        except (EOFError, OSError):
            raise request.interrupted or _lost() from None
        finally:
            timer.cancel()
            request.end()
        if isinstance(message, Failed):
            if request.interrupted is not None and message.error.reason == "CANCELLED":
                raise request.interrupted
            raise message.error
        return message

    def _reply(self, request: _Request, progress: Callable[[str], None], like: Like) -> Computed | Failed:
        while True:
            message = self._pipe.recv()
            if message.request != request.number:
                continue
            if isinstance(message, Progressed):
                progress(message.phase)
            elif isinstance(message, Judged):
                self._send(_likened(message, like))
            else:
                answer: Computed | Failed = message
                return answer

    def _interrupt(self, request: _Request, why: GrilleError) -> None:
        if request.interrupt(why, self._patience, self._kill_process):
            with contextlib.suppress(OSError):
                self._send(Interrupt(request.number))

    def _send(self, message: Compute | Interrupt | Likened | Close) -> None:
        with self._sending:  # timers and vanished clients send from threads of their own
            self._pipe.send(message)

    def lower(self) -> None:
        """Let the process give way to all others; it cannot be raised again."""
        if self._process.pid is not None:
            lower(self._process.pid)

    def processor_seconds(self) -> float:
        """Processor time used so far, in seconds; where the system does not tell, the time since the start."""
        used = processor_seconds(self._process.pid) if self._process.pid is not None else None
        return time.monotonic() - self._started if used is None else used

    def alive(self) -> bool:
        """Whether the process runs."""
        return not self._pipe.closed and self._process.is_alive()

    def close(self) -> None:
        """Ask the process to leave, then make it."""
        with contextlib.suppress(OSError):
            self._send(Close())
        self._process.join(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process at once."""
        self._kill_process()
        has_ended = self._computing.acquire(timeout=_STOP_SECONDS)  # whoever waits for an answer hears that none comes
        self._pipe.close()  # also ends a worker that cannot be waited for, because the fork server is gone
        if has_ended:
            self._computing.release()

    def _kill_process(self) -> None:
        if self._process.pid is not None and self._process.is_alive():
            self._process.kill()
            self._process.join(_STOP_SECONDS)


def _likened(part: Judged, like: Like) -> Likened:
    """Return the answer that a worker waits for, whatever comes."""
    try:
        return Likened(part.request, like(part))
    except GrilleError as error:
        return Likened(part.request, error=error)


class _Request:
    """The request at work: why it was interrupted, and the watch on a worker that does not react."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.interrupted: GrilleError | None = None
        self._lock = threading.Lock()
        self._has_ended = False
        self._watch: threading.Timer | None = None

    def interrupt(self, why: GrilleError, patience_seconds: float, kill: Callable[[], None]) -> bool:
        """Note the first reason and begin to watch; tells whether the worker shall be interrupted."""
        with self._lock:
            if self._has_ended or self.interrupted is not None:
                return False
            self.interrupted = why
            self._watch = threading.Timer(patience_seconds, self._give_up, (kill,))
            self._watch.daemon = True
            self._watch.start()
            return True

    def _give_up(self, kill: Callable[[], None]) -> None:
        with self._lock:  # held while killing, so that no later request is sent to a worker that is about to die
            if not self._has_ended:
                kill()

    def end(self) -> None:
        """Stop watching; waits for a killing that has begun."""
        with self._lock:
            self._has_ended = True
            if self._watch is not None:
                self._watch.cancel()


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
