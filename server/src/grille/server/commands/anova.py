"""anova: analysis of variance and of covariance, with comparisons of all pairs of categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, cast

from grille.server.blocks import Block
from grille.server.commands.analysis import condition
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.model_tables import present_model
from grille.server.commands.models import (
    Model,
    check_outcome_apart,
    design_terms,
    enter,
    evidence_or_failure,
    is_function_of,
    outcome_of,
)
from grille.server.commands.options import check_options
from grille.server.commands.posthoc import compare_groups
from grille.server.commands.regress import NOCONSTANT
from grille.server.commands.regress_estimate import estimate
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, ModelEvidence, UnitCount
from grille.server.engines.base import Frame
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Analysis, Term
from grille.server.language.ast import Command as Node
from grille.server.statistics.anova import TermTest, term_tests
from grille.server.statistics.design import DesignSpec, DesignTerm, expand
from grille.server.statistics.ols import OlsResult
from grille.server.text import Text, same

LEVEL = 95.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound anova: the model, and the variables whose categories are compared."""

    model: Model
    posthoc: tuple[str, ...]


class Anova:
    """The command."""

    spec = CommandSpec(
        name="anova",
        group=Text("Statistics", "Statistikk"),
        summary=Text("Analysis of variance and covariance", "Variansanalyse og kovariansanalyse"),
        syntax="anova OUTCOME TERMS [if CONDITION] [, noconstant posthoc]",
        options=(
            NOCONSTANT,
            OptionSpec(
                "posthoc",
                "posthoc",
                Text("compare all pairs of categories (Tukey)", "sammenlign alle par av kategorier (Tukey)"),
            ),
        ),
        examples=("anova wage sex##education, posthoc", "anova wage sex c.age if age > 30"),
        details=Text(
            "Variables are categorical unless written `c.v`, which makes it an analysis of covariance; `a#b` is an "
            "interaction, `a##b` main effects too. Sums of squares are of type II: each term given all others that "
            "do not contain it. `posthoc` compares the means of each categorical variable's categories, of at most 25, "
            "by Tukey's test, without regard to the other terms. With `noconstant` the first categorical variable has "
            "a mean for every category.",
            "Variabler er kategoriske om de ikke skrives `c.v`, som gir en kovariansanalyse; `a#b` er et samspill, "
            "`a##b` også hovedeffektene. Kvadratsummene er av type II: hvert ledd gitt alle andre som ikke inneholder "
            "det. `posthoc` sammenligner gjennomsnittene for kategoriene til hver kategorisk variabel, høyst 25, med "
            "Tukeys test, uten hensyn til de andre leddene. Med `noconstant` har den første kategoriske variabelen et "
            "gjennomsnitt for hver kategori.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check outcome, terms and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        outcome = outcome_of(scope, node)
        check_outcome_apart(outcome, node, ())
        resolved, variables = design_terms(scope, tuple(map(_categorical, node.terms[1:])))
        if not resolved:
            raise TypeMismatchError(
                "TOO_FEW_VARIABLES",
                Text("`anova` needs explanatory variables.", "`anova` trenger forklaringsvariabler."),
                span=node.head.name_span,
            )
        constant = not options.flag("noconstant")
        terms = _elementary(resolved)
        factors = tuple(dict.fromkeys(v.name for term in terms for v in term.variables if v.kind == "factor"))
        posthoc = options.flag("posthoc")
        if posthoc and not factors:
            raise TypeMismatchError(
                "NO_CATEGORICAL_VARIABLE",
                Text("`posthoc` compares categories, and there are none.", "`posthoc` sammenligner kategorier."),
                hint=Text("Leave out `c.` for a categorical variable.", "Utelat `c.` for en kategorisk variabel."),
                span=options.given["posthoc"].span,
            )
        model = Model(
            dataset=dataset.name,
            command="anova",
            outcome=outcome,
            terms=terms if constant else _with_every_mean(terms),
            shown=len(terms),
            variables=variables,
            others=(),
            where=condition(node.condition, dataset),
            constant=constant,
            level=LEVEL,
            lineage_violation=is_function_of(outcome, tuple(variables.values())),
        )
        return Bound("anova", Plan(model, factors if posthoc else ()), scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Test every term from the moments of one pass; see Command.compute."""
        workspace.progress("reading")
        entered = enter(workspace, workspace.frames[plan.model.dataset], plan.model)
        evidence = evidence_or_failure(
            workspace.engine, entered, "anova", lambda: self._evidence(plan, workspace, entered)
        )
        return Outcome(evidence, workspace.frames)

    def _evidence(self, plan: Plan, workspace: Workspace, entered: Frame) -> ModelEvidence:
        model = plan.model
        found = estimate("anova", model, workspace, entered)
        sizes = [len(expand(DesignSpec("", (term,)), found.reading.levels).columns) for term in model.terms]
        places = [range(sum(sizes[:number]), sum(sizes[: number + 1])) for number in range(len(sizes))]
        tests = term_tests(found.moments, found.fit, model.terms, places)
        tables = [_model_table(model, found.fit, found.evidence.analysis_set.units), _table(model, tests, found.fit)]
        compared = compare_groups(workspace, entered, model, plan.posthoc)
        return replace(
            found.evidence,
            tables=(*tables, *compared.tables),
            parts=compared.parts,
            smallest_combination=None,  # no constant is shown
        )

    def present(self, content: Any) -> tuple[Block, ...]:
        """The tables; see Command.present."""
        return present_model(content)


def _categorical(term: Term) -> Term:
    """Return a term whose variables without a prefix are categorical, also where one stands alone."""
    factors = tuple(replace(factor, kind="i") if factor.kind == "plain" else factor for factor in term.factors)
    return replace(term, factors=factors)


def _elementary(terms: tuple[DesignTerm, ...]) -> tuple[DesignTerm, ...]:
    """Return terms without `full`, each once: `a##b` becomes a, b and a#b."""

    def parts(term: DesignTerm) -> Iterator[DesignTerm]:
        for order in range(1 if term.full else len(term.variables), len(term.variables) + 1):
            for variables in combinations(term.variables, order):
                yield DesignTerm(variables)

    found: dict[frozenset[tuple[object, int]], DesignTerm] = {}
    for term in terms:
        for part in parts(term):
            found.setdefault(frozenset(Counter(part.variables).items()), part)
    return tuple(found.values())


def _with_every_mean(terms: tuple[DesignTerm, ...]) -> tuple[DesignTerm, ...]:
    """Return terms of which the first categorical variable alone has all its categories, in place of a constant."""
    for number, term in enumerate(terms):
        if len(term.variables) == 1 and term.variables[0].kind == "factor":
            return (*terms[:number], replace(term, whole=True), *terms[number + 1 :])
    return terms


def _name(term: DesignTerm) -> str:
    return "#".join(v.name if v.kind == "factor" else f"c.{v.name}" for v in term.variables)


def _model_table(model: Model, fit: OlsResult, units: UnitCount) -> FigureTable:
    def row(key: str, label: Text, value: Figure) -> tuple[Figure, ...]:
        return (Figure(FigureKind.LABEL, key, label=label), value)

    rows = (
        row("n_obs", Text("Observations", "Antall obs"), Figure(FigureKind.COUNT, units)),
        row("r2", same("R²"), Figure(FigureKind.ESTIMATE, fit.r2)),
        row("r2_adj", Text("Adjusted R²", "Justert R²"), Figure(FigureKind.ADJUSTED_R2, fit.r2_adj)),
        row(
            "rmse",
            Text("Root mean squared error", "Residualstandardavvik"),
            Figure(FigureKind.RESIDUAL_SCALE, fit.rmse),
        ),
    )
    title = Text(f"Analysis of variance of {model.outcome.name}", f"Variansanalyse av {model.outcome.name}")
    return FigureTable(
        "model", title, (("statistic", Text("Statistic", "Mål")), ("value", Text("Value", "Verdi"))), rows
    )


def _table(model: Model, tests: tuple[TermTest, ...], fit: OlsResult) -> FigureTable:
    columns = (
        ("source", Text("Source", "Kilde")),
        ("ss", Text("Sum of squares (II)", "Kvadratsum (II)")),
        ("df", same("df")),
        ("f", same("F")),
        ("p_value", same("P > F")),
    )
    rows = [
        (
            Figure(FigureKind.LABEL, _name(term)),
            Figure(FigureKind.PER_UNIT, test.ss),
            Figure(FigureKind.DEGREES, test.df),
            Figure(FigureKind.F_STATISTIC, test.f),
            Figure(FigureKind.P_VALUE, test.p_value),
        )
        for term, test in zip(model.terms, tests, strict=True)
    ]
    residual = (
        Figure(FigureKind.LABEL, "residual", label=Text("Residual", "Residual")),
        Figure(FigureKind.PER_UNIT, fit.ss_resid),
        Figure(FigureKind.RESIDUAL_DEGREES, fit.df_resid),
        Figure(FigureKind.F_STATISTIC, None),
        Figure(FigureKind.P_VALUE, None),
    )
    return FigureTable("anova", Text("Analysis of variance", "Variansanalyse"), columns, (*rows, residual))


COMMAND = Anova()
