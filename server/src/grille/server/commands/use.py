"""use: choose the active data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import dataset
from grille.server.commands.preparation import DATASETS, present_status, unchanged
from grille.server.commands.scope import Scope
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The name of the data set."""

    name: str


class Use:
    """The command."""

    spec = CommandSpec(
        name="use",
        group=DATASETS,
        summary=Text("Choose the active data set", "Velg det aktive datasettet"),
        syntax="use NAME",
        examples=("use adults",),
        details=Text(
            "Every command that prepares or analyses data works on the active data set.",
            "Alle kommandoer som tilrettelegger eller analyserer data, virker på det aktive datasettet.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check that the data set exists."""
        if not isinstance(node, ast.Datasets):
            raise TypeError("not use")
        name = dataset(scope, node.names[0]).name
        return Bound(self.spec.name, Plan(name), replace(scope, active=name))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        text = Text(f"The data set {plan.name} is active.", f"Datasettet {plan.name} er aktivt.")
        return unchanged(workspace, "chosen", text)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = Use()
