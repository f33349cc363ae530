"""regress-mml-predict: predicted values and residuals of a multilevel regression, as variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.mml_binding import bind_mixed
from grille.server.commands.mml_estimate import estimate_mixed
from grille.server.commands.model_tables import present_model
from grille.server.commands.models import Model
from grille.server.commands.options import check_options
from grille.server.commands.predictions import PREDICTED, RESIDUALS, USE, Columns, Wanted, bind_wanted, predict
from grille.server.commands.regress import NOCONSTANT
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.evidence import ModelEvidence
from grille.server.engines.base import Frame
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.statistics.prediction import row_figures
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound regress-mml-predict: the model, its groups with the highest level first, the columns to make."""

    model: Model
    groups: tuple[Variable, ...]
    wanted: tuple[Wanted, ...]


class RegressMmlPredict:
    """The command."""

    spec = CommandSpec(
        name="regress-mml-predict",
        group=Text("Regression", "Regresjon"),
        summary=Text(
            "Predicted values and residuals of a multilevel regression, as variables",
            "Predikerte verdier og residualer fra en flernivåregresjon, som variabler",
        ),
        syntax="regress-mml-predict OUTCOME [TERMS] by GROUP [GROUP] [if CONDITION] "
        "[, predicted(NAME) residuals(NAME) noconstant]",
        options=(PREDICTED, RESIDUALS, NOCONSTANT),
        examples=(
            "regress-mml-predict wage man age by county",
            "regress-mml-predict wage man age by region county, residuals(r)",
        ),
        details=Text(
            "Predicted values are those of the fixed part, and residuals the outcome minus them. Effects of single "
            f"groups are not computed; residuals hold them. {USE.en}",
            "Predikerte verdier er de faste leddenes, og residualer utfallet minus dem. Effekter av enkelte grupper "
            f"beregnes ikke; residualene inneholder dem. {USE.no}",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check outcome, terms, groups and names; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        model, groups = bind_mixed(node, scope, dataset.name, options)
        contents = (PREDICTED.name, RESIDUALS.name)
        wanted, after = bind_wanted(scope, dataset.name, options, contents, model, node.head.name_span)
        return Bound(self.spec.name, Plan(model, groups, wanted), after)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Fit from one pass, compute the figures of every row in another; see Command.compute."""

        def fit(entered: Frame) -> tuple[ModelEvidence, Columns]:
            found = estimate_mixed(self.spec.name, plan.model, plan.groups, workspace, entered)
            coefficients = found.fit.scaled_coefficients
            rows = row_figures(found.moments, found.fit.scaling, coefficients, found.reading.passes, False)
            return found.evidence, {PREDICTED.name: rows.predicted, RESIDUALS.name: rows.residuals}

        return predict(workspace, plan.model, plan.wanted, fit)

    def present(self, content: Any) -> tuple[Block, ...]:
        """The new variables, and remarks; see Command.present."""
        return present_model(content)


COMMAND = RegressMmlPredict()
