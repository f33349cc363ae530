"""define-labels: an own list of values with labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.preparation import PREPARATION, present_status, unchanged
from grille.server.commands.scope import Labels, Scope
from grille.server.errors import TypeMismatchError
from grille.server.language import ast
from grille.server.text import Text, same


@dataclass(frozen=True, slots=True)
class Plan:
    """The name of the list and its number of values, both from the script."""

    codelist: str
    values: int


class DefineLabels:
    """The command."""

    spec = CommandSpec(
        name="define-labels",
        group=PREPARATION,
        summary=Text("Define a list of values with labels", "Definer en liste av verdier med etiketter"),
        syntax="define-labels LIST VALUE LABEL [VALUE LABEL ...]",
        examples=("define-labels yesno 0 No 1 Yes", "define-labels sexes '1' 'Male' '2' 'Female'"),
        details=Text(
            "Values are unique, bare for a numeric variable and quoted for text. A label with blanks is quoted; it "
            "must not contain a comma. Use the list with `assign-labels`.",
            "Verdiene er unike, uten anførselstegn for en numerisk variabel og med for tekst. En etikett med blanke "
            "settes i anførselstegn; den kan ikke inneholde komma. Listen tas i bruk med `assign-labels`.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check that the name is unused and the values are unique and of one type."""
        if not isinstance(node, ast.DefineLabels):
            raise TypeError("not define-labels")
        name = node.codelist.text
        if name in scope.codelists:
            raise TypeMismatchError(
                "NAME_TAKEN",
                Text(f"A label list `{name}` exists already.", f"Etikettlisten `{name}` finnes allerede."),
                hint=Text("Remove it first with `drop-labels`.", "Fjern den først med `drop-labels`."),
                span=node.codelist.span,
            )
        labels: dict[str | float, Text] = {}
        for value, label in node.pairs:
            code = value.value if isinstance(value, ast.String) else float(value.value)
            if labels and isinstance(code, str) != isinstance(next(iter(labels)), str):
                raise TypeMismatchError(
                    "TYPE_MISMATCH",
                    Text(
                        "A label list has either numbers or text as values.",
                        "En etikettliste har enten tall eller tekst som verdier.",
                    ),
                    hint=Text("Quote all values, or none.", "Sett alle verdier i anførselstegn, eller ingen."),
                    span=value.span,
                )
            if code in labels:
                raise TypeMismatchError(
                    "DUPLICATE_VALUE",
                    Text("A value has two labels.", "En verdi har to etiketter."),
                    span=value.span,
                )
            labels[code] = same(label)
        after = replace(scope, codelists={**scope.codelists, name: Labels(labels)})
        return Bound(self.spec.name, Plan(name, len(labels)), after)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        text = Text(
            f"The label list {plan.codelist} has {plan.values} values.",
            f"Etikettlisten {plan.codelist} har {plan.values} verdier.",
        )
        return unchanged(workspace, "labels_defined", text)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


COMMAND = DefineLabels()
