"""The analysis set of a statistic: how many units, their cell key, their sketch."""

from __future__ import annotations

import numpy as np

from grille.server.disclosure.evidence import AnalysisSet, UnitCount
from grille.server.engines.base import Engine, Frame
from grille.server.errors import InternalError
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind
from grille.server.plan.expressions import Expression
from grille.server.text import Text

SET_MEASURES = (
    Measure("n", MeasureKind.UNITS),
    Measure("key", MeasureKind.CELL_KEY),
    Measure("sketch", MeasureKind.SKETCH),
)


def analysis_set(
    engine: Engine, frame: Frame, label: str, where: Expression | None, complete: tuple[Expression, ...]
) -> AnalysisSet:
    """Return the set of the units for which `where` is true and none of `complete` is missing."""
    groups = engine.aggregate(frame, Aggregation((), SET_MEASURES, where, complete))
    if frame.rows is None:
        raise InternalError("NO_ROWS", Text("The data set has no rows.", "Datasettet har ingen rader."))
    return AnalysisSet(
        bank=frame.rows.bank,
        unit_type=frame.rows.unit_type,
        units=UnitCount(int(groups.measures["n"][0]), int(groups.measures["key"][0])),
        sketch=tuple(int(word) for word in np.asarray(groups.measures["sketch"])[0]),
        label=label,
    )
