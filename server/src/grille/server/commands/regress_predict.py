"""regress-predict: predicted values, residuals and Cook's distances of a linear regression, as variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.model_tables import present_model
from grille.server.commands.models import Model
from grille.server.commands.options import check_options
from grille.server.commands.predictions import COOKSD, PREDICTED, RESIDUALS, USE, Columns, Wanted, bind_wanted, predict
from grille.server.commands.regress import NOCONSTANT, bind_least_squares
from grille.server.commands.regress_estimate import estimate
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import ModelEvidence
from grille.server.engines.base import Frame
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.statistics.prediction import row_figures
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound regress-predict: the model and the columns to make."""

    model: Model
    wanted: tuple[Wanted, ...]


class RegressPredict:
    """The command."""

    spec = CommandSpec(
        name="regress-predict",
        group=Text("Regression", "Regresjon"),
        summary=Text(
            "Predicted values and residuals of a linear regression, as variables",
            "Predikerte verdier og residualer fra en lineær regresjon, som variabler",
        ),
        syntax="regress-predict OUTCOME TERMS [if CONDITION] "
        "[, predicted(NAME) residuals(NAME) cooksd(NAME) noconstant]",
        options=(PREDICTED, RESIDUALS, COOKSD, NOCONSTANT),
        examples=(
            "regress-predict wage man age",
            "regress-predict wage man age, predicted(p) residuals(e) cooksd(d)",
        ),
        details=USE,
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check outcome, terms and names; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        model = bind_least_squares(node, scope, dataset.name, options)
        contents = (PREDICTED.name, RESIDUALS.name, COOKSD.name)
        wanted, after = bind_wanted(scope, dataset.name, options, contents, model, node.head.name_span)
        return Bound(self.spec.name, Plan(model, wanted), after)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Fit in one pass, compute the figures of every row in another; see Command.compute."""

        def fit(entered: Frame) -> tuple[ModelEvidence, Columns]:
            found = estimate(self.spec.name, plan.model, workspace, entered)
            distances = any(one.content == COOKSD.name for one in plan.wanted)
            coefficients = found.fit.scaled_coefficients
            rows = row_figures(found.moments, found.fit.scaling, coefficients, found.reading.passes, distances)
            columns = {PREDICTED.name: rows.predicted, RESIDUALS.name: rows.residuals}
            return found.evidence, columns if rows.cooksd is None else {**columns, COOKSD.name: rows.cooksd}

        return predict(workspace, plan.model, plan.wanted, fit)

    def present(self, content: Any) -> tuple[Block, ...]:
        """The new variables, and remarks; see Command.present."""
        return present_model(content)


COMMAND = RegressPredict()
