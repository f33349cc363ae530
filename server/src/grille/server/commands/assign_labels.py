"""assign-labels: use an own list of labels for a variable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import active_dataset, codelist, usable_variable, with_variable
from grille.server.commands.preparation import PREPARATION, present_status, unchanged
from grille.server.commands.scope import Scope
from grille.server.errors import TypeMismatchError
from grille.server.language import ast
from grille.server.plan.expressions import ValueType
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """Names of the variable and the list."""

    variable: str
    codelist: str


class AssignLabels:
    """The command."""

    spec = CommandSpec(
        name="assign-labels",
        group=PREPARATION,
        summary=Text("Use a label list for a variable", "Bruk en etikettliste for en variabel"),
        syntax="assign-labels VARIABLE LIST",
        examples=("assign-labels man yesno",),
        details=Text(
            "The list takes the place of the labels that the variable had. Its values must have the variable's type.",
            "Listen erstatter etikettene som variabelen hadde. Verdiene må ha variabelens type.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check variable, list and types."""
        if not isinstance(node, ast.AssignLabels):
            raise TypeError("not assign-labels")
        dataset = active_dataset(scope, node.head.name_span)
        old = usable_variable(scope, node.variable.text, node.variable.span)
        labels = codelist(scope, node.codelist)
        is_text = {isinstance(code, str) for code in labels.labels}
        if is_text and is_text != {old.type is ValueType.STRING}:
            raise TypeMismatchError(
                "TYPE_MISMATCH",
                Text(
                    f"The values of `{node.codelist.text}` do not have the type of `{old.name}`.",
                    f"Verdiene i `{node.codelist.text}` har ikke samme type som `{old.name}`.",
                ),
                hint=Text(
                    "In `define-labels`, quote the values of a text variable and no others.",
                    "I `define-labels` settes verdiene av en tekstvariabel, og bare de, i anførselstegn.",
                ),
                span=node.codelist.span,
            )
        after = replace(old, labels=labels, documented=False)
        return Bound(self.spec.name, Plan(old.name, node.codelist.text), with_variable(scope, dataset, after))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        text = Text(
            f"{plan.variable} has the labels of {plan.codelist}.",
            f"{plan.variable} har etikettene i {plan.codelist}.",
        )
        return unchanged(workspace, "labels_assigned", text)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = AssignLabels()
