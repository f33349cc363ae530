"""histogram: the distribution of a numeric variable in bars, by categories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from grille.server.blocks import Block, Cell, Column, Format, Plot, Table
from grille.server.commands.analysis import categorical, condition, numeric, plain_terms
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.charts import histogram_chart
from grille.server.commands.cube import cells_of, code_text
from grille.server.commands.facts import clip, drawn_limits, reference
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.options import check_options
from grille.server.commands.scope import Scope, Variable
from grille.server.commands.sets import analysis_set
from grille.server.disclosure.evidence import Axis, HistogramEvidence
from grille.server.disclosure.released import ReleasedBin, ReleasedHistogram
from grille.server.disclosure.rules.histogram import grid_edges
from grille.server.engines.base import Frame
from grille.server.errors import BudgetError, TypeMismatchError
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.plan.aggregates import Aggregation, Groups, Measure, MeasureKind
from grille.server.plan.expressions import Apply, Constant, Expression, ValueType
from grille.server.text import Text

SCALES = {
    "density": Text("Density", "Tetthet"),
    "freq": Text("Units", "Antall"),
    "fraction": Text("Share", "Andel"),
    "percent": Text("Percent", "Prosent"),
}
MOST_BINS = 30
BIN = "bin"


@dataclass(frozen=True, slots=True)
class View:
    """The scale of the bars and whether the normal curve is drawn."""

    scale: str
    normal: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound histogram."""

    dataset: str
    variable: Variable
    by: Variable | None
    where: Expression | None
    bins: int | None
    width: float | None
    discrete: bool
    view: View


