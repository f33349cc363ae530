"""normaltest: tests of whether numeric variables are normally distributed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from grille.server.blocks import Block
from grille.server.commands.analysis import condition, numeric_variables, plain_terms
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.complete import any_value, complete_rows
from grille.server.commands.facts import reference
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.model_tables import present_model
from grille.server.commands.options import check_options
from grille.server.commands.scope import Scope, Variable
from grille.server.commands.sets import SET_MEASURES, analysis_set, group_set
from grille.server.disclosure.evidence import (
    AnalysisSet,
    Figure,
    FigureKind,
    FigureSet,
    FigureSetsEvidence,
    FigureTable,
    NoAnswerEvidence,
    UnitCount,
)
from grille.server.disclosure.release.counting import shown_count
from grille.server.disclosure.rules.steps import KURTOSIS_SPREAD, SKEWNESS_SPREAD, in_steps
from grille.server.engines.base import Frame
from grille.server.errors import NumericError, TypeMismatchError
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.plan.aggregates import Aggregation, BatchRequest
from grille.server.plan.expressions import Expression
from grille.server.statistics.normality import (
    SHAPIRO_LEAST,
    SHAPIRO_MOST,
    Test,
    jarque_bera_test,
    kurtosis_test,
    omnibus_test,
    shapiro_wilk_p_value,
    shapiro_wilk_statistic,
    skewness_test,
)
from grille.server.statistics.shape import collect_shape
from grille.server.text import Text, same

MOST_VARIABLES = 50
MOMENTS = 4
# the noise of a count is bounded by 5
_MARGIN = 5

TESTS = (
    ("skewness", Text("Skewness", "Skjevhet")),
    ("kurtosis", Text("Kurtosis", "Kurtose")),
    ("s_k", Text("Skewness and kurtosis", "Skjevhet og kurtose")),
    ("jarque_bera", same("Jarque–Bera")),
    ("shapiro_wilk", same("Shapiro–Wilk")),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound normaltest."""

    dataset: str
    variables: tuple[Variable, ...]
    where: Expression | None


@dataclass(frozen=True, slots=True)
class _Tested:
    """One variable: what the rules ask, its moments, its tests in the order of TESTS, the units that are shown."""

    judged: FigureSet
    skewness: float
    kurtosis: float
    tests: tuple[Test, ...]
    n: int


