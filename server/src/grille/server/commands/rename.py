"""rename: give a variable another name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import active_dataset, new_name, variable, with_dataset
from grille.server.commands.preparation import PREPARATION, present_status, with_frame
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import StatusEvidence
from grille.server.engines.base import Frame
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The data set, old and new name."""

    dataset: str
    old: str
    new: str


class Rename:
    """The command."""

    spec = CommandSpec(
        name="rename",
        group=PREPARATION,
        summary=Text("Give a variable another name", "Gi en variabel et annet navn"),
        syntax="rename OLD NEW",
        examples=("rename wage wage22",),
        details=Text(
            "The new name must be unused. A key variable stays a key variable.",
            "Det nye navnet må være ubrukt. En nøkkelvariabel forblir en nøkkelvariabel.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check both names; the variable keeps its place."""
        if not isinstance(node, ast.Rename):
            raise TypeError("not rename")
        dataset = active_dataset(scope, node.head.name_span)
        old = variable(scope, node.old.text, node.old.span)
        new = new_name(scope, node.new.text, node.new.span)
        renamed = replace(old, name=new)
        variables = {
            (new if name == old.name else name): (renamed if name == old.name else one)
            for name, one in dataset.variables.items()
        }
        after = with_dataset(scope, replace(dataset, variables=variables))
        return Bound(self.spec.name, Plan(dataset.name, old.name, new), after)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        frame = workspace.frames[plan.dataset]
        columns = {(plan.new if name == plan.old else name): one for name, one in frame.columns.items()}
        text = Text(f"{plan.old} is now called {plan.new}.", f"{plan.old} heter nå {plan.new}.")
        evidence = StatusEvidence("renamed", text, {})
        return Outcome(evidence, with_frame(workspace, plan.dataset, Frame(frame.rows, columns)))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = Rename()
