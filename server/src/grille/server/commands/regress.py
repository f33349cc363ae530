"""regress: linear regression by ordinary least squares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from grille.server.blocks import Block
from grille.server.commands.analysis import categorical, condition
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.model_tables import coefficient_table, interval_heads, present_model
from grille.server.commands.models import (
    Model,
    Reading,
    check_outcome_apart,
    design_terms,
    enter,
    evidence_or_failure,
    is_function_of,
    outcome_of,
)
from grille.server.commands.options import Options, check_options
from grille.server.commands.regress_estimate import estimate
from grille.server.commands.regress_extras import OPTIONS as EXTRAS
from grille.server.commands.regress_extras import Extras, bind_extras, extra_tables, standardized
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, ModelEvidence, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_count
from grille.server.engines.base import Frame
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Analysis, Name
from grille.server.language.ast import Command as Node
from grille.server.statistics.distributions import t_quantile
from grille.server.statistics.ols import Covariance, OlsResult
from grille.server.text import Text, same

LEVEL = OptionSpec("level", "level(95)", Text("confidence level in percent", "konfidensnivå i prosent"))
CONTROL = OptionSpec(
    "control",
    "control(TERM, ...)",
    Text("terms that are estimated but not shown", "ledd som estimeres, men ikke vises"),
)
NOCONSTANT = OptionSpec("noconstant", "noconstant", Text("no constant term", "ikke konstantledd"))
STANDARDIZED = Text("Standardised coefficients", "Standardiserte koeffisienter")


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound regress: the model, the kind of standard errors, the cluster variable, what is shown beside."""

    model: Model
    covariance: Covariance
    cluster: str | None
    extras: Extras


