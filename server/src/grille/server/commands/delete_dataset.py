"""delete-dataset: remove a data set with all its variables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import dataset
from grille.server.commands.preparation import DATASETS, present_status
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import StatusEvidence
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The name of the data set."""

    name: str


class DeleteDataset:
    """The command."""

    spec = CommandSpec(
        name="delete-dataset",
        group=DATASETS,
        summary=Text("Remove a data set", "Fjern et datasett"),
        syntax="delete-dataset NAME",
        examples=("delete-dataset scratch",),
        details=Text(
            "Removes the data set with all its variables. If it was active, choose another one with `use`.",
            "Fjerner datasettet med alle variabler. Var det aktivt, velges et annet med `use`.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check that the data set exists."""
        if not isinstance(node, ast.Datasets):
            raise TypeError("not delete-dataset")
        name = dataset(scope, node.names[0]).name
        left = {one: found for one, found in scope.datasets.items() if one != name}
        active = None if scope.active == name else scope.active
        return Bound(self.spec.name, Plan(name), replace(scope, datasets=left, active=active))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Forget the data set; its columns are dropped when no other data set uses them."""
        left = {name: frame for name, frame in workspace.frames.items() if name != plan.name}
        text = Text(f"The data set {plan.name} was removed.", f"Datasettet {plan.name} ble fjernet.")
        return Outcome(StatusEvidence("deleted", text, {}), left)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = DeleteDataset()
