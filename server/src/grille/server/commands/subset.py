"""keep and drop: fewer variables, or fewer units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import active_dataset, populated_dataset, unique_names, variable, with_dataset
from grille.server.commands.preparation import (
    NOBODY,
    PREPARATION,
    by_effect,
    present_status,
    together,
    touched_by,
    with_frame,
)
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import StatusEvidence
from grille.server.engines.base import Frame
from grille.server.language import ast
from grille.server.language.binding import bind_condition
from grille.server.plan.expressions import Expression
from grille.server.plan.steps import negated
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The data set, and the variables that stay (None: all) or the condition of the command."""

    dataset: str
    variables: tuple[str, ...] | None
    condition: Expression | None


class Subset:
    """The commands keep and drop; they differ in which side of the list or the condition stays."""

    def __init__(self, spec: CommandSpec, *, keeps: bool) -> None:
        """Make the command; `keeps` tells that what is named stays."""
        self.spec = spec
        self.keeps = keeps

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check the variables or bind the condition."""
        if not isinstance(node, ast.Subset):
            raise TypeError(f"not {self.spec.name}")
        if node.condition is not None:
            dataset = populated_dataset(scope, node.head.name_span)
            condition = bind_condition(node.condition, dataset.variables)
            return Bound(self.spec.name, Plan(dataset.name, None, condition), scope)
        dataset = active_dataset(scope, node.head.name_span)
        named = {variable(scope, name.text, name.span).name for name in unique_names(node.variables)}
        stays = tuple(name for name in dataset.variables if (name in named) == self.keeps)
        after = replace(dataset, variables={name: dataset.variables[name] for name in stays})
        return Bound(self.spec.name, Plan(dataset.name, stays, None), with_dataset(scope, after))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Leave out variables or units."""
        frame = workspace.frames[plan.dataset]
        if plan.condition is not None:
            return self._filter(plan, workspace, frame)
        columns = {name: frame.columns[name] for name in plan.variables}
        names = ", ".join(plan.variables) or "-"
        text = Text(f"Variables left in {plan.dataset}: {names}.", f"Variabler igjen i {plan.dataset}: {names}.")
        evidence = StatusEvidence("variables_left", text, {})
        return Outcome(evidence, with_frame(workspace, plan.dataset, Frame(frame.rows, columns)))

    def _filter(self, plan: Plan, workspace: Workspace, frame: Frame) -> Outcome:
        workspace.progress("filtering")
        condition = plan.condition
        if condition is None:
            raise TypeError("a filter has a condition")
        found = touched_by(workspace, frame, condition)
        everything = together((found.selected, found.left))
        selected = by_effect(found, found.selected, NOBODY, everything)
        left = by_effect(found, found.left, everything, NOBODY)
        kept, gone = (selected, left) if self.keeps else (left, selected)
        # a missing condition does not select a unit: keep removes it and drop leaves it
        after = (
            frame if gone.n == 0 else workspace.engine.filter(frame, condition if self.keeps else negated(condition))
        )
        text = Text(
            f"{plan.dataset}: {{kept}} units kept, {{dropped}} dropped.",
            f"{plan.dataset}: {{kept}} enheter beholdt, {{dropped}} fjernet.",
        )
        counts = {"kept": kept, "dropped": gone}
        evidence = StatusEvidence("units_left", text, counts, population=kept, touched=(found,))
        return Outcome(evidence, with_frame(workspace, plan.dataset, after))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


KEEP = Subset(
    CommandSpec(
        name="keep",
        group=PREPARATION,
        summary=Text("Keep some variables, or some units", "Behold noen variabler, eller noen enheter"),
        syntax="keep VARIABLES | keep if CONDITION",
        examples=("keep if inrange(age, 18, 66) & status == '1'", "keep wage age"),
        details=Text(
            "Either variables or units, never both at once. Units for which the condition is missing are removed. The "
            "data set must stay large. A condition that leaves few units or none removes none.",
            "Enten variabler eller enheter, aldri begge samtidig. Enheter med manglende betingelse fjernes. Datasettet "
            "må forbli stort. En betingelse som utelater få enheter eller ingen, fjerner ingen.",
        ),
    ),
    keeps=True,
)

DROP = Subset(
    CommandSpec(
        name="drop",
        group=PREPARATION,
        summary=Text("Remove some variables, or some units", "Fjern noen variabler, eller noen enheter"),
        syntax="drop VARIABLES | drop if CONDITION",
        examples=("drop helper1 helper2", "drop if sysmiss(wage)"),
        details=Text(
            "Either variables or units, never both at once. Units for which the condition is missing stay. The data "
            "set must stay large. A condition that selects few units or none removes none.",
            "Enten variabler eller enheter, aldri begge samtidig. Enheter med manglende betingelse står. Datasettet må "
            "forbli stort. En betingelse som velger få enheter eller ingen, fjerner ingen.",
        ),
    ),
    keeps=False,
)
