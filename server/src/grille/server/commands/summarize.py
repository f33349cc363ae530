"""summarize: mean, standard deviation, number of units and percentiles of numeric variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from grille.server.blocks import Block, Cell, Column, Flag, Format, Table
from grille.server.commands.analysis import condition, numeric_variables, plain_terms
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.describe import Description, describe
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.options import check_options
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.released import ReleasedMagnitudes, ReleasedVariable
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.plan.expressions import Expression
from grille.server.text import Text, same

MOST_VARIABLES = 50
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class View:
    """Which of the optional columns are shown."""

    gini: bool
    iqr: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound summarize."""

    dataset: str
    variables: tuple[Variable, ...]
    where: Expression | None
    view: View


class Summarize:
    """The command."""

    spec = CommandSpec(
        name="summarize",
        group=Text("Statistics", "Statistikk"),
        summary=Text("Mean, spread and percentiles of numeric variables", "Gjennomsnitt, spredning og prosentiler"),
        syntax="summarize [VARIABLES] [if CONDITION] [, gini iqr]",
        options=(
            OptionSpec("gini", "gini", Text("Gini coefficient", "Gini-koeffisient")),
            OptionSpec("iqr", "iqr", Text("interquartile range", "kvartilbredde")),
        ),
        examples=("summarize wage age", "summarize wage if sex == '1', gini iqr"),
        details=Text(
            "Without variables: all numeric ones. Mean and standard deviation are of winsorised values; the 1 % and "
            "99 % columns are the limits of the winsorising. Percentiles are means of ten neighbouring values. Of "
            "figures of a model, such as residuals, only mean and number are shown.",
            "Uten variabler: alle numeriske. Gjennomsnitt og standardavvik er av winsoriserte verdier; kolonnene 1 % "
            "og 99 % er grensene for winsoriseringen. Prosentiler er gjennomsnitt av ti naboverdier. For tall fra en "
            "modell, som residualer, vises bare gjennomsnitt og antall.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variables and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        names = plain_terms(node, least=0, most=MOST_VARIABLES)
        variables = numeric_variables(scope, dataset, names, from_model=True)[:MOST_VARIABLES]
        if not variables:
            raise TypeMismatchError(
                "NO_NUMERIC_VARIABLES",
                Text("The data set has no numeric variables.", "Datasettet har ingen numeriske variabler."),
                hint=Text("Convert text with `destring`.", "Konverter tekst med `destring`."),
                span=node.head.name_span,
            )
        options = check_options(self.spec, node.options)
        view = View(options.flag("gini"), options.flag("iqr"))
        return Bound("summarize", Plan(dataset.name, variables, condition(node.condition, dataset), view), scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Describe each variable; see Command.compute."""
        workspace.progress("counting")
        request = Description("summarize", plan.variables, (), plan.where, False, QUARTILES, gini=plan.view.gini)
        frame = workspace.frames[plan.dataset]
        return Outcome(describe(workspace, frame, request, plan.view), workspace.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """One row per variable; see Command.present."""
        content = cast(ReleasedMagnitudes, content)
        view = content.view
        assert isinstance(view, View)
        columns = [
            Column("variable", Text("Variable", "Variabel"), Format.TEXT),
            Column("mean", Text("Mean", "Gjennomsnitt"), Format.NUMBER),
            Column("std", Text("Std. dev.", "Standardavvik"), Format.NUMBER),
            Column("n", Text("Units", "Antall"), Format.COUNT),
            *(Column(f"p{p}", same(f"{p} %"), Format.NUMBER) for p in (1, 25, 50, 75, 99)),
        ]
        if view.gini:
            columns.append(Column("gini", same("Gini"), Format.NUMBER))
        if view.iqr:
            columns.append(Column("iqr", Text("IQR", "Kvartilbredde"), Format.NUMBER))
        rows = tuple(self._row(variable, view, bool(content.suppressed[0])) for variable in content.variables)
        return (Table("summary", Text("Summary", "Oppsummering"), tuple(columns), rows),)

    def _row(self, variable: ReleasedVariable, view: View, suppressed: bool) -> tuple[Cell, ...]:
        quartiles = [float(variable.percentiles[p][0]) for p in QUARTILES]
        figures = [float(variable.mean[0]), float(variable.sd[0]), float(variable.n[0]), variable.limits[0]]
        figures += [*quartiles, variable.limits[1]]
        if view.gini:
            figures.append(float(variable.gini[0]) if variable.gini is not None else float("nan"))
        if view.iqr:
            figures.append(quartiles[2] - quartiles[0])
        cells = [_cell(value, suppressed or np.isnan(variable.n[0])) for value in figures]
        if cells[2].value is not None:
            cells[2] = Cell(int(variable.n[0]))
        return (Cell(variable.name), *cells)


def _cell(value: float, suppressed: bool) -> Cell:
    if not np.isnan(value):
        return Cell(value)
    return Cell(None, Flag.SUPPRESSED if suppressed else Flag.NOT_AVAILABLE)


COMMAND = Summarize()
