"""recode: new values for old ones, by rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import new_name, populated_dataset, unique_names, usable_variable, with_variable
from grille.server.commands.options import check_options
from grille.server.commands.preparation import (
    NOBODY,
    PREPARATION,
    blended,
    by_effect,
    count_by,
    count_units,
    derived,
    present_status,
    together,
    touch,
    with_frame,
)
from grille.server.commands.recode_rules import labels_after, recoded, result_type, rule_number, unmatched
from grille.server.commands.scope import DataSet, Scope, Variable
from grille.server.disclosure.evidence import StatusEvidence, Touch, UnitCount
from grille.server.disclosure.rules.condition import Effect
from grille.server.engines.base import Frame
from grille.server.errors import Span
from grille.server.language import ast
from grille.server.language.binding import bind_condition
from grille.server.plan.expressions import ColumnRef, Expression, ValueType
from grille.server.plan.steps import choose, missing
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Step:
    """One variable to recode.

    Attributes:
        source: The variable.
        target: Name of the result.
        type: Its type.
        old: The value where no rule applies.
        branches: Per rule, when it matches and what it gives.
        rule: Number of the rule that decides a row.
    """

    source: str
    target: str
    type: ValueType
    old: Expression
    branches: tuple[tuple[Expression, Expression], ...]
    rule: Expression


@dataclass(frozen=True, slots=True)
class Plan:
    """The data set, its variables to recode, the number of rules, and where they apply."""

    dataset: str
    steps: tuple[Step, ...]
    rules: int
    condition: Expression | None


class Recode:
    """The command."""

    spec = CommandSpec(
        name="recode",
        group=PREPARATION,
        summary=Text("Give values new codes by rules", "Gi verdier nye koder etter regler"),
        syntax="recode VARIABLES (VALUES = NEW ['LABEL'] [missing]) ... [if CONDITION] [, OPTIONS]",
        options=(
            OptionSpec(
                "prefix",
                "prefix(TEXT)",
                Text("write to new variables with this prefix", "skriv til nye variabler med forstavelse"),
            ),
            OptionSpec("generate", "generate(TEXT)", Text("the same as prefix", "det samme som prefix")),
        ),
        examples=(
            "recode region (1/3 = 1 'South') (4 5 = 2 'North') (missing = 9 'unknown' missing)",
            "recode edu (min/2 = 1 'Low') (3/5 = 2 'Middle') (6/max = 3 'High'), prefix(g_)",
        ),
        details=Text(
            "On the left stand values, closed ranges of numbers with min and max, or one of missing, nonmissing and "
            "*. The "
            "first rule that matches a value decides; values that no rule matches stay. A rule that decides for few "
            "units or none changes nothing, one that leaves few or none decides for all.",
            "Til venstre står verdier, lukkede intervaller av tall med min og max, eller ett av missing, nonmissing "
            "og *. "
            "Den første regelen som passer, bestemmer; verdier uten regel står. En regel som bestemmer for få enheter "
            "eller ingen, endrer ingenting, en som utelater få eller ingen, bestemmer for alle.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check names, types and rules for every variable."""
        if not isinstance(node, ast.Recode):
            raise TypeError("not recode")
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        chosen = options.exclusive("prefix", "generate")
        prefix = None if chosen is None else options.text(chosen)
        condition = None if node.condition is None else bind_condition(node.condition, dataset.variables)
        steps: list[Step] = []
        after = scope
        for name in unique_names(node.variables):
            old = usable_variable(scope, name.text, name.span)
            target = old.name if prefix is None else new_name(after, prefix + old.name, name.span)
            step, variable = _step(dataset, old, target, node.rules, condition, name.span)
            steps.append(step)
            after = with_variable(after, after.datasets[dataset.name], variable)
        return Bound(self.spec.name, Plan(dataset.name, tuple(steps), len(node.rules), condition), after)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Recode every variable; count per rule the units that it decides."""
        workspace.progress("computing")
        engine, frame = workspace.engine, workspace.frames[plan.dataset]
        touched: list[Touch] = []
        counts: dict[str, UnitCount] = {}
        after = frame
        everything = count_units(engine, frame)
        for number, step in enumerate(plan.steps):
            found = _touched(workspace, frame, plan, step, everything)
            touched += found
            counts[f"changed{number}"] = _changed(found, everything)
            after = engine.with_column(after, step.target, _value(step, plan, found))
        english = "; ".join(f"{step.target} for {{changed{place}}} units" for place, step in enumerate(plan.steps))
        norwegian = "; ".join(f"{step.target} for {{changed{place}}} enheter" for place, step in enumerate(plan.steps))
        text = Text(f"Recoded in {plan.dataset}: {english}.", f"Omkodet i {plan.dataset}: {norwegian}.")
        evidence = StatusEvidence("recoded", text, counts, touched=tuple(touched))
        return Outcome(evidence, with_frame(workspace, plan.dataset, after))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


def _step(
    dataset: DataSet,
    old: Variable,
    target: str,
    rules: tuple[ast.RecodeRule, ...],
    condition: Expression | None,
    span: Span,
) -> tuple[Step, Variable]:
    kind = result_type(old, rules, span, everywhere=condition is None)
    computed = derived(target, dataset, kind, (ColumnRef(old.name, old.type), condition))
    title = old.title if target == old.name else computed.title
    labels = labels_after(old, rules, kind)
    variable = replace(blended(old, computed), name=target, title=title, type=kind, labels=labels)
    unruled = unmatched(old, kind)
    return Step(old.name, target, kind, unruled, recoded(old, rules, kind), rule_number(old, rules)), variable


def _touched(workspace: Workspace, frame: Frame, plan: Plan, step: Step, everything: UnitCount) -> list[Touch]:
    rule = step.rule
    if plan.condition is not None:
        rule = choose([(plan.condition, rule)], missing(ValueType.NUMBER), ValueType.NUMBER)
    found = count_by(workspace.engine, frame, rule, None)
    return [
        touch(workspace, found.get(float(number), NOBODY), everything, _rule_name(step, number))
        for number in range(plan.rules)
    ]


def _rule_name(step: Step, number: int) -> Text:
    return Text(f"Rule {number + 1} for {step.source}", f"Regel {number + 1} for {step.source}")


def _changed(found: list[Touch], everything: UnitCount) -> UnitCount:
    if any(one.effect == Effect.EVERYBODY for one in found):
        return everything
    return together(by_effect(one, one.selected, NOBODY, everything) for one in found)


def _value(step: Step, plan: Plan, found: list[Touch]) -> Expression:
    """Return the recoded value: a rule that counts as holding for nobody leaves what it matches as it was."""
    news = [new for _, new in step.branches]
    for new, one in zip(news, found, strict=True):
        if one.effect == Effect.EVERYBODY:
            return new
    branches = [
        (matches, by_effect(one, new, step.old, new)) for (matches, new), one in zip(step.branches, found, strict=True)
    ]
    if all(one.effect == Effect.NOBODY for one in found):
        return step.old
    value = choose(branches, step.old, step.type)
    return value if plan.condition is None else choose([(plan.condition, value)], step.old, step.type)


COMMAND = Recode()
