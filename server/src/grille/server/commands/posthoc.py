"""Tukey's comparison of the categories of a variable, as anova's option posthoc shows it.

Means are those of single groups, so each group is large, undominated, and a set of its own for the ledger. Sizes that
enter standard errors are the noised ones, for intervals of three pairs can be solved for the sizes of three groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.base import Workspace
from grille.server.commands.facts import reference
from grille.server.commands.models import Model, number_of
from grille.server.commands.sets import SET_MEASURES, group_set
from grille.server.disclosure.evidence import AnalysisSet, Figure, FigureKind, FigureTable, TableNeeds
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_counts
from grille.server.disclosure.rules.cells import magnitude_cells_shown
from grille.server.disclosure.rules.steps import in_steps
from grille.server.engines.base import Frame
from grille.server.errors import NumericError
from grille.server.plan.aggregates import Aggregation, Groups, Measure, MeasureKind
from grille.server.plan.expressions import Apply, ValueType
from grille.server.statistics.design import level_text
from grille.server.statistics.tukey import tukey_hsd
from grille.server.text import Text, same

MOST_GROUPS = 25

Row = tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The table `posthoc`, if there are pairs, and the groups whose means it compares."""

    tables: tuple[FigureTable, ...]
    parts: tuple[AnalysisSet, ...]


def compare_groups(workspace: Workspace, entered: Frame, model: Model, variables: tuple[str, ...]) -> Compared:
    """Compare the categories of each variable by the outcome's means over the rows of a model.

    A category of few units counts as one that nobody has.

    Raises:
        NumericError: TOO_MANY_CATEGORIES.
    """
    rows: list[Row] = []
    parts: list[AnalysisSet] = []
    weights: list[tuple[float, float, float]] = []
    for name in variables:
        groups, origin = _measured(workspace, entered, model, name)
        n, keys = groups.measures["n"].astype(np.int64), groups.measures["key"].astype(np.uint64)
        sizes = shown_counts(n, keys, workspace.policy)
        large = magnitude_cells_shown(n, sizes, workspace.policy) if workspace.policy.protects else n > 0
        kept = np.flatnonzero(large)
        if kept.size > MOST_GROUPS:
            raise _too_many(name)
        if kept.size < 2:
            continue
        rows += _rows(model, name, groups, kept, sizes[kept], origin, workspace.policy)
        parts += [group_set(entered, "anova group", groups.measures, int(group)) for group in kept]
        measures = [np.nan_to_num(groups.measures[key].astype(np.float64)) for key in ("total", "largest", "second")]
        weights += [(float(measures[0][g]), float(measures[1][g]), float(measures[2][g])) for g in kept]
    if not rows:
        return Compared((), ())
    heaviest = max(weights, key=lambda weight: (weight[1] + weight[2] / 2) / weight[0] if weight[0] else 0.0)
    title = Text("Differences of means (Tukey)", "Forskjeller i gjennomsnitt (Tukey)")
    return Compared((FigureTable("posthoc", title, COLUMNS, tuple(rows), TableNeeds(weight=heaviest)),), tuple(parts))


COLUMNS = (
    ("variable", Text("Variable", "Variabel")),
    ("group1", Text("First category", "Første kategori")),
    ("group2", Text("Second category", "Andre kategori")),
    ("mean_diff", Text("Second − first", "Andre − første")),
    ("p_value", Text("Adjusted p", "Justert p")),
    ("ci_low", Text("95 % CI low", "95 % KI nedre")),
    ("ci_high", Text("95 % CI high", "95 % KI øvre")),
)


def _measured(workspace: Workspace, entered: Frame, model: Model, name: str) -> tuple[Groups, float]:
    """Return sizes, sums and largest values of the outcome per category, and the origin of the sums."""
    outcome = number_of(workspace, model, model.outcome)
    by = ((name, reference(model.variables[name])),)
    engine = workspace.engine
    whole = engine.aggregate(entered, Aggregation((), (SET_MEASURES[0], Measure("sum", MeasureKind.SUM, outcome))))
    origin = float(whole.measures["sum"][0]) / max(int(whole.measures["n"][0]), 1)
    measures = (
        *SET_MEASURES,
        Measure("sum", MeasureKind.SUM, outcome, origin),
        Measure("squares", MeasureKind.SUM_SQUARES, outcome, origin),
        Measure("total", MeasureKind.SUM, Apply("abs", (outcome,), ValueType.NUMBER)),
        Measure("largest", MeasureKind.LARGEST_ABS, outcome),
        Measure("second", MeasureKind.SECOND_ABS, outcome),
    )
    return engine.aggregate(entered, Aggregation(by, measures)), origin


def _rows(
    model: Model,
    name: str,
    groups: Groups,
    kept: NDArray[np.intp],
    sizes: NDArray[np.int64],
    origin: float,
    policy: Policy,
) -> list[Row]:
    n = groups.measures["n"][kept].astype(np.float64)
    sums = groups.measures["sum"][kept].astype(np.float64)
    squares = groups.measures["squares"][kept].astype(np.float64)
    variances = np.maximum(squares - sums**2 / n, 0.0) / n
    within = float((variances * sizes).sum())
    tests = tukey_hsd(origin + sums / n, sizes.astype(np.float64), within, int(sizes.sum()) - kept.size, model.level)
    labels = [_label(model, name, groups.by[name][group]) for group in kept]
    difference = tests.difference
    if policy.protects:
        deviation = math.sqrt(within / sizes.sum()) or 1.0
        fewer = np.minimum(sizes[tests.first], sizes[tests.second])
        steps = [in_steps(one / deviation, int(n), 1.0) for one, n in zip(difference, fewer, strict=True)]
        difference = np.array(steps) * deviation
    estimate = FigureKind.ESTIMATE
    return [
        (
            Figure(FigureKind.LABEL, name),
            labels[tests.first[pair]],
            labels[tests.second[pair]],
            Figure(estimate, float(difference[pair])),
            Figure(FigureKind.P_VALUE, float(tests.p_value[pair])),
            Figure(estimate, float(difference[pair] - tests.half_width[pair])),
            Figure(estimate, float(difference[pair] + tests.half_width[pair])),
        )
        for pair in range(tests.first.size)
    ]


def _label(model: Model, name: str, code: str | float) -> Figure:
    known = model.variables[name].labels
    text = level_text(code)
    label = known.labels.get(code) if known is not None else None
    return Figure(FigureKind.LABEL, text, label=label or same(text))


def _too_many(name: str) -> NumericError:
    return NumericError(
        "TOO_MANY_CATEGORIES",
        Text(
            f"`{name}` has more than {MOST_GROUPS} categories to compare.",
            f"`{name}` har mer enn {MOST_GROUPS} kategorier å sammenligne.",
        ),
        hint=Text("Recode it into fewer, or leave out posthoc.", "Omkod den til færre, eller utelat posthoc."),
    )
