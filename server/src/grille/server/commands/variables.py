"""variables: what register variables the linked banks have, and what is known of them."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Block, Cell, Column, Format, Notice, Table
from grille.server.catalog.model import RegisterVariable
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import near_hint, register_variable
from grille.server.commands.preparation import SUPPORT
from grille.server.commands.published import (
    VALID_FROM,
    VALID_UNTIL,
    Plan,
    codes_table,
    compute_published,
    day_cell,
    present_published,
    text_cell,
)
from grille.server.commands.scope import Link, Scope
from grille.server.errors import TypeMismatchError, UnknownNameError
from grille.server.language import ast
from grille.server.plan.expressions import ValueType
from grille.server.text import Text

_TEMPORALITY = {
    "FIXED": Text("fixed", "fast"),
    "EVENT": Text("event", "forløp"),
    "STATUS": Text("cross-section", "tverrsnitt"),
    "ACCUMULATED": Text("accumulated", "akkumulert"),
}
_TYPES = {
    ValueType.STRING: Text("text", "tekst"),
    ValueType.NUMBER: Text("number", "tall"),
    ValueType.DATE: Text("date", "dato"),
    ValueType.KEY: Text("key", "nøkkel"),
}
_SENSITIVITY = {
    "PUBLIC": Text("public", "offentlig"),
    "NONPUBLIC": Text("not public", "ikke offentlig"),
    "PERSON_GENERAL": Text("personal", "personopplysning"),
    "PERSON_SPECIAL": Text("special category", "særlig kategori"),
}
_COLUMNS = (
    Column("name", Text("Variable", "Variabel"), Format.TEXT),
    Column("title", Text("Title", "Tittel"), Format.TEXT),
    Column("temporality", Text("Over time", "Over tid"), Format.TEXT),
    Column("type", Text("Type", "Type"), Format.TEXT),
    Column("unit_type", Text("Unit type", "Enhetstype"), Format.TEXT),
    VALID_FROM,
    VALID_UNTIL,
    Column("sensitivity", Text("Sensitivity", "Sensitivitet"), Format.TEXT),
)


class Variables:
    """The command."""

    spec = CommandSpec(
        name="variables",
        group=SUPPORT,
        summary=Text("List register variables with their metadata", "Vis registervariabler med metadata"),
        syntax="variables [ALIAS/VARIABLE | ALIAS ...]",
        examples=("variables", "variables db", "variables db/INNTEKT_LONN"),
        details=Text(
            "Without arguments, the variables of all linked banks. For a variable that is named, its description, "
            "measuring days and code list follow.",
            "Uten argumenter vises variablene i alle tilkoblede banker. For en variabel som er nevnt, følger "
            "beskrivelse, "
            "måledager og kodeliste.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Look up the variables; the blocks are made of published metadata alone."""
        if not isinstance(node, ast.Variables):
            raise TypeError("not variables")
        if not scope.links:
            raise TypeMismatchError(
                "NO_BANK_LINKED",
                Text("No data bank is linked.", "Ingen databank er koblet til."),
                hint=Text("Begin with `require BANK:VERSION as ALIAS`.", "Begynn med `require BANK:VERSJON as ALIAS`."),
                span=node.head.name_span,
            )
        listed: dict[str, RegisterVariable] = {}
        details: list[Block] = []
        for name in node.names:
            if isinstance(name, ast.RegisterName):
                link, found = register_variable(scope, name)
                listed[f"{link.alias}/{found.name}"] = found
                details += _details(found)
            else:
                listed |= _all_of(_link(scope, name))
        if not node.names:
            for link in scope.links.values():
                listed |= _all_of(link)
        rows = tuple(_row(name, found) for name, found in listed.items())
        table = Table("variables", Text("Register variables", "Registervariabler"), _COLUMNS, rows)
        return Bound(self.spec.name, Plan((table, *details)), scope)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        return compute_published(plan, workspace)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the tables."""
        return present_published(content)


def _link(scope: Scope, name: ast.Name) -> Link:
    found = scope.links.get(name.text)
    if found is None:
        raise UnknownNameError(
            "UNKNOWN_ALIAS",
            Text(f"No data bank is linked as `{name.text}`.", f"Ingen databank er koblet til som `{name.text}`."),
            hint=near_hint(name.text, scope.links)
            or Text("A register variable is written ALIAS/NAME.", "En registervariabel skrives ALIAS/NAVN."),
            span=name.span,
        )
    return found


def _all_of(link: Link) -> dict[str, RegisterVariable]:
    return {f"{link.alias}/{name}": found for name, found in sorted(link.bank.variables.items())}


def _row(name: str, found: RegisterVariable) -> tuple[Cell, ...]:
    return (
        Cell(name),
        text_cell(found.title),
        Cell(found.temporality, label=_TEMPORALITY[found.temporality]),
        Cell(found.value_type.value, label=_TYPES[found.value_type]),
        Cell(found.unit_type),
        day_cell(found.valid_from),
        day_cell(found.valid_until),
        Cell(found.sensitivity, label=_SENSITIVITY[found.sensitivity]),
    )


def _details(found: RegisterVariable) -> list[Block]:
    blocks: list[Block] = []
    if found.description.en or found.description.no:
        blocks.append(Notice("description", found.description))
    blocks += _documentation(found)
    if found.status_dates:
        dates = ", ".join(day.isoformat() for day in found.status_dates)
        blocks.append(
            Notice("status_dates", Text(f"{found.name} is measured on {dates}.", f"{found.name} måles {dates}."))
        )
    if found.codes:
        blocks.append(codes_table(f"codes_{found.name.lower()}", found.title, found.codes))
    return blocks


def _documentation(found: RegisterVariable) -> list[Block]:
    """Return what the data set's metadata tell beyond the description, a line each."""
    told = found.documentation
    subjects = Text(
        ", ".join(subject.en for subject in told.subjects), ", ".join(subject.no for subject in told.subjects)
    )
    parts = (
        ("values", Text("Values", "Verdier"), told.values),
        ("unit_of_measure", Text("Measured in", "Målt i"), told.unit_of_measure),
        ("population", Text("Population", "Populasjon"), told.population),
        ("coverage", Text("Area", "Område"), told.coverage),
        ("subjects", Text("Subjects", "Emner"), subjects if told.subjects else None),
        ("revision", Text("Revision", "Revisjon"), told.revision),
        ("ended", Text("Ended", "Avsluttet"), told.ended),
    )
    return [
        Notice(key, Text(f"{head.en}: {text.en}", f"{head.no}: {text.no}"))
        for key, head, text in parts
        if text is not None
    ]


COMMAND = Variables()
