"""textblock: Markdown text between the commands, shown and not run."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Block, Markdown
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.preparation import SUPPORT
from grille.server.commands.published import Plan, compute_published, present_published
from grille.server.commands.scope import Scope
from grille.server.language import ast
from grille.server.text import Text, same


class Textblock:
    """The command."""

    spec = CommandSpec(
        name="textblock",
        group=SUPPORT,
        summary=Text("Show Markdown text among the results", "Vis Markdown-tekst mellom resultatene"),
        syntax="textblock ... endblock",
        examples=("textblock\n## Wages\nEveryone with a wage.\nendblock",),
        details=Text(
            "`textblock` and `endblock` stand on lines of their own; what is between them is not run.",
            "`textblock` og `endblock` står på egne linjer; det som står mellom, kjøres ikke.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Take the text."""
        if not isinstance(node, ast.Textblock):
            raise TypeError("not textblock")
        return Bound(self.spec.name, Plan((Markdown("textblock", same(node.markdown)),)), scope)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        return compute_published(plan, workspace)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the text."""
        return present_published(content)


COMMAND = Textblock()
