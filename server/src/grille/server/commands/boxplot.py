"""boxplot: quartiles, whiskers and means of numeric variables, by categories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from grille.server.blocks import Block, Cell, Column, Flag, Format, Plot, Table
from grille.server.commands.analysis import categorical, condition, numeric, plain_terms
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.charts import box_chart
from grille.server.commands.cube import code_text
from grille.server.commands.describe import Description, describe
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.options import check_options
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.released import ReleasedMagnitudes, ReleasedVariable
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.plan.expressions import Expression
from grille.server.text import Text, same

MOST_VARIABLES = 10
MOST_OVER = 2
QUARTILES = (0.25, 0.5, 0.75)
WHISKERS = ((0.01, 0.99), (0.05, 0.95), (0.10, 0.90))
PROBABILITIES = tuple(sorted({*QUARTILES, *(p for pair in WHISKERS for p in pair)}))


@dataclass(frozen=True, slots=True)
class View:
    """Whether boxes lie, and the title."""

    horizontal: bool
    over: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound boxplot."""

    dataset: str
    variables: tuple[Variable, ...]
    over: tuple[Variable, ...]
    where: Expression | None
    view: View


class Boxplot:
    """The command."""

    spec = CommandSpec(
        name="boxplot",
        group=Text("Graphics", "Grafikk"),
        summary=Text(
            "Box plot of numeric variables, by categories", "Boksplott av numeriske variabler, etter kategorier"
        ),
        syntax="boxplot VARIABLES [if CONDITION] [, over(VARIABLE[, VARIABLE]) horizontal]",
        options=(
            OptionSpec("over", "over(VARIABLE[, VARIABLE])", Text("one box per category", "én boks per kategori")),
            OptionSpec("horizontal", "horizontal", Text("lying boxes", "liggende bokser")),
        ),
        examples=("boxplot wage, over(county)", "boxplot wage if age < 40, over(sex, education) horizontal"),
        details=Text(
            "Boxes show the quartiles and the mean. Whiskers end at the 1st and 99th percentile from 1 000 units, the "
            "5th and 95th from 200, the 10th and 90th from 100. Single units are never shown.",
            "Boksene viser kvartilene og gjennomsnittet. Halene går til 1. og 99. persentil fra 1 000 enheter, 5. og "
            "95. fra 200, 10. og 90. fra 100. Enkelte enheter vises aldri.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variables and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        variables = tuple(numeric(scope, name) for name in plain_terms(node, least=1, most=MOST_VARIABLES))
        options = check_options(self.spec, node.options)
        over = tuple(categorical(scope, name) for name in options.names("over", most=MOST_OVER))
        view = View(options.flag("horizontal"), tuple(variable.title for variable in over))
        plan = Plan(dataset.name, variables, over, condition(node.condition, dataset), view)
        return Bound("boxplot", plan, scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Describe each variable in each category; see Command.compute."""
        workspace.progress("sorting")
        request = Description("boxplot", plan.variables, plan.over, plan.where, False, PROBABILITIES, margins=False)
        frame = workspace.frames[plan.dataset]
        return Outcome(describe(workspace, frame, request, plan.view), workspace.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """A plot and its table; see Command.present."""
        content = cast(ReleasedMagnitudes, content)
        view = content.view
        assert isinstance(view, View)
        rows = tuple(box for variable in content.variables for box in _boxes(content, variable))
        columns = (
            Column("group", _heading(view), Format.TEXT),
            Column("n", Text("Units", "Antall"), Format.COUNT),
            Column("whisker_low", Text("Lower whisker", "Nedre hale"), Format.NUMBER),
            Column("p25", Text("25 %", "25 %"), Format.NUMBER),
            Column("p50", Text("Median", "Median"), Format.NUMBER),
            Column("p75", Text("75 %", "75 %"), Format.NUMBER),
            Column("whisker_high", Text("Upper whisker", "Øvre hale"), Format.NUMBER),
            Column("mean", Text("Mean", "Gjennomsnitt"), Format.NUMBER),
        )
        title = _title(content, view)
        table = Table("boxes", title, columns, rows)
        chart = box_chart(
            table, content.variables[0].title if len(content.variables) == 1 else same(""), view.horizontal
        )
        return (Plot("boxplot", title, chart), table)


def _boxes(content: ReleasedMagnitudes, variable: ReleasedVariable) -> Iterator[tuple[Cell, ...]]:
    for row, place in enumerate(content.positions.tolist()):
        if content.axes and (content.suppressed[row] or np.isnan(variable.n[row])):
            continue
        names = [axis.labels[spot] for axis, spot in zip(content.axes, place, strict=True)]
        keys = [code_text(axis.codes[spot]) for axis, spot in zip(content.axes, place, strict=True)]
        if len(content.variables) > 1 or not content.axes:
            names = [variable.title, *names]
            keys = [variable.name, *keys]
        label = Text(" · ".join(name.en for name in names), " · ".join(name.no for name in names))
        low, high = _whiskers(variable, row)
        quartiles = [float(variable.percentiles[p][row]) for p in QUARTILES]
        n = variable.n[row]
        yield (
            Cell("/".join(keys), label=label),
            Cell(None, Flag.SUPPRESSED) if np.isnan(n) else Cell(int(n)),
            *(_cell(value) for value in (low, *quartiles, high, float(variable.mean[row]))),
        )


def _whiskers(variable: ReleasedVariable, row: int) -> tuple[float, float]:
    for low, high in WHISKERS:
        ends = float(variable.percentiles[low][row]), float(variable.percentiles[high][row])
        if not np.isnan(ends).any():
            return ends
    return float("nan"), float("nan")


def _cell(value: float) -> Cell:
    return Cell(None, Flag.NOT_AVAILABLE) if np.isnan(value) else Cell(value)


def _heading(view: View) -> Text:
    if not view.over:
        return Text("Variable", "Variabel")
    return Text(" · ".join(one.en for one in view.over), " · ".join(one.no for one in view.over))


def _title(content: ReleasedMagnitudes, view: View) -> Text:
    of = Text(", ".join(v.title.en for v in content.variables), ", ".join(v.title.no for v in content.variables))
    if not view.over:
        return of
    heading = _heading(view)
    return Text(f"{of.en} by {heading.en}", f"{of.no} etter {heading.no}")


COMMAND = Boxplot()
