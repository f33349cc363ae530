"""The analysis set of a statistic: how many units, their cell key, their sketch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.base import Workspace
from grille.server.commands.facts import remembered
from grille.server.disclosure.evidence import AnalysisSet, UnitCount
from grille.server.engines.base import Engine, Frame
from grille.server.errors import InternalError
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind
from grille.server.plan.expressions import Expression
from grille.server.text import Text

COUNT_MEASURES = (Measure("n", MeasureKind.UNITS), Measure("key", MeasureKind.CELL_KEY))
SET_MEASURES = (*COUNT_MEASURES, Measure("sketch", MeasureKind.SKETCH))


def analysis_set(
    engine: Engine, frame: Frame, label: str, where: Expression | None, complete: tuple[Expression, ...]
) -> AnalysisSet:
    """Return the set of the units for which `where` is true and none of `complete` is missing."""
    return whole_set(frame, label, engine.aggregate(frame, Aggregation((), SET_MEASURES, where, complete)).measures)


def analysis_set_of_all(workspace: Workspace, frame: Frame, label: str) -> AnalysisSet:
    """Return the set of all units of a data set, which is counted once."""
    assert frame.rows is not None
    found = remembered(
        workspace,
        ("analysis_set_of_all", frame.rows.present),
        lambda: workspace.engine.aggregate(frame, Aggregation((), SET_MEASURES)).measures,
    )
    return whole_set(frame, label, cast(Mapping[str, NDArray[np.generic]], found))


def group_set(frame: Frame, label: str, measures: Mapping[str, NDArray[np.generic]], group: int) -> AnalysisSet:
    """Return the set of one of the groups for which SET_MEASURES were computed."""
    return whole_set(frame, label, {key: values[group : group + 1] for key, values in measures.items()})


def whole_set(frame: Frame, label: str, measures: Mapping[str, NDArray[np.generic]]) -> AnalysisSet:
    """Return the union of disjoint groups for which SET_MEASURES were computed."""
    if frame.rows is None:
        raise InternalError("NO_ROWS", Text("The data set has no rows.", "Datasettet har ingen rader."))
    words = np.bitwise_xor.reduce(measures["sketch"].astype(np.uint64).reshape(-1, 6), axis=0, initial=0)
    key = measures["key"].astype(np.uint64).sum(dtype=np.uint64)
    return AnalysisSet(
        bank=frame.rows.bank,
        unit_type=frame.rows.unit_type,
        units=UnitCount(int(measures["n"].sum()), int(key)),
        sketch=tuple(int(word) for word in words),
        label=label,
    )
