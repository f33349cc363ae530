"""What the gate costs: commands with and without disclosure control, in one process, on the same data, in turn.

`bench_gate.py [--rows N] [--table-rows N] [--folder F]`; F is kept for another time. With: conditions judged, sets
counted with cell keys and sketches, leverage, rarity and dominance, rules, noise, and the ledger on disk among earlier
sets. Without: the same program, with nothing in their place.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from support.gate_cases import Silent
from support.model_bank import COVARIATES, make_model_bank
from support.service import Service, free_port
from support.workbench import likeness

from grille.server.catalog import bank_file
from grille.server.catalog.banks import list_banks
from grille.server.commands import mml_estimate, regress_estimate
from grille.server.commands.base import Workspace
from grille.server.commands.scope import Scope
from grille.server.commands.settling import Like, settled, without_members
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.evidence import AnalysisSet, Sensitivity, UnitCount
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame
from grille.server.engines.duckdb.answers import Answers
from grille.server.engines.duckdb.engine import DuckDbEngine, open_session_engine
from grille.server.execution.encoding import encode
from grille.server.language.parser import parse
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys
from grille.server.plan.aggregates import Aggregation, Groups, MeasureKind
from grille.server.statistics import moments
from grille.server.statistics.ranges import ColumnRange

EARLIER = 10_000
TIMES = 7
_FOR_THE_GATE = {MeasureKind.CELL_KEY, MeasureKind.SKETCH, MeasureKind.LARGEST_ABS, MeasureKind.SECOND_ABS}
_NAMES = [name.lower() for name in COVARIATES]
MODELS = {
    "regress-mml, nothing remembered": f"regress-mml y {' '.join(_NAMES)} by g",
    "regress-mml, another outcome": f"regress-mml x2 y {' '.join(name for name in _NAMES if name != 'x2')} by g",
    "regress-mml, three levels": f"regress-mml x4 y {' '.join(name for name in _NAMES if name != 'x4')} by h g",
    "regress": f"regress x6 y {' '.join(name for name in _NAMES if name != 'x6')}",
}
TABLES = {
    "tabulate, 20 cells": "tabulate h x1",
    "tabulate, 800 cells": "tabulate g x1",
    "tabulate with a condition": "tabulate h x1 if x2 > 30 & x3 == 1",
    "tabulate, means in 10 cells": "tabulate h, summarize(y)",
    "summarize": "summarize y x2",
}


class Bare:
    """An engine that computes nothing that only the gate needs."""

    def __init__(self, engine: DuckDbEngine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def aggregate(self, frame: Frame, aggregation: Aggregation, *rest: Any) -> Groups:
        """Aggregate without cell keys, sketches and largest values, for which there are zeros."""
        wanted = tuple(one for one in aggregation.measures if one.kind not in _FOR_THE_GATE)
        found = self._engine.aggregate(frame, replace(aggregation, measures=wanted), *rest)
        groups = len(next(iter(found.measures.values())))
        none = {one.key: _zeros(one.kind, groups) for one in aggregation.measures if one.kind in _FOR_THE_GATE}
        return Groups(found.by, {**found.measures, **none})


def _zeros(kind: MeasureKind, groups: int) -> np.ndarray:
    if kind is MeasureKind.SKETCH:
        return np.zeros((groups, 6), dtype=np.uint64)
    return np.zeros(groups, dtype=np.uint64 if kind is MeasureKind.CELL_KEY else np.float64)


class Unwatched:
    """In the place of what follows the range of a column."""

    def add(self, *_: Any) -> None:
        """Follow nothing."""

    def result(self, n: int) -> ColumnRange:
        """Return a range of an ordinary column."""
        return ColumnRange(0.0, 1.0, n // 2)


class Fresh(Ledger):
    """A ledger to which every set is new, so that none is free."""

    def admit(self, project: str, sets: Sequence[AnalysisSet], *rest: Any) -> None:
        """Admit other sets in their place."""
        super().admit(project, _others(sets), *rest)

    def admit_separately(self, project: str, sets: Sequence[AnalysisSet], *rest: Any) -> list[bool]:
        """Admit other sets in their place."""
        return super().admit_separately(project, _others(sets), *rest)


def _others(sets: Sequence[AnalysisSet]) -> list[AnalysisSet]:
    return [replace(new, units=old.units) for new, old in zip(_some_sets(len(sets), 100), sets, strict=True)]


class Session:
    """A session without a server, whose memory of answers can be emptied."""

    def __init__(self, engine: DuckDbEngine, scope: Scope, like: Like) -> None:
        self.engine, self.scope, self.like = engine, scope, like
        self.frames: dict[str, Frame] = {}
        self.memo: dict[tuple[str, ...], Any] = {}

    def run(self, script: str, gate: Gate, *, bare: bool = False) -> float:
        """Run commands from their text to the bytes of their answers; return the seconds of the last one."""
        policy = Policy.standard()
        for node in parse(script).commands:
            start = time.perf_counter()
            bound = COMMANDS[node.head.name].bind(node, self.scope)
            engine: Any = Bare(self.engine) if bare else self.engine
            workspace = Workspace(engine, self.frames, lambda phase: None, self.memo, policy)
            plan, judged = bound.plan, False
            if not bare:
                found = settled(bound.name, bound.plan, workspace, self.like)
                plan, judged, workspace = found.plan, found.judged, replace(workspace, frames=found.frames)
            outcome = COMMANDS[bound.name].compute(plan, workspace)
            released = gate.release(outcome.evidence, project="P", sensitivity=Sensitivity("PUBLIC"), conditions=judged)
            encode(released.present(COMMANDS[bound.name].present), "en")
            seconds = time.perf_counter() - start
            self.frames, self.scope = without_members(outcome.frames), bound.scope
        return seconds


@contextmanager
def without_gate() -> Iterator[None]:
    """Leave out of models what only the gate needs."""
    with ExitStack() as stack:
        none = SimpleNamespace(largest=0.0, three_largest=0.0)
        for module in (mml_estimate, regress_estimate):
            for name, value in (
                ("design_leverage", none), ("outcome_weight", (1.0, 0.0, 0.0)), ("smallest_combination", None),
                ("design_columns", ()), ("small_group_leverage", 0.0), ("check_groups", None),
            ):  # fmt: skip
                if hasattr(module, name):
                    stack.enter_context(mock.patch.object(module, name, lambda *_, value=value, **__: value))
        stack.enter_context(mock.patch.object(moments, "RangeTracker", Unwatched))
        yield


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--table-rows", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = _home(options.folder or Path(folder), {"bench.rows": options.rows, "bench.table": options.table_rows})
        ledger = Fresh(Path(folder) / "ledger.sqlite", b"s" * 32)
        for _ in range(EARLIER // 1000):
            ledger.admit_separately("P", _some_sets(1000, options.rows), Policy.standard())
        for bank, rows, scripts in (
            ("bench.table", options.table_rows, TABLES),
            ("bench.rows", options.rows, MODELS),
        ):
            _compare(home, bank, Path(folder) / bank, scripts, Gate(Policy.standard(), ledger), rows)


def _home(folder: Path, banks: Mapping[str, int]) -> Home:
    """Return a home with banks of so many rows; one that is there is taken as it is."""
    path = folder / "home"
    if not path.exists():
        Service(folder, f"127.0.0.1:{free_port()}").admin("init", path)
        for bank, rows in banks.items():
            make_model_bank(path, bank, rows, 400, 10)
    return Home(path)


def _compare(home: Home, bank: str, folder: Path, scripts: Mapping[str, str], gate: Gate, rows: int) -> None:
    folder.mkdir()
    engine = open_session_engine(
        str(folder / "session.duckdb"), "key", memory_limit="4GB", threads=2, temp_directory=str(folder / "spill")
    )
    engine.attach(f"{bank}@1", str(bank_file.data_path(home.banks, bank, 1)), load_keys(home).bank_key(bank))
    engine.lock()
    session = Session(engine, Scope(banks=list_banks(home.banks)), likeness(folder / "parts.sqlite"))
    open_gate = Gate(Policy.open(), Silent())
    imports = "\n".join(f"import b/{name} as {name.lower()}" for name in ("Y", *COVARIATES, "G", "H"))
    session.run(f"require {bank}:1 as b\ncreate-dataset d\n{imports}", open_gate)
    engine.sweep(tuple(session.frames.values()))
    print(f"{rows:,} rows, {EARLIER:,} earlier sets in the ledger, medians of {TIMES}")
    for name, script in scripts.items():
        if "another" not in name and "tabulate" not in name:
            session.memo.clear()
        known = dict(session.memo)
        taken: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * TIMES + 2):
            bare = turn % 2 == 0
            session.memo = dict(known)
            # nothing is remembered of the same question a moment ago
            requests = engine._requests
            requests._arrays, requests._rows, requests._others = Answers(), Answers(), Answers()
            with without_gate() if bare else ExitStack():
                seconds = session.run(script, open_gate if bare else gate, bare=bare)
            if turn > 1:  # the first of each reads from disk
                taken[bare].append(seconds)
        bare_time, gated = float(np.median(taken[True])), float(np.median(taken[False]))
        print(
            f"  {name:34s} without {bare_time * 1e3:8.1f} ms   with {gated * 1e3:8.1f} ms   "
            f"{(gated - bare_time) * 1e3:+7.1f} ms   {gated / bare_time - 1:+7.1%}",
            flush=True,
        )
    engine.close()


def _some_sets(count: int, units: int) -> list[AnalysisSet]:
    random = np.random.default_rng()
    drawn = zip(
        random.integers(10, units, count),
        random.integers(0, 2**63, count),
        random.integers(0, 2**63, (count, 6)),
        strict=True,
    )
    return [AnalysisSet("b", "PERSON", UnitCount(int(n), int(key)), tuple(map(int, w)), "x") for n, key, w in drawn]


if __name__ == "__main__":
    main()
