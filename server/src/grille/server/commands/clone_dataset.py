"""clone-dataset: a full copy of a data set under another name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import dataset, new_dataset_name, with_dataset
from grille.server.commands.preparation import DATASETS, present_status, with_frame
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import StatusEvidence
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """Names of the original and the copy."""

    old: str
    new: str


class CloneDataset:
    """The command."""

    spec = CommandSpec(
        name="clone-dataset",
        group=DATASETS,
        summary=Text("Copy a data set", "Kopier et datasett"),
        syntax="clone-dataset OLD NEW",
        examples=("clone-dataset adults backup",),
        details=Text(
            "The copy has the same units and variables. The active data set stays active.",
            "Kopien har de samme enhetene og variablene. Det aktive datasettet forblir aktivt.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check both names."""
        if not isinstance(node, ast.Datasets):
            raise TypeError("not clone-dataset")
        old = dataset(scope, node.names[0])
        new = new_dataset_name(scope, node.names[1])
        return Bound(self.spec.name, Plan(old.name, new), with_dataset(scope, replace(old, name=new)))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Share the columns, which never change."""
        text = Text(f"{plan.old} was copied to {plan.new}.", f"{plan.old} ble kopiert til {plan.new}.")
        return Outcome(StatusEvidence("cloned", text, {}), with_frame(workspace, plan.new, workspace.frames[plan.old]))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = CloneDataset()
