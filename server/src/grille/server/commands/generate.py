"""generate: a new variable computed from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.facts import note_missing
from grille.server.commands.lookup import new_name, populated_dataset, with_variable
from grille.server.commands.preparation import (
    PREPARATION,
    by_effect,
    derived,
    is_truth,
    present_status,
    touched_by,
    with_frame,
    with_missing,
)
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import StatusEvidence, Touch
from grille.server.language import ast
from grille.server.language.binding import bind_condition, bind_expression
from grille.server.plan.expressions import ColumnRef, Expression
from grille.server.plan.steps import choose, missing
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The data set, the new variable, its value, and where it gets one."""

    dataset: str
    column: str
    value: Expression
    condition: Expression | None


class Generate:
    """The command."""

    spec = CommandSpec(
        name="generate",
        group=PREPARATION,
        summary=Text("Make a new variable", "Lag en ny variabel"),
        syntax="generate NAME = EXPRESSION [if CONDITION]",
        examples=(
            "generate man = sex == '1'",
            "generate age = 2022 - int(born / 100)",
            "generate quarter_of_wage = quantile(wage, 4) if wage > 0",
        ),
        details=Text(
            "The name must be unused. Units outside the condition get a missing value. A comparison gives 1 and 0 for "
            "all units. quantile() must be the whole right side; units with equal values are never parted. A condition "
            "that selects few units or none counts as selecting none, one that leaves few or none as selecting all.",
            "Navnet må være ubrukt. Enheter utenfor betingelsen får manglende verdi. En sammenligning gir 1 og 0 for "
            "alle enheter. quantile() må være hele høyresiden; enheter med lik verdi skilles aldri. En betingelse som "
            "velger få enheter eller ingen, regnes som om den ikke velger noen, en som utelater få eller ingen, som om "
            "den velger alle.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check the name and bind the expression and the condition."""
        if not isinstance(node, ast.Assignment):
            raise TypeError("not generate")
        dataset = populated_dataset(scope, node.head.name_span)
        name = new_name(scope, node.target.text, node.target.span)
        value = bind_expression(node.value, dataset.variables)
        condition = None if node.condition is None else bind_condition(node.condition, dataset.variables)
        variable = derived(name, dataset, value.type, (value, condition))
        return Bound(
            self.spec.name, Plan(dataset.name, name, value, condition), with_variable(scope, dataset, variable)
        )

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Compute the variable; count the units that the condition selects, and the missing values."""
        workspace.progress("computing")
        engine, frame = workspace.engine, workspace.frames[plan.dataset]
        value: Expression = plan.value
        touched: tuple[Touch, ...] = ()
        if plan.condition is not None:
            found = touched_by(workspace, frame, plan.condition)
            touched = (found,)
            chosen: Expression = choose([(plan.condition, value)], missing(value.type), value.type)
            value = by_effect(found, chosen, missing(value.type), value)
        frame = engine.with_column(frame, plan.column, value)
        column = value if is_truth(value) else ColumnRef(plan.column, value.type)
        counts = with_missing(engine, frame, column)
        note_missing(workspace, frame, plan.column, counts["missing"])
        text = Text(
            f"{plan.column} in {plan.dataset}: {{units}} units, {{missing}} without a value.",
            f"{plan.column} i {plan.dataset}: {{units}} enheter, {{missing}} uten verdi.",
        )
        return Outcome(
            StatusEvidence("generated", text, counts, touched=touched), with_frame(workspace, plan.dataset, frame)
        )

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = Generate()
