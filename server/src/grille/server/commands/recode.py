"""recode: new values for old ones, by rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import new_name, populated_dataset, unique_names, usable_variable, with_variable
from grille.server.commands.options import check_options
from grille.server.commands.preparation import (
    PREPARATION,
    blended,
    count_by,
    count_units,
    derived,
    present_status,
    together,
    with_frame,
    without,
)
from grille.server.commands.recode_rules import labels_after, recoded, result_type, rule_number
from grille.server.commands.scope import DataSet, Scope, Variable
from grille.server.disclosure.evidence import StatusEvidence, UnitCount
from grille.server.engines.base import Engine, Frame
from grille.server.errors import Span
from grille.server.language import ast
from grille.server.language.binding import bind_condition
from grille.server.plan.expressions import ColumnRef, Expression, ValueType
from grille.server.plan.steps import choose, missing
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Step:
    """One variable to recode: name of the result, its value, and the number of the rule that decides a row."""

    target: str
    value: Expression
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
            "first rule that matches a value decides; values that no rule matches stay.",
            "Til venstre står verdier, lukkede intervaller av tall med min og max, eller ett av missing, nonmissing "
            "og *. "
            "Den første regelen som passer, bestemmer; verdier uten regel står.",
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
        touched: list[tuple[UnitCount, UnitCount]] = []
        counts: dict[str, UnitCount] = {}
        after = frame
        for number, step in enumerate(plan.steps):
            pairs = _touched(engine, frame, plan, step)
            touched += pairs
            counts[f"changed{number}"] = together(selected for selected, _ in pairs)
            after = engine.with_column(after, step.target, step.value)
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
    value, rule = recoded(old, rules, kind), rule_number(old, rules)
    if condition is not None:
        value = choose([(condition, value)], ColumnRef(old.name, old.type), kind)
    computed = derived(target, dataset, kind, (ColumnRef(old.name, old.type), condition))
    variable = replace(blended(old, computed), name=target, type=kind, labels=labels_after(old, rules, kind))
    return Step(target, value, rule), variable


def _touched(engine: Engine, frame: Frame, plan: Plan, step: Step) -> list[tuple[UnitCount, UnitCount]]:
    rule = step.rule
    if plan.condition is not None:
        rule = choose([(plan.condition, rule)], missing(ValueType.NUMBER), ValueType.NUMBER)
    found = count_by(engine, frame, rule, None)
    everything = count_units(engine, frame)
    selected = [found.get(float(number), UnitCount(0, 0)) for number in range(plan.rules)]
    return [(one, without(everything, one)) for one in selected]


COMMAND = Recode()
