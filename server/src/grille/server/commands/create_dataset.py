"""create-dataset: a new, empty data set, which becomes the active one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import new_dataset_name, with_dataset
from grille.server.commands.preparation import DATASETS, present_status, with_frame
from grille.server.commands.scope import DataSet, Scope
from grille.server.disclosure.evidence import StatusEvidence
from grille.server.engines.base import Frame
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The name of the new data set."""

    name: str


class CreateDataset:
    """The command."""

    spec = CommandSpec(
        name="create-dataset",
        group=DATASETS,
        summary=Text("Make an empty data set and choose it", "Lag et tomt datasett og velg det"),
        syntax="create-dataset NAME",
        examples=("create-dataset adults",),
        details=Text(
            "The first import into it defines its population. The name must be unused.",
            "Den første importen bestemmer populasjonen. Navnet må være ubrukt.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check that the name is unused."""
        if not isinstance(node, ast.Datasets):
            raise TypeError("not create-dataset")
        name = new_dataset_name(scope, node.names[0])
        after = replace(with_dataset(scope, DataSet(name, sensitivity="PUBLIC")), active=name)
        return Bound(self.spec.name, Plan(name), after)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Add a data set without rows."""
        text = Text(
            f"The empty data set {plan.name} was made and chosen.",
            f"Det tomme datasettet {plan.name} ble laget og valgt.",
        )
        return Outcome(StatusEvidence("created", text, {}), with_frame(workspace, plan.name, Frame(None, {})))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = CreateDataset()
