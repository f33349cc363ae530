"""What regress and regress-mml share: terms, the pass over the rows, evidence for the model gate, tables of figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from grille.server.commands.analysis import numeric
from grille.server.commands.base import Workspace
from grille.server.commands.facts import (
    clip,
    has_missing,
    is_binary,
    reference,
    remembered,
    remembered_rows,
    winsor_limits,
)
from grille.server.commands.lookup import usable_variable
from grille.server.commands.scope import Scope, Variable
from grille.server.commands.sets import analysis_set
from grille.server.disclosure.evidence import (
    DesignColumn,
    ModelEvidence,
    NoAnswerEvidence,
)
from grille.server.engines.base import Engine, Frame
from grille.server.errors import NumericError, TypeMismatchError
from grille.server.language.ast import Analysis, Factor, Name, Term
from grille.server.plan.aggregates import Aggregation, Batch, BatchRequest, FactorLevels, Measure, MeasureKind
from grille.server.plan.expressions import Apply, Expression, ValueType
from grille.server.statistics.design import (
    Design,
    DesignSpec,
    DesignTerm,
    DesignVariable,
    expand,
)
from grille.server.statistics.moments import Moments
from grille.server.statistics.rarity import column_rarity, two_valued_columns
from grille.server.statistics.scaling import Scaling
from grille.server.statistics.weight import Deviations, deviations
from grille.server.text import Text

Passes = Callable[[], Iterator[Batch]]


@dataclass(frozen=True, slots=True)
class Model:
    """A bound model.

    Attributes:
        dataset: Data set.
        command: Command name.
        outcome: Outcome.
        terms: Explanatory terms, controls last.
        shown: Number of leading terms whose coefficients are shown.
        variables: Every variable of the terms by name.
        others: Variables that must not be missing beside those: groups, cluster.
        where: Condition.
        constant: Whether there is a constant term.
        level: Confidence level in percent.
        lineage_violation: Whether the outcome is computed from the regressors alone.
    """

    dataset: str
    command: str
    outcome: Variable
    terms: tuple[DesignTerm, ...]
    shown: int
    variables: dict[str, Variable]
    others: tuple[Variable, ...]
    where: Expression | None
    constant: bool
    level: float
    lineage_violation: bool


def design_terms(scope: Scope, terms: Sequence[Term]) -> tuple[tuple[DesignTerm, ...], dict[str, Variable]]:
    """Resolve terms: `i.v` and bare variables of interactions are factors, `c.v` and bare variables alone numbers.

    Raises:
        TypeMismatchError: NOT_NUMERIC for text used as a number; see also lookup.usable_variable.
    """
    resolved = []
    variables: dict[str, Variable] = {}
    for term in terms:
        parts = []
        for factor in term.factors:
            continuous = factor.kind == "c" or (factor.kind == "plain" and len(term.factors) == 1)
            variables[factor.name] = _regressor(scope, factor, continuous)
            parts.append(DesignVariable(factor.name, "continuous" if continuous else "factor"))
        resolved.append(DesignTerm(tuple(parts), term.full))
    return tuple(resolved), variables


def _regressor(scope: Scope, factor: Factor, continuous: bool) -> Variable:
    name = Name(factor.name, factor.span)
    if not continuous:
        return usable_variable(scope, factor.name, factor.span)
    try:
        return numeric(scope, name, from_model=True)
    except TypeMismatchError as error:
        if error.reason == "NOT_NUMERIC":
            error.hint = Text(
                f"Write `i.{factor.name}` to use its categories.", f"Skriv `i.{factor.name}` for å bruke kategoriene."
            )
        raise


def outcome_of(scope: Scope, node: Analysis) -> Variable:
    """Return the outcome: the first term, one plain numeric variable; raises TypeMismatchError."""
    if not node.terms:
        raise TypeMismatchError(
            "TOO_FEW_VARIABLES",
            Text("The model needs an outcome.", "Modellen trenger en avhengig variabel."),
            span=node.head.name_span,
        )
    term = node.terms[0]
    if len(term.factors) != 1 or term.factors[0].kind != "plain":
        raise TypeMismatchError(
            "TERM_NOT_ALLOWED",
            Text("The outcome is one plain variable.", "Den avhengige variabelen er én ren variabel."),
            span=term.span,
        )
    return numeric(scope, Name(term.factors[0].name, term.factors[0].span))


def check_outcome_apart(outcome: Variable, node: Analysis, control: Sequence[Term]) -> None:
    """Raise TypeMismatchError OUTCOME_IS_REGRESSOR when the outcome is a term too."""
    for term in (*node.terms[1:], *control):
        for factor in term.factors:
            if factor.name == outcome.name:
                raise TypeMismatchError(
                    "OUTCOME_IS_REGRESSOR",
                    Text(f"`{outcome.name}` is the outcome.", f"`{outcome.name}` er den avhengige variabelen."),
                    hint=Text("Leave it out of the explanatory variables.", "Utelat den fra forklaringsvariablene."),
                    span=factor.span,
                )


def is_function_of(outcome: Variable, regressors: Sequence[Variable]) -> bool:
    """Return whether every register variable behind the outcome is behind the regressors too."""
    known = frozenset().union(*(variable.lineage for variable in regressors)) if regressors else frozenset()
    return bool(outcome.lineage) and outcome.lineage <= known


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of a model: factor levels, the way to pass over them, the design, the shown columns."""

    levels: FactorLevels
    passes: Passes
    design: Design
    shown: frozenset[str]


