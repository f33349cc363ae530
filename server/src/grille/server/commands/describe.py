"""Statistics of numeric variables over the cells of a table: the common part of summarize, tabulate and boxplot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.base import Workspace
from grille.server.commands.beside import beside
from grille.server.commands.cube import Cells, add, cells_of, combine_sketches, margins, top_two
from grille.server.commands.facts import clip, is_binary, reference, smoothing, winsor_limits
from grille.server.commands.gini import gini_of_cells
from grille.server.commands.scope import Variable
from grille.server.commands.sets import SET_MEASURES, whole_set
from grille.server.disclosure.evidence import AnalysisSet, Axis, MagnitudeEvidence, MagnitudeVariable
from grille.server.engines.base import Engine, Frame
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind, OrderStatistics, Percentiles
from grille.server.plan.expressions import Apply, Expression, ValueType


@dataclass(frozen=True, slots=True)
class Description:
    """What to describe.

    Attributes:
        command: Command name, for the ledger.
        variables: Numeric variables.
        by: Categorical variables that span the cells.
        where: Condition, or None.
        missing: Whether missing values of `by` are a category.
        probabilities: Percentiles wanted.
        gini: Whether the Gini coefficient is wanted.
        margins: Whether margins are wanted beside the cells.
        sums: Whether sums are shown.
    """

    command: str
    variables: tuple[Variable, ...]
    by: tuple[Variable, ...]
    where: Expression | None
    missing: bool
    probabilities: tuple[float, ...]
    gini: bool = False
    margins: bool = True
    sums: bool = False


def describe(workspace: Workspace, frame: Frame, request: Description, view: object) -> MagnitudeEvidence:
    """Compute the evidence of `request` on the rows of `frame`."""
    # percentiles of the finest cells keep one processor busy, the measures another
    with beside(lambda: _finest_percentiles(workspace, frame, request)) as finest:
        measured = tuple(_measure(workspace, frame, request, variable) for variable in request.variables)
    if len(measured) == 1:
        cells, entered = measured[0].cells, whole_set(frame, request.command, measured[0].measures)
    else:
        cells, entered = _of_several(workspace.engine, frame, request)
    layout = _Layout(cells, request.margins)
    return MagnitudeEvidence(
        analysis_set=entered,
        axes=cells.axes,
        positions=layout.positions,
        variables=tuple(
            _variable(workspace, frame, request, layout, one, answer)
            for one, answer in zip(measured, finest(), strict=True)
        ),
        domain_cells=int(np.prod([len(axis.codes) for axis in cells.axes], dtype=np.int64)),
        view=view,
        sums=request.sums,
    )


def _of_several(engine: Engine, frame: Frame, request: Description) -> tuple[Cells, AnalysisSet]:
    """Return the cells and the set of the units that have a value in any of several variables."""
    by = tuple((variable.name, reference(variable)) for variable in request.by)
    anywhere = _any_value(request.variables)
    condition = anywhere if request.where is None else Apply("and", (request.where, anywhere), ValueType.NUMBER)
    groups = engine.aggregate(frame, Aggregation(by, SET_MEASURES, condition, _categories(request)))
    return cells_of(groups, request.by), whole_set(frame, request.command, groups.measures)


def _categories(request: Description) -> tuple[Expression, ...]:
    """Return the categorical variables that must not be missing."""
    return () if request.missing else tuple(reference(variable) for variable in request.by)


def _any_value(variables: Sequence[Variable]) -> Expression:
    present: list[Expression] = [
        Apply("not", (Apply("sysmiss", (reference(variable),), ValueType.NUMBER),), ValueType.NUMBER)
        for variable in variables
    ]
    together = present[0]
    for one in present[1:]:
        together = Apply("or", (together, one), ValueType.NUMBER)
    return together


class _Layout:
    """Where every cell and margin cell of the evidence stands."""

    def __init__(self, cells: Cells, with_margins: bool) -> None:
        self.axes = cells.axes
        every = list(margins(cells))
        self.margins = every if with_margins or not cells.axes else every[:1]
        if len(cells.positions):
            self.positions = np.concatenate([margin.positions for margin in self.margins])
        else:
            self.positions = np.full((1, len(cells.axes)), -1, dtype=np.int64)
        self.index = {tuple(place): number for number, place in enumerate(self.positions.tolist())}


@dataclass(frozen=True, slots=True)
class _Measured:
    """One variable's measures per cell, and what they were measured with."""

    variable: Variable
    limits: tuple[float, float, int]
    binary: bool
    clipped: Expression
    origin: float
    cells: Cells
    measures: dict[str, NDArray[np.generic]]


