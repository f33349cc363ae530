"""rename-dataset: give a data set another name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import dataset, new_dataset_name
from grille.server.commands.preparation import DATASETS, present_status
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import StatusEvidence
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """Old and new name."""

    old: str
    new: str


class RenameDataset:
    """The command."""

    spec = CommandSpec(
        name="rename-dataset",
        group=DATASETS,
        summary=Text("Give a data set another name", "Gi et datasett et annet navn"),
        syntax="rename-dataset OLD NEW",
        examples=("rename-dataset adults grown",),
        details=Text(
            "The new name must be unused. The active data set stays active.",
            "Det nye navnet må være ubrukt. Et aktivt datasett forblir aktivt.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check both names."""
        if not isinstance(node, ast.Datasets):
            raise TypeError("not rename-dataset")
        old = dataset(scope, node.names[0])
        new = new_dataset_name(scope, node.names[1])
        renamed = {(new if name == old.name else name): one for name, one in scope.datasets.items()}
        renamed[new] = replace(old, name=new)
        active = new if scope.active == old.name else scope.active
        return Bound(self.spec.name, Plan(old.name, new), replace(scope, datasets=renamed, active=active))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        frames = {(plan.new if name == plan.old else name): frame for name, frame in workspace.frames.items()}
        text = Text(f"The data set {plan.old} is now called {plan.new}.", f"Datasettet {plan.old} heter nå {plan.new}.")
        return Outcome(StatusEvidence("renamed", text, {}), frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = RenameDataset()
