"""ci: means and shares with standard errors and confidence intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from grille.server.blocks import Block, Cell, Column, Flag, Format, Table
from grille.server.commands.analysis import categorical, condition, numeric, plain_terms
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.cube import code_text
from grille.server.commands.describe import Description, describe
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.model_tables import interval_heads
from grille.server.commands.options import check_options
from grille.server.commands.regress import LEVEL
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.released import ReleasedMagnitudes, ReleasedVariable
from grille.server.disclosure.rules.rounding import significant
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.plan.expressions import Expression
from grille.server.statistics.intervals import mean_interval, share_interval
from grille.server.text import Text, same

MOST_VARIABLES = 50
MOST_BY = 2

METHODS = {False: ("t", Text("Student's t", "Students t")), True: ("wilson", same("Wilson"))}


@dataclass(frozen=True, slots=True)
class View:
    """Confidence level in percent, and the titles of the categorical variables."""

    level: float
    by: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound ci."""

    dataset: str
    variables: tuple[Variable, ...]
    by: tuple[Variable, ...]
    where: Expression | None
    view: View


class Ci:
    """The command."""

    spec = CommandSpec(
        name="ci",
        group=Text("Statistics", "Statistikk"),
        summary=Text("Means and shares with confidence intervals", "Gjennomsnitt og andeler med konfidensintervaller"),
        syntax="ci VARIABLES [if CONDITION] [, level(95) by(VARIABLE[, VARIABLE])]",
        options=(
            LEVEL,
            OptionSpec("by", "by(VARIABLE[, VARIABLE])", Text("one row per category", "én rad per kategori")),
        ),
        examples=("ci wage age", "ci wage man if age > 30, level(90) by(county)"),
        details=Text(
            "The interval of a mean is that of Student's t. For a 0/1 variable the mean is a share, with Wilson's "
            "interval. Means and deviations are those of `summarize`, of winsorised values; the number of units that "
            "is shown enters the standard error.",
            "Intervallet for et gjennomsnitt følger Students t. For en 0/1-variabel er gjennomsnittet en andel, med "
            "Wilsons intervall. Gjennomsnitt og avvik er de samme som i `summarize`, av winsoriserte verdier; "
            "standardfeilen bruker antallet enheter som vises.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variables and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        variables = tuple(numeric(scope, name) for name in plain_terms(node, least=1, most=MOST_VARIABLES))
        options = check_options(self.spec, node.options)
        by = tuple(categorical(scope, name) for name in options.names("by", most=MOST_BY))
        level = options.number("level", 95.0, 50.0, 99.99)
        assert level is not None
        view = View(level, tuple(variable.title for variable in by))
        return Bound("ci", Plan(dataset.name, variables, by, condition(node.condition, dataset), view), scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Describe each variable in each category; see Command.compute."""
        workspace.progress("counting")
        request = Description("ci", plan.variables, plan.by, plan.where, False, (), margins=False)
        frame = workspace.frames[plan.dataset]
        return Outcome(describe(workspace, frame, request, plan.view), workspace.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """One row per variable and category, computed of what was released alone; see Command.present."""
        content = cast(ReleasedMagnitudes, content)
        view = content.view
        assert isinstance(view, View)
        low, high = interval_heads(view.level)
        columns = (
            Column("variable", Text("Variable", "Variabel"), Format.TEXT),
            *(Column(axis.variable, axis.title, Format.TEXT) for axis in content.axes),
            Column("n", Text("Units", "Antall"), Format.COUNT),
            Column("mean", Text("Mean", "Gjennomsnitt"), Format.NUMBER),
            Column("std_error", Text("Std. error", "Std.feil"), Format.NUMBER),
            Column("ci_low", low, Format.NUMBER),
            Column("ci_high", high, Format.NUMBER),
            Column("method", Text("Interval", "Intervall"), Format.TEXT),
        )
        rows = tuple(row for variable in content.variables for row in _rows(content, variable, view))
        title = Text("Means with confidence intervals", "Gjennomsnitt med konfidensintervaller")
        return (Table("ci", title, columns, rows),)


def _rows(content: ReleasedMagnitudes, variable: ReleasedVariable, view: View) -> Iterator[tuple[Cell, ...]]:
    for row, place in enumerate(content.positions.tolist()):
        if content.axes and (content.suppressed[row] or np.isnan(variable.n[row])):
            continue
        n, mean, sd = (float(values[row]) for values in (variable.n, variable.mean, variable.sd))
        units = 0 if np.isnan(n) else int(n)
        interval = (
            share_interval(mean, units, view.level) if variable.binary else mean_interval(mean, sd, units, view.level)
        )
        figures = (mean, interval.std_error, interval.low, interval.high)
        withheld = np.isnan(n) or np.isnan(mean)
        method, name = METHODS[variable.binary]
        yield (
            Cell(variable.name),
            *(
                Cell(code_text(axis.codes[spot]), label=axis.labels[spot])
                for axis, spot in zip(content.axes, place, strict=True)
            ),
            Cell(None, Flag.SUPPRESSED) if np.isnan(n) else Cell(units),
            *(_cell(figure, content.digits, withheld) for figure in figures),
            Cell(method, label=name),
        )


def _cell(value: float, digits: int | None, withheld: bool) -> Cell:
    if np.isnan(value):
        return Cell(None, Flag.SUPPRESSED if withheld else Flag.NOT_AVAILABLE)
    return Cell(value if digits is None else float(significant(np.array([value]), digits)[0]))


COMMAND = Ci()
