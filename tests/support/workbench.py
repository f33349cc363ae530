"""Runs scripts up to their evidence: parser, binding and engine are real, the gate is left out."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from grille.server.catalog.model import BankMetadata
from grille.server.commands.base import Outcome, Workspace
from grille.server.commands.facts import remembered_frames
from grille.server.commands.scope import Scope
from grille.server.commands.settling import Like
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.condition_parts import ConditionParts
from grille.server.disclosure.evidence import Evidence, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame, Rows
from grille.server.engines.duckdb.engine import DuckDbEngine
from grille.server.language.parser import parse
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind
from grille.server.plan.expressions import ColumnRef, ValueType

START = "require no.test.small:1 as r\ncreate-dataset d\n"


def likeness(path: Path) -> Like:
    """Return what tells which earlier part of a project a part of a condition counts as."""
    parts = ConditionParts(path, b"p" * 32)

    def like(rows: Rows, units: UnitCount, sketch: tuple[int, ...]) -> tuple[int, ...]:
        return parts.like("P", rows.bank, rows.unit_type, units, sketch, Policy.standard().difference_min)

    return like


class Workbench:
    """A session without a server: its scope, its data sets, and the evidence of the last command."""

    def __init__(self, engine: DuckDbEngine, banks: dict[str, dict[int, BankMetadata]]) -> None:
        self.engine = engine
        self.scope = Scope(banks=banks)
        self.frames: dict[str, Frame] = {}
        self.policy = Policy.standard()
        self.memo: dict[tuple[str, ...], object] = {}

    def run(self, script: str) -> Evidence:
        """Run the commands of `script` and return the evidence of the last one."""
        evidence = None
        for node in parse(script).commands:
            command = COMMANDS[node.head.name]
            bound = command.bind(node, self.scope)
            plan = pickle.loads(pickle.dumps(bound.plan))
            self.engine.sweep((*self.frames.values(), *remembered_frames(self.memo)))
            outcome = pickle.loads(pickle.dumps(command.compute(plan, self._workspace())))
            assert isinstance(outcome, Outcome)
            self.frames = dict(outcome.frames)
            self.scope = replace(bound.scope, history=(*bound.scope.history, node.head.source))
            evidence = outcome.evidence
            for name, dataset in self.scope.datasets.items():
                assert list(self.frames[name].columns) == list(dataset.variables)
                assert {key: one.type for key, one in dataset.variables.items()} == {
                    key: one.type for key, one in self.frames[name].columns.items()
                }
        assert evidence is not None
        return evidence

    def values(self, name: str, dataset: str | None = None) -> np.ndarray:
        """Return the values of a variable by unit number: an object array, None where there is none or no unit."""
        frame = self.frames[dataset or self.scope.active]
        column = frame.columns[name]
        found = self.engine._connection.execute(
            f'SELECT CASE WHEN m.v THEN c.v END AS v FROM session.main."{frame.rows.present}" m '
            f'POSITIONAL JOIN session.main."{column.table}" c'
        ).fetchall()
        if column.dictionary is not None:
            dictionary = self.engine._connection.execute(f'SELECT v FROM session.main."{column.dictionary}"').fetchall()
            found = [(None if code is None else dictionary[code][0],) for (code,) in found]
        return np.array([one for (one,) in found], dtype=object)

    def count(self, dataset: str | None = None) -> int:
        """Return the number of units."""
        frame = self.frames[dataset or self.scope.active]
        groups = self.engine.aggregate(frame, Aggregation((), (Measure("n", MeasureKind.UNITS),)))
        return int(groups.measures["n"][0])

    def table(self, name: str) -> dict[object, int]:
        """Return how many units have each value of a variable, None for missing."""
        kind = self.scope.datasets[self.scope.active].variables[name].type
        by = ((name, ColumnRef(name, kind if kind is not ValueType.DATE else ValueType.NUMBER)),)
        groups = self.engine.aggregate(
            self.frames[self.scope.active], Aggregation(by, (Measure("n", MeasureKind.UNITS),))
        )
        return dict(zip(groups.by[name], groups.measures["n"].tolist(), strict=True))

    def _workspace(self) -> Workspace:
        return Workspace(self.engine, self.frames, lambda phase: None, self.memo, self.policy)