def enter(workspace: Workspace, frame: Frame, model: Model) -> Frame:
    """Return the rows of `frame` that enter the estimation: the condition holds and nothing is missing."""
    number = ValueType.NUMBER
    every = {**model.variables, model.outcome.name: model.outcome, **{v.name: v for v in model.others}}
    conditions: list[Expression] = [] if model.where is None else [model.where]
    for name in sorted(every):
        if has_missing(workspace, frame, every[name]):
            conditions.append(Apply("not", (Apply("sysmiss", (reference(every[name]),), number),), number))
    if not conditions:
        return frame
    together = conditions[0] if len(conditions) == 1 else Apply("and", tuple(conditions), number)
    return remembered_rows(workspace, frame, together)


def evidence_or_failure(
    engine: Engine, entered: Frame, command: str, fit: Callable[[], ModelEvidence]
) -> ModelEvidence | NoAnswerEvidence:
    """Return the evidence that `fit` makes, or that there is none: the gate decides whether the cause may be told."""
    try:
        return fit()
    except NumericError as error:
        return NoAnswerEvidence(analysis_set(engine, entered, command, None, ()), error)


def read(workspace: Workspace, frame: Frame, model: Model) -> Reading:
    """Prepare the pass over the rows of `frame`, which `enter` made.

    Under a policy that protects, a column on whose rarer side are few units counts as one on which there are none;
    under a strict one numbers are winsorised.
    """
    levels, passes = workspace.engine.batches(frame, request_of(workspace, model))
    return reading_of(workspace, model, levels, passes)


def request_of(workspace: Workspace, model: Model) -> BatchRequest:
    """Return what the pass over complete rows reads."""
    spec = DesignSpec(model.outcome.name, model.terms, model.constant)
    factors = tuple(dict.fromkeys((*spec.factors, *(variable.name for variable in model.others))))
    known = {**model.variables, model.outcome.name: model.outcome, **{v.name: v for v in model.others}}
    return BatchRequest(
        tuple((name, number_of(workspace, model, known[name])) for name in spec.numbers),
        tuple((name, reference(known[name])) for name in factors),
        all_complete=True,
    )


def reading_of(workspace: Workspace, model: Model, levels: FactorLevels, passes: Passes) -> Reading:
    """Return the design over the levels that occur, and which of its columns are shown."""
    policy = workspace.policy
    spec = DesignSpec(model.outcome.name, model.terms, model.constant)
    design = replace(expand(spec, levels), rare_below=policy.column_min if policy.protects else 0)
    visible = expand(DesignSpec(model.outcome.name, model.terms[: model.shown], model.constant), levels)
    return Reading(levels, passes, design, frozenset(visible.names))


