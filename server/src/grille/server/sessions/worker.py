"""The worker process of one session: opens the session's files, then computes one bound command at a time.

It holds rows and gives evidence; it never speaks to a client, writes no log line and cannot release anything.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from grille.server.commands.base import Workspace
from grille.server.commands.facts import remembered_frames
from grille.server.commands.settling import settled, without_members
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.evidence import UnitCount
from grille.server.engines.base import Engine, Rows
from grille.server.engines.duckdb.engine import open_session_engine
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
from grille.server.text import Text


def run_worker(pipe: Connection, settings: WorkerSettings) -> None:
    """Serve one session until told to close or until the server's end of the pipe is gone."""
    os.umask(0o077)  # the engine makes files without regard to their rights
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # may go to all processes of a service; the server says when to leave
    try:
        engine = open_session_engine(
            settings.database,
            settings.database_key,
            memory_limit=settings.memory_limit,
            threads=settings.threads,
            temp_directory=settings.temporary,
        )
        for bank in settings.banks:
            engine.attach(bank.name, bank.path, bank.key)
        engine.lock()
    except GrilleError as error:
        pipe.send(Failed(0, error))
        return
    except Exception as error:  # the cause may quote a value: only its class is told
        pipe.send(Failed(0, _fault(error)))
        return
    pipe.send(Ready())
    _Loop(pipe, engine).run()


class _Loop:
    """Reads requests on one thread and computes them on the main one, so that an interrupt is heard while computing."""

    def __init__(self, pipe: Connection, engine: Engine) -> None:
        self._pipe = pipe
        self._engine = engine
        self._requests: queue.SimpleQueue[Compute | Close] = queue.SimpleQueue()
        self._likened: queue.SimpleQueue[Likened] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = 0
        self._cancelled = 0
        self._memo: dict[tuple[str, ...], Any] = {}

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            request = self._requests.get()
            if isinstance(request, Close):
                return
            self._answer(request)

    def _listen(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                os._exit(0)  # the server is gone: nothing to answer to
            if isinstance(message, Interrupt):
                with self._lock:
                    self._cancelled = message.request
                    if self._running == message.request:
                        self._engine.interrupt()
            elif isinstance(message, Likened):
                self._likened.put(message)
            else:
                self._requests.put(message)

    def _answer(self, request: Compute) -> None:
        with self._lock:
            self._running = request.request
        try:
            reply: Computed | Failed = self._compute(request)
        except GrilleError as error:
            reply = Failed(request.request, error)
        except MemoryError:
            reply = Failed(request.request, _out_of_memory())
        except Exception as error:
            reply = Failed(request.request, _fault(error))
        finally:
            with self._lock:
                self._running = 0
        with contextlib.suppress(OSError):
            self._pipe.send(reply)

    def _compute(self, request: Compute) -> Computed:
        def check() -> None:
            if self._cancelled == request.request:
                raise BudgetError("CANCELLED", Text("The command was cancelled.", "Kommandoen ble avbrutt."))

        def progress(phase: str) -> None:
            check()
            self._pipe.send(Progressed(request.request, phase))

        def like(rows: Rows, units: UnitCount, sketch: tuple[int, ...]) -> tuple[int, ...]:
            self._pipe.send(Judged(request.request, rows.bank, rows.unit_type, units, sketch))
            while (found := self._likened.get()).request != request.request:
                pass  # the answer to a request that was given up
            if found.error is not None:
                raise found.error
            check()
            return found.sketch

        self._engine.sweep((*request.frames.values(), *remembered_frames(self._memo)))
        check()  # the sweep forgot an interrupt that came before it
        workspace = Workspace(self._engine, request.frames, progress, self._memo, request.policy)
        settling = settled(request.command, request.plan, workspace, like)
        workspace = replace(workspace, frames=settling.frames)
        outcome = COMMANDS[request.command].compute(settling.plan, workspace)
        return Computed(request.request, outcome.evidence, without_members(outcome.frames), settling.judged)


def _fault(error: Exception) -> InternalError:
    if os.environ.get("GRILLE_DEBUG_TRACEBACKS") == "1":  # for developers, on synthetic data alone
        import traceback

        traceback.print_exception(error)
    return InternalError(
        "WORKER_FAULT",
        Text(
            f"The server failed on this command ({type(error).__name__}).",
            f"Serveren feilet på denne kommandoen ({type(error).__name__}).",
        ),
        hint=Text(
            "This is a fault of the server, not of the script; tell the custodian when it happened.",
            "Dette er en feil i serveren, ikke i skriptet; si fra til forvalteren om tidspunktet.",
        ),
    )


def _out_of_memory() -> BudgetError:
    return BudgetError(
        "MEMORY_LIMIT",
        Text(
            "The command needs more memory than a session may use.",
            "Kommandoen trenger mer minne enn en økt kan bruke.",
        ),
    )