def _measure(workspace: Workspace, frame: Frame, request: Description, variable: Variable) -> _Measured:
    limits = low, high, population = winsor_limits(workspace, frame, variable)
    binary = is_binary(workspace, frame, variable)
    value = reference(variable)
    exact = binary or population == 0
    clipped = value if exact or not workspace.policy.protects else clip(value, low, high)
    origin = 0.0 if exact else (low + high) / 2
    measures = (
        *SET_MEASURES,
        Measure("sum", MeasureKind.SUM, clipped, origin),
        Measure("squares", MeasureKind.SUM_SQUARES, clipped, origin),
        Measure("total", MeasureKind.SUM, Apply("abs", (clipped,), ValueType.NUMBER)),
        Measure("largest", MeasureKind.LARGEST_ABS, clipped),
        Measure("second", MeasureKind.SECOND_ABS, clipped),
    )
    by = tuple((one.name, reference(one)) for one in request.by)
    complete = (value, *_categories(request))
    groups = workspace.engine.aggregate(frame, Aggregation(by, measures, request.where, complete))
    return _Measured(variable, limits, binary, clipped, origin, cells_of(groups, request.by), groups.measures)


def _variable(
    workspace: Workspace,
    frame: Frame,
    request: Description,
    layout: _Layout,
    measured: _Measured,
    finest: Percentiles | None,
) -> MagnitudeVariable:
    engine, variable = workspace.engine, measured.variable
    complete = (reference(variable), *_categories(request))
    table = _Table(layout, measured.cells, measured.measures, measured.origin)
    gini = None
    if request.gini:
        gini = gini_of_cells(engine, frame, measured.clipped, request.by, request.where, layout.axes, layout.positions)
    ones, ones_keys = _ones(engine, frame, request, layout, variable, complete) if measured.binary else (None, None)
    return MagnitudeVariable(
        name=variable.name,
        title=variable.title,
        binary=measured.binary,
        n=table.n,
        keys=table.keys,
        sketches=table.sketches,
        mean=table.mean,
        sd=table.sd,
        total=table.total,
        largest=table.largest,
        second=table.second,
        percentiles=_percentiles(workspace, frame, request, layout, variable, finest),
        ones=ones,
        ones_keys=ones_keys,
        limits=measured.limits,
        gini=gini,
        mean_only=variable.from_model,
    )


class _Table:
    """Measures of one variable laid out over all cells and margin cells."""

    def __init__(self, layout: _Layout, own: Cells, measures: dict[str, NDArray[np.generic]], origin: float) -> None:
        size = len(layout.positions)
        self.n = np.zeros(size, dtype=np.int64)
        self.keys = np.zeros(size, dtype=np.uint64)
        self.sketches = np.zeros((size, 6), dtype=np.uint64)
        self.total = np.zeros(size)
        self.largest = np.zeros(size)
        self.second = np.zeros(size)
        sums = np.zeros(size)
        squares = np.zeros(size)
        parts = {key: np.asarray(values) for key, values in measures.items()}
        for key in ("sum", "squares", "total", "largest", "second"):
            parts[key] = np.nan_to_num(parts[key].astype(np.float64))
        for margin in margins(own):
            where = locate(layout.axes, layout.index, own, margin.positions)
            keep = where >= 0
            target = where[keep]
            self.n[target] = add(parts["n"].astype(np.int64), margin)[keep]
            self.keys[target] = add(parts["key"].astype(np.uint64), margin)[keep]
            self.sketches[target] = combine_sketches(parts["sketch"].astype(np.uint64), margin)[keep]
            sums[target] = add(parts["sum"], margin)[keep]
            squares[target] = add(parts["squares"], margin)[keep]
            self.total[target] = add(parts["total"], margin)[keep]
            first, second = top_two(parts["largest"], parts["second"], margin)
            self.largest[target], self.second[target] = first[keep], second[keep]
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean = np.where(self.n > 0, origin + sums / self.n, np.nan)
            spread = np.maximum(squares - sums**2 / self.n, 0.0)
            self.sd = np.where(self.n > 1, np.sqrt(spread / (self.n - 1)), np.nan)


