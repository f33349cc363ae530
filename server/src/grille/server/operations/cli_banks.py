"""The commands grille-server bank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]


def add_banks(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `app`."""
    bank_app = typer.Typer(no_args_is_help=True, help="Data banks.")
    app.add_typer(bank_app, name="bank")

    @bank_app.command("list")
    def list_(home: HomeArgument) -> None:
        """List the banks and their versions."""
        from grille.server.catalog.banks import list_banks
        from grille.server.operations.home import Home

        banks = list_banks(Home.existing(home).banks)
        if not banks:
            terminal.say(Text("There are no banks yet.", "Det finnes ingen banker ennå."))
            return
        terminal.table(
            (Text("bank", "bank"), Text("version", "versjon"), Text("variables", "variabler")),
            (
                (name, str(number), str(len(metadata.variables)))
                for name, versions in banks.items()
                for number, metadata in versions.items()
            ),
        )