def number_of(workspace: Workspace, model: Model, variable: Variable) -> Expression:
    """Return the value of an outcome or regressor as it enters the model; it is not missing."""
    value, whole = reference(variable), workspace.frames[model.dataset]
    if not workspace.policy.winsorises_models or is_binary(workspace, whole, variable):
        return value
    low, high, _ = winsor_limits(workspace, whole, variable)
    return clip(value, low, high)


def smallest_combination(workspace: Workspace, frame: Frame, model: Model, moments: Moments) -> int | None:
    """Return the units in the smallest non-empty combination of the categorical regressors; None without any.

    Categorical are factors, and numbers that take two values only (0/1 variables among them).
    """
    kinds = {v.name: v.kind for term in model.terms for v in term.variables}
    two_valued = two_valued_columns(moments)
    names = [name for name, kind in kinds.items() if kind == "factor" or name in two_valued]
    return _smallest(workspace, frame, model, names) if names else None


def expect_combinations(workspace: Workspace, frame: Frame, model: Model) -> None:
    """Count what `smallest_combination` will most likely ask for, so that the engine has the answer by then.

    Which numbers take two values is known only after the pass; 0/1 variables of the data set are a good guess.
    """
    whole = workspace.frames[model.dataset]
    kinds = {v.name: v.kind for term in model.terms for v in term.variables}
    names = [
        name for name, kind in kinds.items() if kind == "factor" or is_binary(workspace, whole, model.variables[name])
    ]
    if names:
        _smallest(workspace, frame, model, names)


def _smallest(workspace: Workspace, frame: Frame, model: Model, names: Sequence[str]) -> int:
    """Return the units in the smallest non-empty combination of some variables, 0 without any unit."""
    assert frame.rows is not None
    key = ("smallest_combination", frame.rows.present, *sorted(frame.columns[name].identity for name in names))

    def find() -> int:
        by = tuple((name, reference(model.variables[name])) for name in sorted(names))
        counts = workspace.engine.aggregate(frame, Aggregation(by, (Measure("n", MeasureKind.UNITS),))).measures["n"]
        return int(np.min(counts)) if len(counts) else 0

    return cast(int, remembered(workspace, key, find))


def outcome_weight(workspace: Workspace, frame: Frame, outcome: Variable) -> tuple[float, float, float]:
    """Return the outcome's squared deviations from its mean: their sum, the largest and the second largest.

    A model does not winsorise: where one unit makes up most of the sum, the mean of a hundred units gives it away.
    """
    found = remembered(
        workspace, _weight_key(frame, outcome), lambda: _outcome_weight(workspace.engine, frame, outcome)
    )
    return cast("tuple[float, float, float]", found)


def note_outcome_weight(workspace: Workspace, frame: Frame, model: Model, moments: Moments) -> None:
    """Note the outcome's weight from moments that were just read, unless they are those of a winsorised outcome."""
    if moments.outcome_ends is None or number_of(workspace, model, model.outcome) != reference(model.outcome):
        return
    found = deviations(moments.outcome_ends, float(moments.mean[-1]), float(moments.cross[-1, -1]))
    key = _weight_key(frame, model.outcome)
    workspace.memo.setdefault(key, (found.total, found.largest, found.second))


def _weight_key(frame: Frame, outcome: Variable) -> tuple[str, str, str]:
    assert frame.rows is not None
    return "outcome_weight", frame.rows.present, frame.columns[outcome.name].identity


def _outcome_weight(engine: Engine, frame: Frame, outcome: Variable) -> tuple[float, float, float]:
    request = BatchRequest(((outcome.name, reference(outcome)),), (), all_complete=True)
    deviations = Deviations()
    with np.errstate(over="ignore", invalid="ignore"):
        for batch in engine.batches(frame, request)[1]():
            deviations.add(batch.numbers[outcome.name])
        found = deviations.result()
    return tuple(np.nan_to_num([found.total, found.largest, found.second]).tolist())


def design_columns(moments: Moments, scaling: Scaling) -> tuple[DesignColumn, ...]:
    """Return what the gate asks of each kept column."""
    return tuple(
        DesignColumn(column.term, column.rarer_units, column.rarer_groups, column.constant)
        for column in column_rarity(moments, scaling)
    )
