"""require: link a version of a data bank to a short name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.catalog.model import BankMetadata
from grille.server.commands.base import Bound, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import near_hint
from grille.server.commands.preparation import DATASETS, present_status, unchanged
from grille.server.commands.scope import Link, Scope
from grille.server.errors import TypeMismatchError, UnknownNameError
from grille.server.language import ast
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The sentence to show."""

    text: Text


class Require:
    """The command."""

    spec = CommandSpec(
        name="require",
        group=DATASETS,
        summary=Text("Link a version of a data bank to a name", "Koble en versjon av en databank til et navn"),
        syntax="require BANK:VERSION as ALIAS",
        examples=("require no.ssb.fdb:30 as db",),
        details=Text(
            "Comes before any import and holds for the whole session. Several banks, or one bank in two versions, "
            "may be "
            "linked under different names. The version must be given.",
            "Kommer før import og gjelder hele økten. Flere banker, eller én bank i to versjoner, kan kobles til under "
            "ulike navn. Versjonen må oppgis.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Look up the bank and its version."""
        if not isinstance(node, ast.Require):
            raise TypeError("not require")
        versions = scope.banks.get(node.bank.text)
        if versions is None:
            raise UnknownNameError(
                "UNKNOWN_BANK",
                Text(
                    f"There is no data bank `{node.bank.text}` for this project.",
                    f"Det finnes ingen databank `{node.bank.text}` for dette prosjektet.",
                ),
                hint=near_hint(node.bank.text, scope.banks),
                span=node.bank.span,
            )
        bank = _version(node, versions)
        linked = scope.links.get(node.alias.text)
        if linked is not None and (linked.bank.name, linked.bank.version) != (bank.name, bank.version):
            raise TypeMismatchError(
                "ALIAS_TAKEN",
                Text(
                    f"`{node.alias.text}` is linked to {linked.bank.name}:{linked.bank.version} already.",
                    f"`{node.alias.text}` er allerede koblet til {linked.bank.name}:{linked.bank.version}.",
                ),
                hint=Text("Choose another short name.", "Velg et annet kortnavn."),
                span=node.alias.span,
            )
        links = {**scope.links, node.alias.text: Link(node.alias.text, bank)}
        return Bound(self.spec.name, Plan(_status(node.alias.text, bank, max(versions))), replace(scope, links=links))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        return unchanged(workspace, "linked", plan.text)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


def _version(node: ast.Require, versions: Mapping[int, BankMetadata]) -> BankMetadata:
    wanted = node.version.value if isinstance(node.version, ast.Number) else node.version.text
    found = versions.get(wanted) if isinstance(wanted, int) else None
    if found is not None:
        return found
    known = ", ".join(str(version) for version in sorted(versions))
    raise UnknownNameError(
        "UNKNOWN_VERSION",
        Text(
            f"The data bank {node.bank.text} has no version {wanted}.",
            f"Databanken {node.bank.text} har ingen versjon {wanted}.",
        ),
        hint=Text(f"Its versions are: {known}.", f"Versjonene er: {known}."),
        span=node.version.span,
    )


def _status(alias: str, bank: BankMetadata, newest: int) -> Text:
    text = Text(
        f"{bank.name}:{bank.version} is linked as {alias}.",
        f"{bank.name}:{bank.version} er koblet til som {alias}.",
    )
    if bank.version == newest:
        return text
    return Text(f"{text.en} There is a newer version, {newest}.", f"{text.no} Det finnes en nyere versjon, {newest}.")


COMMAND = Require()
