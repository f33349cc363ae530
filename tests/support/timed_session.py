"""A session through the real client's connection, timed at the client's end; one in this process, timed by parts."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from support.gate_cases import Silent
from support.service import Service
from support.workbench import likeness

from grille.client.connection import Connection, connected
from grille.client.environment import Environment
from grille.client.running import close_session, open_session
from grille.client.words import Words
from grille.server.catalog import bank_file
from grille.server.catalog.banks import list_banks
from grille.server.commands import gathering, mml_estimate
from grille.server.commands.base import Workspace
from grille.server.commands.scope import Scope
from grille.server.commands.settling import settled, without_members
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.evidence import Sensitivity
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame
from grille.server.engines.duckdb.engine import open_session_engine
from grille.server.execution.encoding import encode
from grille.server.language.parser import parse
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys
from grille.v1.analysis_pb2 import RunScriptRequest
from grille.v1.content import block_json


class RefusedCommandError(Exception):
    """The server did not answer a command; holds the reason."""


class TimedSession:
    """An open session."""

    def __init__(self, connection: Connection, session: str) -> None:
        """Take over an open session."""
        self._connection, self._session = connection, session

    def ask(self, script: str) -> tuple[float, dict[str, Any]]:
        """Run a script; return the seconds from the call to its last byte, and the last command's blocks by key.

        Raises:
            RefusedCommandError: A command was refused or failed.
        """
        start = time.perf_counter()
        request = RunScriptRequest(session_id=self._session, script=script.encode())
        events = list(self._connection.analysis.RunScript(request))
        seconds = time.perf_counter() - start
        for event in events:
            if event.HasField("failed"):
                raise RefusedCommandError(event.failed.error.reason)
        blocks = [block_json(event.block) for event in events if event.HasField("block")]
        return seconds, {one["key"]: one for one in blocks}


@contextmanager
def timed_session(service: Service, user: str, project: str) -> Iterator[TimedSession]:
    """Open a session of a user through mutual TLS, and close it at the end."""
    environment = Environment(
        stdin=io.BytesIO(),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        stdout_tty=False,
        stderr_tty=False,
        colours=False,
        width=100,
        config=service.folder / "config",
        variables={**os.environ, "GRILLE_CREDENTIALS": str(service.bundle(user))},
    )
    with connected(environment, Words.ENGLISH) as connection:
        session = open_session(connection, project).session_id
        try:
            yield TimedSession(connection, session)
        finally:
            close_session(connection, session)


def parts_of(home: Home, bank: str, folder: Path, before: Sequence[str], model: str) -> dict[str, float]:
    """Return the seconds of the parts of a regress-mml, best of three, with the real engine and gate in this process.

    Args:
        home: Where the bank is.
        bank: Its name.
        folder: For the session's file.
        before: Commands that come first.
        model: The command.

    Returns:
        reading: The rows read again with nothing done to them, as Arrow batches, on all threads.
        products: What cross-products and group sums take beyond that; they are formed while later rows are read.
        optimiser: The fit from these sums.
        gate: All else, from the text to the bytes of the answer: sets, cell keys, leverage, rules, rounding.
    """
    folder.mkdir()
    engine = open_session_engine(
        str(folder / "session.duckdb"), "key", memory_limit="4GB", threads=2, temp_directory=str(folder / "spill")
    )
    with closing(engine):
        engine.attach(f"{bank}@1", str(bank_file.data_path(home.banks, bank, 1)), load_keys(home).bank_key(bank))
        engine.lock()
        like = likeness(folder / "parts.sqlite")
        policy, gate = Policy.standard(), Gate(Policy.standard(), Silent())
        scope, memo = Scope(banks=list_banks(home.banks)), dict[tuple[str, ...], Any]()
        frames: dict[str, Frame] = {}
        found = []
        for turn in (*before, model, model, model):
            known = dict(memo)
            marks = dict.fromkeys(("reading", "products", "optimiser"), 0.0)
            start = time.perf_counter()
            with _marked(marks):
                (node,) = parse(turn).commands
                command = COMMANDS[node.head.name]
                bound = command.bind(node, scope)
                workspace = Workspace(engine, frames, lambda phase: None, memo, policy)
                after = settled(bound.name, bound.plan, workspace, like)
                outcome = command.compute(after.plan, replace(workspace, frames=after.frames))
                released = gate.release(
                    outcome.evidence, project="P", sensitivity=Sensitivity("PUBLIC"), conditions=after.judged
                )
                encode(released.present(command.present), "en")
            total = time.perf_counter() - start - marks["reading"]
            frames, scope = without_members(outcome.frames), bound.scope
            engine.sweep(tuple(frames.values()))
            if turn == model:
                memo = known
                both = max(marks["products"], marks["reading"])
                rest = total - both - marks["optimiser"]
                found.append({**marks, "products": both - marks["reading"], "gate": rest})
    return min(found, key=lambda one: sum(one.values()))


@contextmanager
def _marked(marks: dict[str, float]) -> Iterator[None]:
    collect, fit = gathering.collect_moments, mml_estimate.fit_mixed

    def collected(passes: Any, *rest: Any) -> Any:
        start = time.perf_counter()
        for _ in passes():
            pass
        between = time.perf_counter()
        result = collect(passes, *rest)
        marks["reading"], marks["products"] = between - start, time.perf_counter() - between
        return result

    def fitted(*given: Any) -> Any:
        start = time.perf_counter()
        result = fit(*given)
        marks["optimiser"] = time.perf_counter() - start
        return result

    with (
        mock.patch.object(gathering, "collect_moments", collected),
        mock.patch.object(mml_estimate, "fit_mixed", fitted),
    ):
        yield
