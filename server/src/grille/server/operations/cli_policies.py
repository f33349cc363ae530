"""The commands grille-server policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from grille.server.errors import GrilleError, TypeMismatchError
from grille.server.operations.cli_policy_changes import add_policy_changes
from grille.server.operations.terminal import Terminal
from grille.server.text import Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]
BankOption = Annotated[str | None, typer.Option(help="Bank.")]
ProjectOption = Annotated[str | None, typer.Option(help="Project.")]


def add_policies(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `app`."""
    policy_app = typer.Typer(no_args_is_help=True, help="Policies: the numbers of disclosure control.")
    app.add_typer(policy_app, name="policy")
    add_policy_changes(policy_app, terminal)

    @policy_app.command("show")
    def show(
        home: HomeArgument,
        bank: BankOption = None,
        project: ProjectOption = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    ) -> None:
        """Show every number in force, where it comes from, and the source of the rule; all banks when none is named."""
        from grille.server.catalog.banks import list_banks
        from grille.server.operations.home import Home
        from grille.server.operations.policies.book import PolicyBook
        from grille.server.operations.policies.table import document
        from grille.server.operations.projects import check_banks
        from grille.server.operations.registry import Registry

        if bank is not None and project is not None:
            raise _one_of()
        found = Home.existing(home)
        book = PolicyBook(found)
        if project is not None:
            registry = Registry(found.control)
            policies = [("project", project, book.project(registry.project(project)))]
            registry.close()
        else:
            check_banks(found, (bank,) if bank is not None else ())
            names = (bank,) if bank is not None else tuple(list_banks(found.banks))
            policies = [("bank", name, book.bank(name)) for name in names]
        if as_json:
            documents = [document(what, name, one) for what, name, one in policies]
            wanted = documents if bank is None and project is None else documents[0]
            terminal.out.write(json.dumps(wanted, ensure_ascii=False, indent=2) + "\n")
            return
        for what, name, one in policies:
            _print(terminal, what, name, one)

    @policy_app.command("set")
    def set_(
        home: HomeArgument,
        policy: Annotated[str, typer.Argument(help="Profile (open, standard, strict) or path of a policy file.")],
        bank: BankOption = None,
        project: ProjectOption = None,
        out: Annotated[
            Path | None, typer.Option(metavar="CHANGE", help="Where to write a change that needs signatures.")
        ] = None,
    ) -> None:
        """Change the policy of a bank or a project; loosening a bank's needs two custodians' signatures."""
        from grille.server.operations.home import Home
        from grille.server.operations.policies.setting import set_bank_policy, set_project_policy

        if (bank is None) == (project is None):
            raise _one_of()
        found = Home.existing(home)
        if bank is None:
            made = set_project_policy(found, project or "", policy)
            terminal.say(Text(f"{made.name} has the policy {made.policy}.", f"{made.name} har reglene {made.policy}."))
            return
        from grille.server.operations.cli_policy_changes import finish

        finish(terminal, home, set_bank_policy(found, bank, policy), out)


def _print(terminal: Terminal, what: str, name: str, found: object) -> None:
    import os

    from rich.console import Console
    from rich.table import Table

    from grille.server.operations.policies.book import InForce
    from grille.server.operations.policies.table import HEADS, rows, title

    assert isinstance(found, InForce)
    language = terminal.language
    table = Table(title=title(what, name, found).in_language(language), title_justify="left")
    for head in HEADS:
        right = head.en in ("value", "limit")
        table.add_column(head.in_language(language), justify="right" if right else "left", no_wrap=right)
    for row in rows(found, language):
        table.add_row(*row)
    width = None if terminal.out.isatty() else int(os.environ.get("COLUMNS", "0")) or 160
    Console(file=terminal.out, width=width, markup=False, highlight=False).print(table)


def _one_of() -> GrilleError:
    return TypeMismatchError(
        "BANK_OR_PROJECT", Text("Name one: --bank or --project.", "Oppgi én av --bank og --project.")
    )
