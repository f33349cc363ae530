"""correlate: Pearson correlations or covariances of numeric variables, by listwise or pairwise deletion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from grille.server.blocks import Block
from grille.server.commands.analysis import condition, numeric_variables, plain_terms
from grille.server.commands.association import Pair, columns_of, pairs_of
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.complete import any_value, complete_rows
from grille.server.commands.facts import has_missing
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.model_tables import present_model
from grille.server.commands.options import check_options
from grille.server.commands.scope import Scope, Variable
from grille.server.commands.sets import analysis_set
from grille.server.disclosure.evidence import Figure, FigureKind, FigureSetsEvidence, FigureTable, NoAnswerEvidence
from grille.server.engines.base import Frame
from grille.server.errors import NumericError, TypeMismatchError
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.plan.expressions import Expression
from grille.server.text import Text, same

MOST_VARIABLES = 20

Places = dict[tuple[str, str], Pair]


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound correlate."""

    dataset: str
    variables: tuple[Variable, ...]
    where: Expression | None
    covariance: bool
    pairwise: bool
    obs: bool
    sig: bool


class Correlate:
    """The command."""

    spec = CommandSpec(
        name="correlate",
        group=Text("Statistics", "Statistikk"),
        summary=Text("Correlations of numeric variables", "Korrelasjoner mellom numeriske variabler"),
        syntax="correlate [VARIABLES] [if CONDITION] [, covariance pairwise obs sig]",
        options=(
            OptionSpec("covariance", "covariance", Text("covariances instead", "kovarianser i stedet")),
            OptionSpec(
                "pairwise",
                "pairwise",
                Text("each pair over the units with values in both", "hvert par over enhetene med verdier i begge"),
            ),
            OptionSpec("obs", "obs", Text("number of units of each pair", "antall enheter for hvert par")),
            OptionSpec("sig", "sig", Text("p-value of each correlation", "p-verdi for hver korrelasjon")),
        ),
        examples=("correlate wage age", "correlate wage age man if age > 30, pairwise obs sig"),
        details=Text(
            "Pearson correlations. Without variables: all numeric ones, at most 20. Units with a missing value in any "
            "of them are left out, with `pairwise` only from their own pairs. Values beyond the data set's 1st and "
            "99th percentile are set to these, as for means and deviations; correlations of 0/1 variables come from "
            "noisy counts. A pair is withheld when one variable determines the other, or few units the result.",
            "Pearson-korrelasjoner. Uten variabler: alle numeriske, høyst 20. Enheter med manglende verdi i noen av "
            "dem er ikke med, med `pairwise` bare ikke i egne par. Verdier utenfor datasettets 1. og 99. persentil "
            "settes til disse, som for gjennomsnitt og avvik; korrelasjoner av 0/1-variabler kommer fra antall med "
            "støy. Et par holdes tilbake når den ene variabelen bestemmer den andre, eller få enheter resultatet.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variables and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        names = plain_terms(node, least=0, most=MOST_VARIABLES)
        variables = numeric_variables(scope, dataset, names)
        if not 2 <= len(variables) <= MOST_VARIABLES:
            raise TypeMismatchError(
                "TOO_FEW_VARIABLES" if len(variables) < 2 else "TOO_MANY_VARIABLES",
                Text(
                    f"`correlate` takes 2 to {MOST_VARIABLES} numeric variables.",
                    f"`correlate` tar 2 til {MOST_VARIABLES} numeriske variabler.",
                ),
                hint=Text("Name the variables after the command.", "Skriv variablene etter kommandoen."),
                span=node.head.name_span,
            )
        options = check_options(self.spec, node.options)
        flags = [options.flag(name) for name in ("covariance", "pairwise", "obs", "sig")]
        plan = Plan(dataset.name, variables, condition(node.condition, dataset), *flags)
        return Bound("correlate", plan, scope)

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Correlate in one pass, or in one per pair; see Command.compute."""
        workspace.progress("reading")
        frame = workspace.frames[plan.dataset]
        try:
            found = _pairwise(plan, workspace, frame) if plan.pairwise else _listwise(plan, workspace, frame)
        except NumericError as error:
            entered = complete_rows(workspace, frame, plan.variables, plan.where)
            failed = analysis_set(workspace.engine, entered, "correlate", None, ())
            return Outcome(NoAnswerEvidence(failed, error), workspace.frames)
        if not (plan.covariance or plan.obs):
            found = {place: pair for place, pair in found.items() if place[0] != place[1]}
        together = any_value(plan.variables, plan.where) if plan.pairwise else None
        evidence = _evidence(plan, workspace, frame, found, together)
        return Outcome(evidence, workspace.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """One matrix per kind of figure; see Command.present."""
        return present_model(content)


def _listwise(plan: Plan, workspace: Workspace, frame: Frame) -> Places:
    entered = complete_rows(workspace, frame, plan.variables, plan.where)
    return pairs_of(workspace, entered, columns_of(workspace, frame, plan.variables), "correlate")


def _pairwise(plan: Plan, workspace: Workspace, frame: Frame) -> Places:
    """Take the variables without gaps in one pass, every other pair in its own."""
    columns = columns_of(workspace, frame, plan.variables)
    whole = tuple(one for one in plan.variables if not has_missing(workspace, frame, one))
    found: Places = {}

    def add(*variables: Variable) -> None:
        entered = complete_rows(workspace, frame, variables, plan.where)
        of_these = {one.name: columns[one.name] for one in variables}
        pairs = pairs_of(workspace, entered, of_these, "correlate pair")
        # over the units of a pair a variable's own figures are not its own
        found.update({place: pair for place, pair in pairs.items() if len(set(place)) == min(len(variables), 2)})

    if len(whole) > 1:
        found |= pairs_of(
            workspace,
            complete_rows(workspace, frame, whole, plan.where),
            {one.name: columns[one.name] for one in whole},
            "correlate",
        )
    for number, one in enumerate(plan.variables):
        if (plan.covariance or plan.obs) and (one.name, one.name) not in found:
            add(one)
        for two in plan.variables[number + 1 :]:
            if (one.name, two.name) not in found:
                add(one, two)
    return found


def _evidence(
    plan: Plan, workspace: Workspace, frame: Frame, found: Places, together: Expression | None
) -> FigureSetsEvidence:
    places = {place: number for number, place in enumerate(found)}
    judged = tuple(pair.judged for pair in found.values())
    union = judged[0].analysis_set
    if together is not None:
        union = analysis_set(workspace.engine, frame, "correlate", together, ())
    applied = []
    if workspace.policy.protects:
        applied += ["winsorising", "figure_steps"]
        if any(one.parts for one in judged):
            applied.append("shares_from_noised_counts")
    return FigureSetsEvidence("correlate", union, judged, _tables(plan, found, places), tuple(applied))


def _tables(plan: Plan, found: Places, places: dict[tuple[str, str], int]) -> tuple[FigureTable, ...]:
    estimate = FigureKind.ESTIMATE
    one = Figure(estimate, 1.0)  # of a variable with itself
    none = Figure(FigureKind.P_VALUE, None)
    tables = []
    if plan.covariance:
        title = Text("Covariances", "Kovarianser")
        tables.append(_matrix(plan, "covariance", title, found, places, lambda pair: (estimate, pair.covariance)))
    else:
        title = Text("Correlations", "Korrelasjoner")
        tables.append(
            _matrix(plan, "correlation", title, found, places, lambda pair: (estimate, pair.correlation), one)
        )
    if plan.sig:
        title = Text("P-values of the correlations", "P-verdier for korrelasjonene")
        kind = FigureKind.P_VALUE
        tables.append(_matrix(plan, "p_values", title, found, places, lambda pair: (kind, pair.p_value), none))
    if plan.obs:
        title = Text("Units", "Antall")
        count = FigureKind.COUNT
        tables.append(
            _matrix(plan, "n_obs", title, found, places, lambda pair: (count, pair.judged.analysis_set.units))
        )
    return tuple(tables)


def _matrix(
    plan: Plan,
    key: str,
    title: Text,
    found: Places,
    places: dict[tuple[str, str], int],
    figure: Callable[[Pair], tuple[FigureKind, Any]],
    diagonal: Figure | None = None,
) -> FigureTable:
    names = tuple(variable.name for variable in plan.variables)

    def cell(one: str, two: str) -> Figure:
        if one == two and diagonal is not None:
            return diagonal
        place = (one, two) if (one, two) in places else (two, one)
        kind, value = figure(found[place])
        return Figure(kind, value, group=places[place])

    rows = tuple((Figure(FigureKind.LABEL, one), *(cell(one, two) for two in names)) for one in names)
    columns = (("variable", Text("Variable", "Variabel")), *((name, same(name)) for name in names))
    return FigureTable(key, title, columns, rows)


COMMAND = Correlate()
