"""replace: change values of a variable, everywhere or where a condition holds."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import populated_dataset, usable_variable, with_variable
from grille.server.commands.preparation import (
    NOBODY,
    PREPARATION,
    blended,
    by_effect,
    count_units,
    derived,
    present_status,
    touch,
    with_frame,
)
from grille.server.commands.scope import Scope, Variable
from grille.server.disclosure.evidence import StatusEvidence, Touch
from grille.server.errors import Span, TypeMismatchError
from grille.server.language import ast
from grille.server.language.binding import bind_condition, bind_expression
from grille.server.plan.expressions import ColumnRef, Constant, Expression, ValueType
from grille.server.plan.steps import choose, missing
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The data set, the variable, its new value, and where it changes."""

    dataset: str
    column: str
    value: Expression
    condition: Expression | None


class Replace:
    """The command."""

    spec = CommandSpec(
        name="replace",
        group=PREPARATION,
        summary=Text("Change values of a variable", "Endre verdier av en variabel"),
        syntax="replace VARIABLE = EXPRESSION [if CONDITION]",
        examples=("replace wage = 0 if sysmiss(wage)", "replace code = string(code)"),
        details=Text(
            "Values outside the condition stay. Without a condition all values change, and the type may change too. A "
            "condition that selects few units or none changes nothing, one that leaves few or none changes all.",
            "Verdier utenfor betingelsen står. Uten betingelse endres alle verdier, og typen kan da også endres. En "
            "betingelse som velger få enheter eller ingen, endrer ingenting, en som utelater få eller ingen, endrer "
            "alle.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check the variable and bind the expression and the condition."""
        if not isinstance(node, ast.Assignment):
            raise TypeError("not replace")
        dataset = populated_dataset(scope, node.head.name_span)
        old = usable_variable(scope, node.target.text, node.target.span)
        value = bind_expression(node.value, dataset.variables)
        if isinstance(value, Constant) and value.value is None:
            value = missing(old.type)
        condition = None if node.condition is None else bind_condition(node.condition, dataset.variables)
        new = derived(old.name, dataset, value.type, (value, condition))
        if condition is None:
            labels = old.labels if _fits(value.type, old.type) else None
            after = changed(new, title=old.title, labels=labels)
        else:
            _check_type(old, value.type, node.target.span)
            after = blended(old, new)
        return Bound(
            self.spec.name, Plan(dataset.name, old.name, value, condition), with_variable(scope, dataset, after)
        )

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Compute the new values; count the units that change."""
        workspace.progress("computing")
        engine, frame = workspace.engine, workspace.frames[plan.dataset]
        value: Expression = plan.value
        touched: tuple[Touch, ...] = ()
        selected = everything = count_units(engine, frame)
        if plan.condition is not None:
            found = touch(workspace, count_units(engine, frame, plan.condition), everything)
            touched = (found,)
            selected = by_effect(found, found.selected, NOBODY, everything)
            kind = frame.columns[plan.column].type
            old = ColumnRef(plan.column, kind)
            value = by_effect(found, choose([(plan.condition, value)], old, kind), old, value)
        text = Text(
            f"{plan.column} in {plan.dataset}: {{changed}} units changed.",
            f"{plan.column} i {plan.dataset}: {{changed}} enheter endret.",
        )
        evidence = StatusEvidence("replaced", text, {"changed": selected}, touched=touched)
        return Outcome(evidence, with_frame(workspace, plan.dataset, engine.with_column(frame, plan.column, value)))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


def _fits(new: ValueType, old: ValueType) -> bool:
    return (new is ValueType.STRING) == (old is ValueType.STRING)


def _check_type(old: Variable, new: ValueType, span: Span) -> None:
    if not _fits(new, old.type):
        raise TypeMismatchError(
            "TYPE_MISMATCH",
            Text(
                f"`{old.name}` and its new value have different types, and a condition leaves old values beside new "
                "ones.",
                f"`{old.name}` og den nye verdien har ulik type, og betingelsen lar gamle verdier stå ved siden av "
                "nye.",
            ),
            hint=Text(
                "Leave out the condition, or make a new variable with `generate`.",
                "Utelat betingelsen, eller lag en ny variabel med `generate`.",
            ),
            span=span,
        )


COMMAND = Replace()