class Regress:
    """The command."""

    spec = CommandSpec(
        name="regress",
        group=Text("Regression", "Regresjon"),
        summary=Text("Linear regression (ordinary least squares)", "Lineær regresjon (minste kvadraters metode)"),
        syntax="regress OUTCOME TERMS [if CONDITION] [, OPTIONS]",
        options=(
            NOCONSTANT,
            LEVEL,
            OptionSpec("robust", "robust", Text("robust standard errors (HC1)", "robuste standardfeil (HC1)")),
            OptionSpec(
                "cluster", "cluster(VARIABLE)", Text("standard errors clustered by a variable", "klyngestandardfeil")
            ),
            CONTROL,
            *EXTRAS,
        ),
        examples=(
            "regress wage man age i.education",
            "regress wage man##i.education, robust control(i.county)",
            "regress wage man age, margins(man) vif ov het_bp",
        ),
        details=Text(
            "`i.v` makes one indicator per category, the lowest is the reference; `a#b` their combinations, `a##b` "
            "main effects too; `c.v` a number inside an interaction. Units with a missing value are left out. The "
            "cluster variable is no term of the model. Margins set every variable to its mean, and an interaction to "
            "the product of the means. RESET adds powers 2 to 4 of the fitted values, the tests of equal variance "
            "regress squared residuals on all terms; both are those of classical standard errors.",
            "`i.v` lager én indikator per kategori, den laveste er referansen; `a#b` kombinasjonene, `a##b` også "
            "hovedeffektene; `c.v` et tall i et samspill. Enheter med manglende verdi er ikke med. Klyngevariabelen "
            "er ikke et ledd i modellen. Margins setter hver variabel til gjennomsnittet, og et samspill til produktet "
            "av gjennomsnittene. RESET legger til potens 2 til 4 av predikerte verdier, testene av lik varians bruker "
            "alle ledd på kvadrerte residualer; begge er med vanlige standardfeil.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check outcome, terms and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        cluster = self._cluster(options, scope)
        robust = options.flag("robust")
        options.exclusive("robust", "cluster")
        model = bind_least_squares(node, scope, dataset.name, options, (cluster,) if cluster else ())
        if cluster is not None and (cluster.name == model.outcome.name or cluster.name in model.variables):
            raise _cluster_is_term(options.names("cluster")[0])
        kind: Covariance = "cluster" if cluster else "robust" if robust else "classical"
        plan = Plan(model, kind, cluster.name if cluster else None, bind_extras(options, model))
        return Bound("regress", plan, scope)

    def _cluster(self, options: Options, scope: Scope) -> Variable | None:
        names = options.names("cluster", most=1)
        return categorical(scope, names[0]) if names else None

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Fit in one pass, more for robust errors; see Command.compute."""
        workspace.progress("reading")
        entered = enter(workspace, workspace.frames[plan.model.dataset], plan.model)
        evidence = evidence_or_failure(
            workspace.engine, entered, "regress", lambda: self._evidence(plan, workspace, entered)
        )
        return Outcome(evidence, workspace.frames)

    def _evidence(self, plan: Plan, workspace: Workspace, entered: Frame) -> ModelEvidence:
        model = plan.model
        found = estimate("regress", model, workspace, entered, plan.covariance, plan.cluster)
        beside = extra_tables(plan.extras, model, workspace, entered, found.reading, found.moments, found.fit)
        units = found.evidence.analysis_set.units
        widening = _widening(found.fit, units, workspace.policy)
        coefficients = _coefficients(model, found.fit, found.reading, widening)
        if plan.extras.standardize:
            coefficients = _coefficients(model, *standardized(found.fit, found.moments, found.reading), widening)
            coefficients = replace(coefficients, title=STANDARDIZED)
        return replace(found.evidence, tables=(_model_table(model, found.fit, units), coefficients, *beside))

    def present(self, content: Any) -> tuple[Block, ...]:
        """The model's tables; see Command.present."""
        return present_model(content)


def _cluster_is_term(name: Name) -> TypeMismatchError:
    return TypeMismatchError(
        "CLUSTER_IS_TERM",
        Text(
            f"`{name.text}` is the cluster variable and a variable of the model.",
            f"`{name.text}` er både klyngevariabel og variabel i modellen.",
        ),
        hint=Text("Use a copy of it in one of the places.", "Bruk en kopi av den ett av stedene."),
        span=name.span,
    )


def bind_least_squares(
    node: Analysis, scope: Scope, dataset: str, options: Options, others: tuple[Variable, ...] = ()
) -> Model:
    """Bind a model without groups; raises as bind_model, BY_NOT_ALLOWED, and TOO_FEW_VARIABLES without terms."""
    command = node.head.name
    if node.by:
        raise TypeMismatchError(
            "BY_NOT_ALLOWED",
            Text(f"`{command}` takes no `by` list.", f"`{command}` tar ingen `by`-liste."),
            hint=Text("For group levels use `regress-mml`.", "For gruppenivåer, bruk `regress-mml`."),
            span=node.by[0].span,
        )
    model = bind_model(node, scope, dataset, options, others)
    if not model.terms:
        raise TypeMismatchError(
            "TOO_FEW_VARIABLES",
            Text(f"`{command}` needs explanatory variables.", f"`{command}` trenger forklaringsvariabler."),
            span=node.head.name_span,
        )
    return model


def bind_model(node: Analysis, scope: Scope, dataset: str, options: Options, others: tuple[Variable, ...]) -> Model:
    """Bind what regress and regress-mml share."""
    outcome = outcome_of(scope, node)
    control = options.terms("control")
    check_outcome_apart(outcome, node, control)
    shown, variables = design_terms(scope, node.terms[1:])
    hidden, more = design_terms(scope, control)
    variables |= more
    level = options.number("level", 95.0, 50.0, 99.99)
    assert level is not None
    return Model(
        dataset=dataset,
        command=node.head.name,
        outcome=outcome,
        terms=shown + hidden,
        shown=len(shown),
        variables=variables,
        others=others,
        where=condition(node.condition, scope.datasets[dataset]),
        constant=not options.flag("noconstant"),
        level=level,
        lineage_violation=is_function_of(outcome, tuple(variables.values())),
    )


def _model_table(model: Model, fit: OlsResult, units: UnitCount) -> FigureTable:
    estimate, degrees = FigureKind.ESTIMATE, FigureKind.DEGREES
    none = Figure(degrees, None)
    no_p = Figure(FigureKind.P_VALUE, None)

    def row(key: str, label: Text, value: Figure, df: Figure = none, p: Figure = no_p) -> tuple[Figure, ...]:
        return (Figure(FigureKind.LABEL, key, label=label), value, df, p)

    rows = (
        row("n_obs", Text("Observations", "Antall obs"), Figure(FigureKind.COUNT, units)),
        row("r2", same("R²"), Figure(estimate, fit.r2)),
        row("r2_adj", Text("Adjusted R²", "Justert R²"), Figure(FigureKind.ADJUSTED_R2, fit.r2_adj)),
        row(
            "f_test",
            Text("F test", "F-test"),
            Figure(FigureKind.F_STATISTIC, fit.f),
            Figure(degrees, fit.df_model),
            Figure(FigureKind.P_VALUE, fit.f_p_value),
        ),
        row("df_model", Text("Model df", "Frihetsgrader, modell"), Figure(degrees, fit.df_model)),
        row(
            "df_resid",
            Text("Residual df", "Frihetsgrader, residual"),
            Figure(FigureKind.RESIDUAL_DEGREES, fit.df_resid),
        ),
        row("ss_model", Text("Sum of squares, model", "Kvadratsum, modell"), Figure(FigureKind.PER_UNIT, fit.ss_model)),
        row(
            "ss_resid",
            Text("Sum of squares, residual", "Kvadratsum, residual"),
            Figure(FigureKind.PER_UNIT, fit.ss_resid),
        ),
        row("ss_total", Text("Sum of squares, total", "Kvadratsum, total"), Figure(FigureKind.PER_UNIT, fit.ss_total)),
        row(
            "rmse",
            Text("Root mean squared error", "Residualstandardavvik"),
            Figure(FigureKind.RESIDUAL_SCALE, fit.rmse),
        ),
    )
    return FigureTable("model", _title(model), MODEL_COLUMNS, rows)


MODEL_COLUMNS = (
    ("statistic", Text("Statistic", "Mål")),
    ("value", Text("Value", "Verdi")),
    ("df", same("df")),
    ("p_value", same("p")),
)


def _title(model: Model) -> Text:
    return Text(f"Linear regression of {model.outcome.name}", f"Lineær regresjon av {model.outcome.name}")


def _widening(fit: OlsResult, units: UnitCount, policy: Policy) -> float:
    """Return the t quantile for the noised number of units over that for the exact one, which it would give away."""
    if not policy.protects or fit.df_inference != fit.df_resid:
        return 1.0
    degrees = max(fit.df_resid + shown_count(units, policy) - units.n, 1)
    return t_quantile(fit.level, degrees) / t_quantile(fit.level, fit.df_resid)


def _coefficients(model: Model, fit: OlsResult, reading: Reading, widening: float) -> FigureTable:
    low, high = interval_heads(model.level)
    estimate, error = FigureKind.ESTIMATE, FigureKind.MEAN_ERROR
    half = widening * (fit.intervals[:, 1] - fit.intervals[:, 0]) / 2
    return coefficient_table(
        model,
        reading,
        fit.terms,
        (
            ("estimate", Text("Coefficient", "Koeffisient"), estimate, fit.coefficients),
            ("std_error", Text("Std. error", "Std.feil"), error, fit.std_errors),
            ("t", same("t"), FigureKind.MEAN_T, fit.t),
            ("p_value", same("P > |t|"), FigureKind.P_VALUE, fit.p_values),
            ("ci_low", low, error, -half),
            ("ci_high", high, error, half),
        ),
    )


COMMAND = Regress()
