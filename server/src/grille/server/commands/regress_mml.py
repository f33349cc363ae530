"""regress-mml: linear multilevel regression with nested random intercepts, by (restricted) maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.mml_binding import bind_mixed
from grille.server.commands.mml_estimate import estimate_mixed
from grille.server.commands.mml_tables import (
    convergence_table,
    groups_table,
    mixed_coefficients,
    model_table,
    random_table,
)
from grille.server.commands.model_tables import present_model
from grille.server.commands.models import Model, enter, evidence_or_failure
from grille.server.commands.options import check_options
from grille.server.commands.regress import CONTROL, LEVEL, NOCONSTANT
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.evidence import ModelEvidence
from grille.server.engines.base import Frame
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.statistics.reml import Likelihood
from grille.server.statistics.uncertainty import ErrorKind
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound regress-mml: the model, its group variables with the highest level first, and how it is estimated."""

    model: Model
    groups: tuple[Variable, ...]
    errors: ErrorKind
    likelihood: Likelihood


class RegressMml:
    """The command."""

    spec = CommandSpec(
        name="regress-mml",
        group=Text("Regression", "Regresjon"),
        summary=Text(
            "Linear multilevel regression, two or three levels", "Lineær flernivåregresjon, to eller tre nivåer"
        ),
        syntax="regress-mml OUTCOME [TERMS] by GROUP [GROUP] [if CONDITION] [, OPTIONS]",
        options=(
            NOCONSTANT,
            LEVEL,
            CONTROL,
            OptionSpec(
                "se",
                "se(statsmodels|gls|robust)",
                Text(
                    "standard errors as MixedLM (the default), as lme4 and Stata, or clustered by the highest level",
                    "standardfeil som MixedLM (ellers), som lme4 og Stata, eller klynget på høyeste nivå",
                ),
            ),
            OptionSpec(
                "ml",
                "ml",
                Text(
                    "full instead of restricted maximum likelihood",
                    "full i stedet for restricted maximum likelihood",
                ),
            ),
        ),
        examples=(
            "regress-mml wage man age i.education by county",
            "regress-mml wage man age by region county, level(90)",
            "regress-mml wage man age by county, control(i.education)",
            "regress-mml wage by region county",
            "regress-mml wage man age by county, se(robust) ml",
        ),
        details=Text(
            "Random intercepts for one group variable, or for two with the highest level first; a group of the lower "
            "level belongs to one group of the higher, so its codes may be reused. Fitted by restricted maximum "
            "likelihood (REML), with standard errors as statsmodels' MixedLM defines them. The LR test compares with "
            "the model without groups, the Wald tests all slopes, and slopes together with variances. Without terms "
            "the model divides the variance of the outcome over the levels. With `ml` the full likelihood takes the "
            "place of the restricted one everywhere. Robust standard errors need many groups at the highest level; "
            "they cover the coefficients, so there is no Wald test with variances.",
            "Tilfeldige konstantledd for én gruppevariabel, eller for to med høyeste nivå først; en gruppe på lavere "
            "nivå hører til én gruppe på det høyere, så koder kan gjenbrukes. Estimert med restricted "
            "maximum likelihood (REML), med standardfeil som i MixedLM i statsmodels. LR-testen sammenligner med "
            "modellen uten grupper, "
            "Wald-testene alle stigningstall, og stigningstall sammen med varianser. Uten ledd fordeler modellen "
            "variansen i utfallet på nivåene. Med `ml` trer full likelihood overalt i stedet for den restrikterte. "
            "Robuste standardfeil trenger mange grupper på høyeste nivå; de gjelder koeffisientene, så da er det ingen "
            "Wald-test med varianser.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check outcome, terms, groups and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        model, groups = bind_mixed(node, scope, dataset.name, options)
        errors = cast(ErrorKind, options.choice("se", get_args(ErrorKind)))
        likelihood: Likelihood = "ml" if options.flag("ml") else "reml"
        return Bound("regress-mml", Plan(model, groups, errors, likelihood), scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Fit from one pass; see Command.compute."""
        workspace.progress("reading")
        entered = enter(workspace, workspace.frames[plan.model.dataset], plan.model)
        evidence = evidence_or_failure(
            workspace.engine, entered, "regress-mml", lambda: self._evidence(plan, workspace, entered)
        )
        return Outcome(evidence, workspace.frames)

    def _evidence(self, plan: Plan, workspace: Workspace, entered: Frame) -> ModelEvidence:
        model, groups = plan.model, plan.groups
        found = estimate_mixed("regress-mml", model, groups, workspace, entered, plan.errors, plan.likelihood)
        fit, evidence = found.fit, found.evidence
        return replace(
            evidence,
            tables=(
                model_table(model, fit, evidence.analysis_set.units),
                groups_table(groups, fit, evidence.groups),
                random_table(groups, fit),
                mixed_coefficients(model, found.reading, fit),
                convergence_table(fit),
            ),
        )

    def present(self, content: Any) -> tuple[Block, ...]:
        """The model's tables; see Command.present."""
        return present_model(content)


COMMAND = RegressMml()
