"""Where a worker process begins; imports nothing, so that naming it does not load the engine into the server."""

from __future__ import annotations

from multiprocessing.connection import Connection

from grille.server.sessions.messages import WorkerSettings


def enter(pipe: Connection, settings: WorkerSettings) -> None:
    """Run the worker."""
    from grille.server.sessions.worker import run_worker

    run_worker(pipe, settings)
