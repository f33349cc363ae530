"""Figures of a model in the data set: names, variables, and storing; what the commands `...-predict` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grille.server.commands.base import OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import new_name, with_variable
from grille.server.commands.models import Model, enter, evidence_or_failure
from grille.server.commands.options import Options
from grille.server.commands.preparation import count_units, highest, with_frame, without
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, ModelEvidence, UnitCount
from grille.server.engines.base import Frame
from grille.server.errors import Span
from grille.server.plan.expressions import ValueType
from grille.server.text import Text

Columns = Mapping[str, NDArray[np.float64]]

PREDICTED = OptionSpec(
    "predicted",
    "predicted(NAME)",
    Text("variable for predicted values (named predicted)", "variabel for predikerte verdier (heter predicted)"),
)
RESIDUALS = OptionSpec("residuals", "residuals(NAME)", Text("variable for residuals", "variabel for residualer"))
COOKSD = OptionSpec("cooksd", "cooksd(NAME)", Text("variable for Cook's distances", "variabel for Cooks avstander"))

USE = Text(
    "Without a name of a variable, predicted values are made. The new variables have values for the units of the "
    "estimation. Their values are never shown: they may be averaged, computed with, and be numeric explanatory "
    "variables; so may what is computed of them. They are no outcome, no category and no part of a condition.",
    "Uten navn på en variabel lages predikerte verdier. De nye variablene har verdier for enhetene i estimeringen. "
    "Verdiene vises aldri: det kan tas gjennomsnitt av dem, regnes med dem, og de kan være numeriske "
    "forklaringsvariabler; det samme gjelder det som regnes ut av dem. De kan ikke være utfall, kategori eller del av "
    "en betingelse.",
)

_TITLES = {
    "predicted": Text("Predicted {0}", "Predikert {0}"),
    "residuals": Text("Residual of {0}", "Residual av {0}"),
    "cooksd": Text("Cook's distance, {0}", "Cooks avstand, {0}"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column to make: what it holds (an option's name) and its variable."""

    content: str
    variable: Variable


def bind_wanted(
    scope: Scope, dataset: str, options: Options, contents: tuple[str, ...], model: Model, at: Span
) -> tuple[tuple[Wanted, ...], Scope]:
    """Return the columns that the options ask for, and the scope with them.

    Args:
        scope: The scope.
        dataset: Data set.
        options: Options of the command.
        contents: The options that make a column, the one that is made without any of them first.
        model: The bound model.
        at: Place of the command's name.

    Raises:
        TypeMismatchError: NAME_TAKEN.
    """
    chosen = [content for content in contents if content in options] or [contents[0]]
    wanted = []
    for content in chosen:
        given = options.given.get(content)
        named = options.names(content, most=1) if given is not None and given.arguments else ()
        span = named[0].span if named else given.span if given is not None else at
        name = new_name(scope, named[0].text if named else content, span)
        variable = _variable(name, content, model)
        scope = with_variable(scope, scope.datasets[dataset], variable)
        wanted.append(Wanted(content, variable))
    return tuple(wanted), scope


def _variable(name: str, content: str, model: Model) -> Variable:
    regressors = tuple(model.variables.values())
    # a prediction depends on a unit's own outcome through the coefficients alone, the others directly
    behind = regressors if content == "predicted" else (*regressors, model.outcome)
    title, outcome = _TITLES[content], model.outcome.name
    return Variable(
        name=name,
        type=ValueType.NUMBER,
        title=Text(title.en.format(outcome), title.no.format(outcome)),
        lineage=frozenset[str]().union(*(one.lineage for one in behind)),
        sensitivity=highest(one.sensitivity for one in (*regressors, model.outcome, *model.others)),
        from_model=True,
    )


def predict(
    workspace: Workspace,
    model: Model,
    wanted: tuple[Wanted, ...],
    fit: Callable[[Frame], tuple[ModelEvidence, Columns]],
) -> Outcome:
    """Fit a model, judge it as any other, and add its figures to the data set.

    Args:
        workspace: Of the command.
        model: The model.
        wanted: Columns to make.
        fit: Gives, for the rows that enter the estimation, evidence without tables and the columns by content.
    """
    workspace.progress("reading")
    frame = workspace.frames[model.dataset]
    entered = enter(workspace, frame, model)
    made: dict[str, Frame] = {}

    def compute() -> ModelEvidence:
        evidence, columns = fit(entered)
        values = {one.variable.name: columns[one.content] for one in wanted}
        made[model.dataset] = workspace.engine.with_values(frame, entered, values)
        units = evidence.analysis_set.units
        missing = without(count_units(workspace.engine, frame), units)
        return replace(evidence, tables=(_table(wanted, units, missing),))

    evidence = evidence_or_failure(workspace.engine, entered, model.command, compute)
    frames = with_frame(workspace, model.dataset, made[model.dataset]) if made else workspace.frames
    return Outcome(evidence, frames)


def _table(wanted: tuple[Wanted, ...], units: UnitCount, missing: UnitCount) -> FigureTable:
    columns = (
        ("variable", Text("Variable", "Variabel")),
        ("content", Text("Content", "Innhold")),
        ("n", Text("Units", "Antall")),
        ("missing", Text("Without a value", "Uten verdi")),
    )
    rows = tuple(
        (
            Figure(FigureKind.LABEL, one.variable.name),
            Figure(FigureKind.LABEL, one.content, label=one.variable.title),
            Figure(FigureKind.COUNT, units),
            Figure(FigureKind.COUNT, missing),
        )
        for one in wanted
    )
    return FigureTable("variables", Text("New variables", "Nye variabler"), columns, rows)