class Normaltest:
    """The command."""

    spec = CommandSpec(
        name="normaltest",
        group=Text("Statistics", "Statistikk"),
        summary=Text("Tests of normal distribution", "Tester for normalfordeling"),
        syntax="normaltest [VARIABLES] [if CONDITION]",
        examples=("normaltest wage", "normaltest wage age if man"),
        details=Text(
            "For each variable: skewness (D'Agostino), kurtosis (Anscombe and Glynn), both together (D'Agostino and "
            "Pearson), Jarque–Bera, and for at most 5,000 units Shapiro–Wilk. Low p-values speak against a normal "
            "distribution; with many units they do so for deviations that do not matter. Without variables: all "
            "numeric ones. Values are not winsorised; a variable in which a few units make up most of the kurtosis "
            "is withheld.",
            "For hver variabel: skjevhet (D'Agostino), kurtose (Anscombe og Glynn), begge sammen (D'Agostino og "
            "Pearson), Jarque–Bera, og for høyst 5 000 enheter Shapiro–Wilk. Lave p-verdier taler mot "
            "normalfordeling; med mange enheter gjør de det også for avvik uten betydning. Uten variabler: alle "
            "numeriske. Verdiene winsoriseres ikke; en variabel der noen få enheter utgjør det meste av kurtosen, "
            "holdes tilbake.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variables; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        names = plain_terms(node, least=0, most=MOST_VARIABLES)
        variables = numeric_variables(scope, dataset, names)
        if not 1 <= len(variables) <= MOST_VARIABLES:
            raise TypeMismatchError(
                "TOO_MANY_VARIABLES" if variables else "NO_NUMERIC_VARIABLES",
                Text(
                    f"`normaltest` takes 1 to {MOST_VARIABLES} numeric variables.",
                    f"`normaltest` tar 1 til {MOST_VARIABLES} numeriske variabler.",
                ),
                hint=Text("Name the variables after the command.", "Skriv variablene etter kommandoen."),
                span=node.head.name_span,
            )
        check_options(self.spec, node.options)
        return Bound("normaltest", Plan(dataset.name, variables, condition(node.condition, dataset)), scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Read each variable twice, a small one once more; see Command.compute."""
        workspace.progress("reading")
        frame = workspace.frames[plan.dataset]
        together = any_value(plan.variables, plan.where)
        units = analysis_set(workspace.engine, frame, "normaltest", together, ())
        try:
            tested = tuple(_tested(workspace, frame, variable, plan.where) for variable in plan.variables)
        except NumericError as error:
            return Outcome(NoAnswerEvidence(units, error), workspace.frames)
        applied = ["figure_steps"] if workspace.policy.protects else []
        if workspace.policy.protects and any(one.judged.parts for one in tested):
            applied.append("shares_from_noised_counts")
        evidence = FigureSetsEvidence(
            "normaltest",
            units,
            tuple(one.judged for one in tested),
            (_moments(plan, tested), _tests(plan, tested)),
            tuple(applied),
            _notices(tested),
        )
        return Outcome(evidence, workspace.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Moments and tests; see Command.present."""
        return present_model(content)


def _tested(workspace: Workspace, frame: Frame, variable: Variable, where: Expression | None) -> _Tested:
    engine, policy = workspace.engine, workspace.policy
    entered = complete_rows(workspace, frame, (variable,), where)
    units = analysis_set(engine, entered, "normaltest", None, ())
    n = shown_count(units.units, policy)
    nothing = Test(math.nan, math.nan)
    withheld = FigureSet(units, MOMENTS, units.units.n, (1.0, 1.0))
    untested = _Tested(withheld, math.nan, math.nan, (nothing,) * len(TESTS), n)
    if not units.units.n:
        return untested
    name = variable.name
    _, passes = engine.batches(entered, BatchRequest(((name, reference(variable)),), all_complete=True))
    try:
        shape = collect_shape(passes, name)
    except NumericError:
        if not policy.protects:
            raise
        return untested  # what is too large to compute with may be one unit's value
    skewness, kurtosis, w = shape.skewness, shape.kurtosis, math.nan
    parts: tuple[AnalysisSet, ...] = ()
    counts: tuple[UnitCount, ...] = ()
    if shape.two_valued and policy.protects:
        parts, counts = _halves(workspace, entered, variable)
        skewness, kurtosis = _of_share(shown_count(parts[0].units, policy) / n if n else math.nan)
    elif SHAPIRO_LEAST <= shape.n <= SHAPIRO_MOST + _MARGIN and shape.rarer:
        w = shapiro_wilk_statistic(np.concatenate([batch.numbers[name].copy() for batch in passes()]))
    if policy.protects and not parts:
        skewness, kurtosis = in_steps(skewness, n, SKEWNESS_SPREAD), in_steps(kurtosis, n, KURTOSIS_SPREAD)
        # the distribution of W is known by the logarithm of its distance from 1
        w = 1.0 - math.exp(in_steps(math.log1p(-w), n)) if w < 1.0 else w
    judged = FigureSet(units, MOMENTS, shape.rarer, shape.heaviest, parts=parts, counts=counts)
    return _Tested(judged, skewness, kurtosis, _of_moments(skewness, kurtosis, w, n), n)


def _of_moments(skewness: float, kurtosis: float, w: float, n: int) -> tuple[Test, ...]:
    p_value = shapiro_wilk_p_value(w, n)
    return (
        skewness_test(skewness, n),
        kurtosis_test(kurtosis, n),
        omnibus_test(skewness, kurtosis, n),
        jarque_bera_test(skewness, kurtosis, n),
        Test(math.nan if math.isnan(p_value) else w, p_value),
    )


def _halves(
    workspace: Workspace, entered: Frame, variable: Variable
) -> tuple[tuple[AnalysisSet, ...], tuple[UnitCount, ...]]:
    """Return the units with the higher value of a variable with two as a set, and both counts."""
    by = ((variable.name, reference(variable)),)
    groups = workspace.engine.aggregate(entered, Aggregation(by, SET_MEASURES))
    halves = [group_set(entered, "normaltest part", groups.measures, place) for place in (1, 0)]
    return (halves[0],), tuple(half.units for half in halves)


def _of_share(share: float) -> tuple[float, float]:
    """Return skewness and kurtosis of a variable that has the higher of two values with this share."""
    variance = share * (1.0 - share)
    if not variance > 0.0:
        return math.nan, math.nan
    return (1.0 - 2.0 * share) / math.sqrt(variance), 1.0 / variance - 3.0


def _moments(plan: Plan, tested: tuple[_Tested, ...]) -> FigureTable:
    columns = (
        ("variable", Text("Variable", "Variabel")),
        ("n", Text("Units", "Antall")),
        ("skewness", Text("Skewness", "Skjevhet")),
        ("kurtosis", Text("Kurtosis", "Kurtose")),
    )
    rows = tuple(
        (
            Figure(FigureKind.LABEL, variable.name),
            Figure(FigureKind.COUNT, one.judged.analysis_set.units, group=place),
            Figure(FigureKind.ESTIMATE, one.skewness, group=place),
            Figure(FigureKind.ESTIMATE, one.kurtosis, group=place),
        )
        for place, (variable, one) in enumerate(zip(plan.variables, tested, strict=True))
    )
    title = Text("Skewness and kurtosis (normal: 0 and 3)", "Skjevhet og kurtose (normal: 0 og 3)")
    return FigureTable("moments", title, columns, rows)


def _tests(plan: Plan, tested: tuple[_Tested, ...]) -> FigureTable:
    columns = (
        ("variable", Text("Variable", "Variabel")),
        ("test", Text("Test", "Test")),
        ("statistic", Text("Statistic", "Testverdi")),
        ("p_value", same("p")),
    )
    rows = tuple(
        (
            Figure(FigureKind.LABEL, variable.name),
            Figure(FigureKind.LABEL, key, label=label),
            Figure(FigureKind.ESTIMATE, test.statistic, group=place),
            Figure(FigureKind.P_VALUE, test.p_value, group=place),
        )
        for place, (variable, one) in enumerate(zip(plan.variables, tested, strict=True))
        for (key, label), test in zip(TESTS, one.tests, strict=True)
    )
    return FigureTable("tests", Text("Tests of normality", "Tester for normalfordeling"), columns, rows)


def _notices(tested: tuple[_Tested, ...]) -> tuple[tuple[str, Text], ...]:
    if all(one.n <= SHAPIRO_MOST for one in tested):
        return ()
    return (
        (
            "shapiro_wilk",
            Text(
                f"Shapiro–Wilk is computed for at most {SHAPIRO_MOST:,} units.",
                "Shapiro–Wilk beregnes for høyst 5 000 enheter.",
            ),
        ),
    )


COMMAND = Normaltest()
