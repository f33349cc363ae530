"""coefplot: the coefficients of a regression as points with confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, cast

from grille.server.blocks import Block, Notice, Plot, Table
from grille.server.commands import regress, regress_mml
from grille.server.commands.base import Bound, Command, CommandSpec, Outcome, Workspace
from grille.server.commands.coefplot_chart import coefficient_chart
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import ModelEvidence
from grille.server.disclosure.released import ReleasedModel
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Command as Node
from grille.server.language.ast import Nested
from grille.server.text import Text

INNER = MappingProxyType({one.COMMAND.spec.name: cast(Command, one.COMMAND) for one in (regress, regress_mml)})
SHOWN = "coefficients"


@dataclass(frozen=True, slots=True)
class View:
    """What the plot is of: the name of the outcome, and the confidence level in percent."""

    outcome: str
    level: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound coefplot: the regression's name and its own plan."""

    command: str
    plan: Any


class Coefplot:
    """The command."""

    spec = CommandSpec(
        name="coefplot",
        group=Text("Graphics", "Grafikk"),
        summary=Text("Plot of the coefficients of a regression", "Figur av koeffisientene i en regresjon"),
        syntax="coefplot COMMAND",
        examples=(
            "coefplot regress wage man age i.education",
            "coefplot regress wage man age, standardize",
            "coefplot regress-mml wage man age by county, level(90)",
        ),
        details=Text(
            "Takes a whole `regress` or `regress-mml` with its options, and draws each coefficient with its confidence "
            "interval; a vertical line marks zero. The table of the coefficients stands beside the plot. The constant "
            "is in the table alone, for it would set the scale.",
            "Tar en hel `regress` eller `regress-mml` med valg, og tegner hver koeffisient med konfidensintervall; en "
            "loddrett strek markerer null. Tabellen over koeffisientene står ved siden av figuren. Konstantleddet er "
            "bare i tabellen, fordi det ville bestemt skalaen.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Bind the regression; see Command.bind."""
        node = cast(Nested, node)
        bound = INNER[node.inner.head.name].bind(node.inner, scope)
        if not bound.plan.model.terms:
            raise TypeMismatchError(
                "NOTHING_TO_PLOT",
                Text("The model has no coefficient but the constant.", "Modellen har bare konstantleddet."),
                hint=Text("Add explanatory variables.", "Legg til forklaringsvariabler."),
                span=node.inner.head.span,
            )
        return Bound("coefplot", Plan(bound.name, bound.plan), scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Estimate as the regression does and keep its coefficients; see Command.compute."""
        outcome = INNER[plan.command].compute(plan.plan, workspace)
        evidence = outcome.evidence
        if isinstance(evidence, ModelEvidence):
            model = plan.plan.model
            tables = tuple(table for table in evidence.tables if table.key == SHOWN)
            evidence = replace(evidence, command="coefplot", tables=tables, view=View(model.outcome.name, model.level))
        return Outcome(evidence, outcome.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """A plot and its table; see Command.present."""
        content = cast(ReleasedModel, content)
        view = content.view
        assert isinstance(view, View)
        (released,) = content.tables
        title = Text(
            f"Coefficients for {view.outcome}, {view.level:g} % intervals",
            f"Koeffisienter for {view.outcome}, {view.level:g} % intervaller",
        )
        table = Table(released.key, title, released.columns, released.rows)
        chart = coefficient_chart(table)
        return (Plot("coefplot", title, chart), table, *(Notice(key, text) for key, text in content.notices))


COMMAND = Coefplot()
