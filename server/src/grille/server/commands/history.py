"""history: the commands of the session so far."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Block, Cell, Column, Format, Table
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.preparation import SUPPORT
from grille.server.commands.published import Plan, compute_published, present_published
from grille.server.commands.scope import Scope
from grille.server.language import ast
from grille.server.text import Text

_COLUMNS = (
    Column("number", Text("No.", "Nr."), Format.COUNT),
    Column("command", Text("Command", "Kommando"), Format.TEXT),
)


class History:
    """The command."""

    spec = CommandSpec(
        name="history",
        group=SUPPORT,
        summary=Text("Show the commands of the session", "Vis øktens kommandoer"),
        syntax="history",
        examples=("history",),
        details=Text(
            "The commands that were answered, without results.", "Kommandoene som ble besvart, uten resultater."
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Make the table."""
        if not isinstance(node, ast.History):
            raise TypeError("not history")
        rows = tuple((Cell(number), Cell(source)) for number, source in enumerate(scope.history, start=1))
        table = Table("history", Text("Commands so far", "Kommandoer så langt"), _COLUMNS, rows)
        return Bound(self.spec.name, Plan((table,)), scope)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        return compute_published(plan, workspace)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the table."""
        return present_published(content)


COMMAND = History()