class Histogram:
    """The command."""

    spec = CommandSpec(
        name="histogram",
        group=Text("Graphics", "Grafikk"),
        summary=Text("Histogram of a numeric variable", "Histogram av en numerisk variabel"),
        syntax="histogram VARIABLE [if CONDITION] [, by(VARIABLE) SCALE bin(N) | width(W) | discrete normal]",
        options=(
            OptionSpec("by", "by(VARIABLE)", Text("one histogram per category", "ett histogram per kategori")),
            OptionSpec("density", "density", Text("area 1 (the default)", "areal 1 (standard)")),
            OptionSpec("freq", "freq", Text("numbers of units", "antall enheter")),
            OptionSpec("fraction", "fraction", Text("heights add up to 1", "høydene summerer seg til 1")),
            OptionSpec("percent", "percent", Text("heights add up to 100", "høydene summerer seg til 100")),
            OptionSpec("bin", "bin(20)", Text("number of bars, at most 30", "antall søyler, høyst 30")),
            OptionSpec("width", "width(10000)", Text("width of the bars", "bredden på søylene")),
            OptionSpec("discrete", "discrete", Text("one bar per value", "én søyle per verdi")),
            OptionSpec("normal", "normal", Text("with the normal curve", "med normalkurven")),
        ),
        examples=(
            "histogram wage, by(county)",
            "histogram age, discrete freq",
            "histogram wage, bin(25) percent normal",
        ),
        details=Text(
            "The outer bars hold what lies beyond the 1st and 99th percentile, so they are too high. Bars of few units "
            "are merged with their neighbour. The edges depend on the data set, not on the condition.",
            "De ytterste søylene inneholder det som ligger utenfor 1. og 99. prosentil, og er derfor for høye. Søyler "
            "med få enheter slås sammen med naboen. Kantene avhenger av datasettet, ikke av betingelsen.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variable and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        variable = numeric(scope, plain_terms(node, least=1, most=1)[0])
        options = check_options(self.spec, node.options)
        scale = options.exclusive(*SCALES)
        options.exclusive("bin", "width", "discrete")
        by = options.names("by", most=1)
        width = options.number("width", low=0.0)
        if width is not None and width <= 0:
            raise TypeMismatchError(
                "OPTION_ARGUMENT",
                Text("The width must be larger than 0.", "Bredden må være større enn 0."),
                span=options.given["width"].span,
            )
        for flag in SCALES:
            options.flag(flag)
        plan = Plan(
            dataset.name,
            variable,
            categorical(scope, by[0]) if by else None,
            condition(node.condition, dataset),
            options.whole("bin", low=2, high=MOST_BINS),
            width,
            options.flag("discrete"),
            View(scale or "density", options.flag("normal")),
        )
        return Bound("histogram", plan, scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Count units per bar; see Command.compute."""
        workspace.progress("counting")
        frame = workspace.frames[plan.dataset]
        low, high, population = drawn_limits(workspace, frame, plan.variable)
        value = reference(plan.variable)
        inner: Expression = clip(value, low, high) if population else value
        if plan.discrete:
            edges, groups = self._values(workspace, frame, plan, inner)
        else:
            exact = not workspace.policy.protects
            grid = grid_edges(low, high, bins=plan.bins, width=plan.width, exact=exact) if population else None
            edges = np.array([0.0, 1.0]) if grid is None else grid
            groups = self._count(workspace, frame, plan, _bin_of(inner, edges))
        axis, n, keys = _matrix(groups, plan, edges)
        complete = (value,) if plan.by is None else (value, reference(plan.by))
        evidence = HistogramEvidence(
            analysis_set=analysis_set(workspace.engine, frame, "histogram", plan.where, complete),
            variable=(plan.variable.name, plan.variable.title),
            group=axis,
            edges=edges,
            discrete=plan.discrete,
            n=n,
            keys=keys,
            population=population,
            view=plan.view,
        )
        return Outcome(evidence, workspace.frames)

    def _count(self, workspace: Workspace, frame: Frame, plan: Plan, bar: Expression) -> Groups:
        by: tuple[tuple[str, Expression], ...] = ((BIN, bar),)
        complete: tuple[Expression, ...] = (reference(plan.variable),)
        if plan.by is not None:
            by = ((plan.by.name, reference(plan.by)), *by)
            complete += (reference(plan.by),)
        measures = (Measure("n", MeasureKind.UNITS), Measure("key", MeasureKind.CELL_KEY))
        return workspace.engine.aggregate(frame, Aggregation(by, measures, plan.where, complete))

    def _values(
        self, workspace: Workspace, frame: Frame, plan: Plan, inner: Expression
    ) -> tuple[NDArray[np.float64], Groups]:
        """Return the values themselves as bars, and the counts by their number."""
        population = workspace.engine.aggregate(
            frame, Aggregation(((BIN, inner),), (Measure("n", MeasureKind.UNITS),), None, (reference(plan.variable),))
        )
        values = np.array([float(one) for one in population.by[BIN]], dtype=np.float64)
        if len(values) > MOST_BINS:
            raise BudgetError(
                "TOO_MANY_BARS",
                Text(f"A histogram has at most {MOST_BINS} bars.", f"Et histogram har høyst {MOST_BINS} søyler."),
                hint=Text(
                    "Leave out `discrete`, or use bin() or width().",
                    "Utelat `discrete`, eller bruk bin() eller width().",
                ),
            )
        groups = self._count(workspace, frame, plan, inner)
        place = {value: float(number) for number, value in enumerate(values.tolist())}
        numbers = np.array([place[float(one)] for one in groups.by[BIN]], dtype=object)
        return values, Groups({**groups.by, BIN: numbers}, groups.measures)

    def present(self, content: Any) -> tuple[Block, ...]:
        """A plot and its table; see Command.present."""
        content = cast(ReleasedHistogram, content)
        view = content.view
        assert isinstance(view, View)
        columns = [
            Column("group", content.group.title if content.group else Text("Group", "Gruppe"), Format.TEXT),
            Column("low", Text("From", "Fra"), Format.NUMBER),
            Column("high", Text("To", "Til"), Format.NUMBER),
            Column("value", SCALES[view.scale], Format.COUNT if view.scale == "freq" else Format.NUMBER),
        ]
        if view.normal:
            columns.append(Column("normal", Text("Normal curve", "Normalkurve"), Format.NUMBER))
        rows: list[tuple[Cell, ...]] = []
        numbers = sorted({bar.group for bar in content.bins})
        for number in numbers:
            rows += _rows(content, [bar for bar in content.bins if bar.group == number], view)
        title = content.variable[1]
        if content.group is not None:
            title = Text(f"{title.en} by {content.group.title.en}", f"{title.no} etter {content.group.title.no}")
        table = Table("bins", title, tuple(columns), tuple(rows))
        chart = histogram_chart(
            table, content.variable[1], SCALES[view.scale], view.normal, len(numbers), content.discrete
        )
        return (Plot("histogram", title, chart), table)


def _bin_of(value: Expression, edges: NDArray[np.float64]) -> Expression:
    """Return the number of the bar that a value falls into; values beyond the outer edges go to the outer bars."""
    number = ValueType.NUMBER
    width = Constant(float(edges[1] - edges[0]), number)
    offset = Apply("add", (value, Constant(-float(edges[0]), number)), number)
    bar = Apply("floor", (Apply("divide", (offset, width), number),), number)
    return clip(bar, 0.0, float(len(edges) - 2))


def _matrix(
    groups: Groups, plan: Plan, edges: NDArray[np.float64]
) -> tuple[Axis | None, NDArray[np.int64], NDArray[np.uint64]]:
    bars = len(edges) if plan.discrete else len(edges) - 1
    axis = None
    rows = np.zeros(len(groups.measures["n"]), dtype=np.int64)
    if plan.by is not None:
        cells = cells_of(Groups({plan.by.name: groups.by[plan.by.name]}, groups.measures), (plan.by,))
        axis, rows = cells.axes[0], cells.positions[:, 0]
    columns = np.array([int(one) for one in groups.by[BIN]], dtype=np.int64)
    size = (len(axis.codes) if axis is not None else 1, bars)
    n, keys = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.uint64)
    n[rows, columns] = groups.measures["n"]
    keys[rows, columns] = groups.measures["key"]
    return axis, n, keys


def _rows(content: ReleasedHistogram, bars: list[ReleasedBin], view: View) -> list[tuple[Cell, ...]]:
    total = sum(bar.n for bar in bars)
    if content.group is None:
        group = Cell("all", label=Text("All", "Alle"))
    else:
        number = bars[0].group
        group = Cell(code_text(content.group.codes[number]), label=content.group.labels[number])
    middle = [(bar.low + bar.high) / 2 for bar in bars]
    mean = sum(bar.n * at for bar, at in zip(bars, middle, strict=True)) / total
    variance = sum(bar.n * (at - mean) ** 2 for bar, at in zip(bars, middle, strict=True)) / total
    rows = []
    for bar, at in zip(bars, middle, strict=True):
        width = (bar.high - bar.low) or 1.0
        factor = {"density": 1 / (total * width), "freq": 1.0, "fraction": 1 / total, "percent": 100 / total}[
            view.scale
        ]
        value = bar.n if view.scale == "freq" else float(f"{bar.n * factor:.5g}")
        row = [group, Cell(bar.low), Cell(bar.high), Cell(value)]
        if view.normal:
            density = (
                math.exp(-((at - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance) if variance else 0.0
            )
            row.append(Cell(float(f"{density * width * total * factor:.5g}")))
        rows.append(tuple(row))
    return rows


COMMAND = Histogram()
