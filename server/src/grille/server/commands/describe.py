"""Statistics of numeric variables over the cells of a table: the common part of summarize, tabulate and boxplot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.base import Workspace
from grille.server.commands.cube import Cells, add, cells_of, combine_sketches, margins, top_two
from grille.server.commands.gini import gini_of_cells
from grille.server.commands.scope import Variable
from grille.server.commands.sets import analysis_set
from grille.server.disclosure.evidence import Axis, MagnitudeEvidence, MagnitudeVariable
from grille.server.engines.base import Engine, Frame
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind, OrderStatistics
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType

LIMIT_PROBABILITIES = (0.01, 0.99)


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
    """

    command: str
    variables: tuple[Variable, ...]
    by: tuple[Variable, ...]
    where: Expression | None
    missing: bool
    probabilities: tuple[float, ...]
    gini: bool = False
    margins: bool = True


def reference(variable: Variable) -> ColumnRef:
    """Return the expression that reads a variable."""
    return ColumnRef(variable.name, variable.type)


def clip(operand: Expression, low: float, high: float) -> Expression:
    """Return the winsorised operand; the operand must not be missing, for row functions skip missing values."""
    number = ValueType.NUMBER
    raised = Apply("rowmax", (operand, Constant(low, number)), number)
    return Apply("rowmin", (raised, Constant(high, number)), number)


def describe(workspace: Workspace, frame: Frame, request: Description, view: object) -> MagnitudeEvidence:
    """Compute the evidence of `request` on the rows of `frame`."""
    engine = workspace.engine
    by = tuple((variable.name, reference(variable)) for variable in request.by)
    complete = () if request.missing else tuple(reference(variable) for variable in request.by)
    anywhere = _any_value(request.variables)
    condition = anywhere if request.where is None else Apply("and", (request.where, anywhere), ValueType.NUMBER)
    cells = cells_of(
        engine.aggregate(frame, Aggregation(by, (Measure("n", MeasureKind.UNITS),), condition, complete)),
        request.by,
    )
    layout = _Layout(cells, request.margins)
    described = tuple(_variable(workspace, frame, request, layout, variable) for variable in request.variables)
    return MagnitudeEvidence(
        analysis_set=analysis_set(engine, frame, request.command, condition, complete),
        axes=cells.axes,
        positions=layout.positions,
        variables=described,
        domain_cells=int(np.prod([len(axis.codes) for axis in cells.axes], dtype=np.int64)),
        view=view,
    )


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


def _variable(
    workspace: Workspace, frame: Frame, request: Description, layout: _Layout, variable: Variable
) -> MagnitudeVariable:
    engine = workspace.engine
    low, high, population = winsor_limits(workspace, frame, variable)
    value = reference(variable)
    binary = is_binary(workspace, frame, variable)
    clipped = value if binary or population == 0 else clip(value, low, high)
    origin = 0.0 if binary or population == 0 else (low + high) / 2
    by = tuple((one.name, reference(one)) for one in request.by)
    complete: tuple[Expression, ...] = (value,)
    if not request.missing:
        complete += tuple(reference(one) for one in request.by)
    measures = (
        Measure("n", MeasureKind.UNITS),
        Measure("key", MeasureKind.CELL_KEY),
        Measure("sketch", MeasureKind.SKETCH),
        Measure("sum", MeasureKind.SUM, clipped, origin),
        Measure("squares", MeasureKind.SUM_SQUARES, clipped, origin),
        Measure("total", MeasureKind.SUM, Apply("abs", (clipped,), ValueType.NUMBER)),
        Measure("largest", MeasureKind.LARGEST_ABS, clipped),
        Measure("second", MeasureKind.SECOND_ABS, clipped),
    )
    groups = engine.aggregate(frame, Aggregation(by, measures, request.where, complete))
    own = cells_of(groups, request.by)
    table = _Table(layout, own, groups.measures, origin)
    percentiles = _percentiles(engine, frame, request, layout, variable, complete)
    gini = None
    if request.gini:
        gini = gini_of_cells(engine, frame, clipped, request.by, request.where, layout.axes, layout.positions)
    ones, ones_keys = _ones(engine, frame, request, layout, variable, complete) if binary else (None, None)
    return MagnitudeVariable(
        name=variable.name,
        title=variable.title,
        binary=binary,
        n=table.n,
        keys=table.keys,
        sketches=table.sketches,
        mean=table.mean,
        sd=table.sd,
        total=table.total,
        largest=table.largest,
        second=table.second,
        percentiles=percentiles,
        ones=ones,
        ones_keys=ones_keys,
        limits=(low, high, population),
        gini=gini,
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


def _percentiles(
    engine: Engine,
    frame: Frame,
    request: Description,
    layout: _Layout,
    variable: Variable,
    complete: tuple[Expression, ...],
) -> dict[float, NDArray[np.float64]]:
    out = {probability: np.full(len(layout.positions), np.nan) for probability in request.probabilities}
    if not request.probabilities:
        return out
    for margin in layout.margins:
        kept = tuple(request.by[axis] for axis in margin.kept)
        answer = engine.percentiles(
            frame,
            OrderStatistics(
                reference(variable),
                request.probabilities,
                tuple((one.name, reference(one)) for one in kept),
                request.where,
                complete,
            ),
        )
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


def winsor_limits(workspace: Workspace, frame: Frame, variable: Variable) -> tuple[float, float, int]:
    """Return the 1st and 99th smoothed percentile of a variable over the whole data set, and its number of units."""
    key = ("winsor_limits", *_place(frame, variable))
    found = _remembered(workspace, key, lambda: _limits(workspace.engine, frame, variable))
    return cast("tuple[float, float, int]", found)


def _limits(engine: Engine, frame: Frame, variable: Variable) -> tuple[float, float, int]:
    answer = engine.percentiles(frame, OrderStatistics(reference(variable), LIMIT_PROBABILITIES))
    if not len(answer.n) or not answer.n[0]:
        return (float("nan"), float("nan"), 0)
    return (float(answer.values[0, 0]), float(answer.values[0, 1]), int(answer.n[0]))


def has_missing(workspace: Workspace, frame: Frame, variable: Variable) -> bool:
    """Return whether any row of the data set lacks a value of a variable."""
    return bool(
        _remembered(
            workspace,
            ("has_missing", *_place(frame, variable)),
            lambda: workspace.engine.any(frame, Apply("sysmiss", (reference(variable),), ValueType.NUMBER)),
        )
    )


def _place(frame: Frame, variable: Variable) -> tuple[str, str]:
    """Return what names the values of a variable in a data set for ever: the stored tables of its rows and column."""
    assert frame.rows is not None
    return frame.rows.present, frame.columns[variable.name].table


def _remembered(workspace: Workspace, key: tuple[str, ...], find: Callable[[], object]) -> object:
    if key not in workspace.memo:
        workspace.memo[key] = find()
    return workspace.memo[key]


def is_binary(workspace: Workspace, frame: Frame, variable: Variable) -> bool:
    """Return whether every value of a variable over the whole data set is 0 or 1."""
    return bool(
        _remembered(workspace, ("is_binary", *_place(frame, variable)), lambda: _binary(workspace, frame, variable))
    )


def _binary(workspace: Workspace, frame: Frame, variable: Variable) -> bool:
    number = ValueType.NUMBER
    either = Apply("inlist", (reference(variable), Constant(0, number), Constant(1, number)), number)
    missing = Apply("sysmiss", (reference(variable),), number)
    return not workspace.engine.any(frame, Apply("not", (Apply("or", (either, missing), number),), number))
