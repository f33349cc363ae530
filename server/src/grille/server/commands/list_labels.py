"""list-labels: show the codes and labels of a list, a variable or a register variable."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Block, Notice
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.import_dates import is_valid
from grille.server.commands.lookup import codelist, register_variable
from grille.server.commands.preparation import PREPARATION
from grille.server.commands.published import Plan, codes_table, compute_published, labels_table, present_published
from grille.server.commands.scope import Labels, Scope
from grille.server.errors import TypeMismatchError
from grille.server.language import ast
from grille.server.text import Text, same


class ListLabels:
    """The command."""

    spec = CommandSpec(
        name="list-labels",
        group=PREPARATION,
        summary=Text("Show codes and labels", "Vis koder og etiketter"),
        syntax="list-labels LIST | ALIAS/VARIABLE [DATE]",
        examples=("list-labels db/SIVSTANDFDT_SIVSTAND 2020-01-01", "list-labels yesno"),
        details=Text(
            "Of an own label list, of a variable of the active data set, or of a register variable; with a date, the "
            "codes that are valid then.",
            "Av en egen etikettliste, av en variabel i det aktive datasettet, eller av en registervariabel; med dato "
            "de "
            "kodene som da gjelder.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Look up the labels; they come from the script or the register's documentation, never from data."""
        if not isinstance(node, ast.ListLabels):
            raise TypeError("not list-labels")
        if isinstance(node.target, ast.RegisterName):
            blocks = _of_register(node.target, node.date, scope)
        else:
            blocks = _own(node.target, node.date, scope)
        return Bound(self.spec.name, Plan(blocks), scope)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        return compute_published(plan, workspace)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the table."""
        return present_published(content)


def _own(target: ast.Name, date: ast.Date | None, scope: Scope) -> tuple[Block, ...]:
    if date is not None:
        raise TypeMismatchError(
            "DATE_NOT_ALLOWED",
            Text(
                "Only the codes of a register variable depend on a date.",
                "Bare registervariablers koder avhenger av dato.",
            ),
            span=date.span,
        )
    dataset = scope.datasets.get(scope.active or "")
    found = dataset.variables.get(target.text) if dataset is not None else None
    if target.text not in scope.codelists and found is not None:
        labels = found.labels or Labels({})
    else:
        labels = codelist(scope, target)
    return (labels_table("labels", same(target.text), labels),)


def _of_register(target: ast.RegisterName, date: ast.Date | None, scope: Scope) -> tuple[Block, ...]:
    _, register = register_variable(scope, target)
    codes = [code for code in register.codes if date is None or is_valid(code, date.value)]
    if not codes:
        text = Text(f"{register.name} has no code list there.", f"{register.name} har ingen kodeliste der.")
        return (Notice("no_codes", text),)
    return (codes_table("labels", register.title, codes),)


COMMAND = ListLabels()
