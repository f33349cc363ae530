"""Margins of regress: the predicted outcome at the means of all terms, or for each value of one variable."""

from __future__ import annotations

import numpy as np

from grille.server.commands.base import Workspace
from grille.server.commands.facts import is_binary, reference
from grille.server.commands.model_tables import interval_heads, level_label
from grille.server.commands.models import Model, Reading
from grille.server.commands.preparation import COUNT_MEASURES
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, TableNeeds, UnitCount
from grille.server.engines.base import Engine, Frame
from grille.server.errors import NumericError
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind
from grille.server.plan.expressions import Apply, ValueType
from grille.server.statistics.design import Part
from grille.server.statistics.distributions import t_p_values, t_quantile
from grille.server.statistics.moments import Moments
from grille.server.statistics.ols import OlsResult
from grille.server.statistics.prediction import at_value, margin, part_means
from grille.server.text import Text, same


def margins_table(
    at: str | None,
    model: Model,
    workspace: Workspace,
    entered: Frame,
    reading: Reading,
    moments: Moments,
    fit: OlsResult,
) -> FigureTable:
    """Return the table `margins`.

    Args:
        at: Variable for whose values the outcome is predicted; None for the means of all.
        model: The model.
        workspace: Of the command.
        entered: Rows of the estimation.
        reading: Their reading.
        moments: Their moments.
        fit: The fit.

    Raises:
        NumericError: MARGINS_NOT_DUMMY.
    """
    means = part_means(moments, reading.passes)
    points: list[tuple[str, Text, dict[Part, float]]] = []
    cells: tuple[UnitCount, ...] = ()
    if at is None:
        points.append(("means", Text("All at their means", "Alle i gjennomsnittet"), means))
    else:
        points, cells = _points(at, model, workspace, entered, reading, means)
    low, high = interval_heads(model.level)
    half = t_quantile(model.level, fit.df_inference)
    estimate, error = FigureKind.ESTIMATE, FigureKind.MEAN_ERROR
    rows = []
    for key, label, values in points:
        found = margin(fit, reading.design, values)
        t = found.value / found.std_error if found.std_error > 0 else float("nan")
        rows.append(
            (
                Figure(FigureKind.LABEL, key, label=label),
                Figure(estimate, found.value),
                Figure(error, found.std_error),
                Figure(FigureKind.MEAN_T, t),
                Figure(FigureKind.P_VALUE, float(t_p_values(np.array([t]), fit.df_inference)[0])),
                Figure(error, -half * found.std_error, centre=found.value),
                Figure(error, half * found.std_error, centre=found.value),
            )
        )
    columns = (
        ("at", Text("Values", "Verdier")),
        ("margin", Text("Predicted", "Predikert")),
        ("std_error", Text("Std. error", "Std.feil")),
        ("t", same("t")),
        ("p_value", same("P > |t|")),
        ("ci_low", low),
        ("ci_high", high),
    )
    needs = TableNeeds(weight=_outcome_weight(model, workspace.engine, entered), cells=cells, constant=True)
    title = Text(f"Predicted {model.outcome.name}", f"Predikert {model.outcome.name}")
    return FigureTable("margins", title, columns, tuple(rows), needs)


def _points(
    at: str, model: Model, workspace: Workspace, entered: Frame, reading: Reading, means: dict[Part, float]
) -> tuple[list[tuple[str, Text, dict[Part, float]]], tuple[UnitCount, ...]]:
    """Return the values of a variable, with the others at their means, and the units that have each."""
    variable = model.variables[at]
    is_factor = any(one.name == at and one.kind == "factor" for term in model.terms for one in term.variables)
    if not is_factor and not is_binary(workspace, workspace.frames[model.dataset], variable):
        raise _not_a_dummy(at)
    groups = workspace.engine.aggregate(entered, Aggregation(((at, reference(variable)),), COUNT_MEASURES))
    sizes = zip(groups.measures["n"], groups.measures["key"], strict=True)
    cells = dict(zip(groups.by[at], (UnitCount(int(n), int(key)) for n, key in sizes), strict=True))
    values: tuple[str | float, ...] = reading.levels.levels[at] if is_factor else (0.0, 1.0)
    points = []
    for code, value in enumerate(values):
        number = value if isinstance(value, float) else float("nan")
        key, label = level_label(variable, at, value)
        points.append((key, label, at_value(means, at, number, code)))
    return points, tuple(cells.get(value, UnitCount(0, 0)) for value in values)


def _not_a_dummy(name: str) -> NumericError:
    return NumericError(
        "MARGINS_NOT_DUMMY",
        Text(f"`{name}` has other values than 0 and 1.", f"`{name}` har andre verdier enn 0 og 1."),
        hint=Text(
            f"Use it as a factor, `i.{name}`, or write `margins()` for the means of all terms.",
            f"Bruk den som faktor, `i.{name}`, eller skriv `margins()` for gjennomsnittet av alle ledd.",
        ),
    )


def _outcome_weight(model: Model, engine: Engine, entered: Frame) -> tuple[float, float, float]:
    """Return the sum of absolute outcomes and the two largest: a mean of the outcome hides behind every margin."""
    outcome = reference(model.outcome)
    measures = (
        Measure("total", MeasureKind.SUM, Apply("abs", (outcome,), ValueType.NUMBER)),
        Measure("largest", MeasureKind.LARGEST_ABS, outcome),
        Measure("second", MeasureKind.SECOND_ABS, outcome),
    )
    found = engine.aggregate(entered, Aggregation((), measures)).measures
    total, largest, second = (float(found[key][0]) for key in ("total", "largest", "second"))
    return total, largest, second