def locate(
    axes: tuple[Axis, ...], index: dict[tuple[int, ...], int], own: Cells, positions: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for cells placed on `own` axes their number in a layout over `axes`; -1 for a cell that is not there."""
    moves = []
    for axis, mine in zip(axes, own.axes, strict=True):
        place = {code: number for number, code in enumerate(axis.codes)}
        moves.append([place.get(code, -2) for code in mine.codes])
    found = [
        index.get(tuple(-1 if spot < 0 else moves[dimension][spot] for dimension, spot in enumerate(row)), -1)
        for row in positions.tolist()
    ]
    return np.array(found, dtype=np.int64)


def _finest_percentiles(workspace: Workspace, frame: Frame, request: Description) -> tuple[Percentiles | None, ...]:
    """Return the percentiles of each variable in each cell; None where none are wanted."""
    if not request.probabilities:
        return tuple(None for _ in request.variables)
    return tuple(_percentiles_by(workspace, frame, request, variable, request.by) for variable in request.variables)


def _percentiles_by(
    workspace: Workspace, frame: Frame, request: Description, variable: Variable, by: tuple[Variable, ...]
) -> Percentiles:
    groups = tuple((one.name, reference(one)) for one in by)
    complete = (reference(variable), *_categories(request))
    window = smoothing(workspace.policy)
    return workspace.engine.percentiles(
        frame, OrderStatistics(reference(variable), request.probabilities, groups, request.where, complete, window)
    )


def _percentiles(
    workspace: Workspace,
    frame: Frame,
    request: Description,
    layout: _Layout,
    variable: Variable,
    finest: Percentiles | None,
) -> dict[float, NDArray[np.float64]]:
    out = {probability: np.full(len(layout.positions), np.nan) for probability in request.probabilities}
    if finest is None:
        return out
    for margin in layout.margins:
        kept = tuple(request.by[axis] for axis in margin.kept)
        answer = finest if kept == request.by else _percentiles_by(workspace, frame, request, variable, kept)
        for group in range(len(answer.n)):
            codes = {one.name: answer.by[one.name][group] for one in kept}
            place = tuple(
                axis.codes.index(codes[axis.variable]) if axis.variable in codes else -1 for axis in layout.axes
            )
            if (row := layout.index.get(place)) is not None:
                for column, probability in enumerate(request.probabilities):
                    out[probability][row] = answer.values[group, column]
    return out


def _ones(
    engine: Engine,
    frame: Frame,
    request: Description,
    layout: _Layout,
    variable: Variable,
    complete: tuple[Expression, ...],
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    condition: Expression = reference(variable)
    if request.where is not None:
        condition = Apply("and", (request.where, condition), ValueType.NUMBER)
    by = tuple((one.name, reference(one)) for one in request.by)
    measures = (Measure("n", MeasureKind.UNITS), Measure("key", MeasureKind.CELL_KEY))
    groups = engine.aggregate(frame, Aggregation(by, measures, condition, complete))
    own = cells_of(groups, request.by)
    counts = np.zeros(len(layout.positions), dtype=np.int64)
    keys = np.zeros(len(layout.positions), dtype=np.uint64)
    for margin in margins(own):
        place = locate(layout.axes, layout.index, own, margin.positions)
        keep = place >= 0
        counts[place[keep]] = add(groups.measures["n"].astype(np.int64), margin)[keep]
        keys[place[keep]] = add(groups.measures["key"].astype(np.uint64), margin)[keep]
    return counts, keys
