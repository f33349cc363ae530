"""drop-labels: remove own lists of labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import codelist
from grille.server.commands.preparation import PREPARATION, present_status, unchanged
from grille.server.commands.scope import Scope
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """Names of the lists."""

    codelists: tuple[str, ...]


class DropLabels:
    """The command."""

    spec = CommandSpec(
        name="drop-labels",
        group=PREPARATION,
        summary=Text("Remove label lists", "Fjern etikettlister"),
        syntax="drop-labels LIST [LIST ...]",
        examples=("drop-labels yesno",),
        details=Text(
            "The names can then be defined anew. Variables keep the labels that were assigned to them.",
            "Navnene kan så defineres på nytt. Variabler beholder etikettene som de har fått.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check that the lists exist."""
        if not isinstance(node, ast.DropLabels):
            raise TypeError("not drop-labels")
        for name in node.codelists:
            codelist(scope, name)
        names = tuple(dict.fromkeys(name.text for name in node.codelists))
        left = {name: labels for name, labels in scope.codelists.items() if name not in names}
        return Bound(self.spec.name, Plan(names), replace(scope, codelists=left))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        names = ", ".join(plan.codelists)
        return unchanged(
            workspace, "labels_dropped", Text(f"Label lists removed: {names}.", f"Etikettlister fjernet: {names}.")
        )

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = DropLabels()
