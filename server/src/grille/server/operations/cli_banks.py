"""The commands grille-server bank."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    @bank_app.command("synthesize")
    def synthesize(
        home: HomeArgument,
        bank: Annotated[str, typer.Option(help="Name of the bank, such as no.ssb.fdb.")],
        number: Annotated[int, typer.Option("--version", help="Version to make; must not exist yet.")],
        persons: Annotated[int, typer.Option(help="Number of invented persons.")],
        seed: Annotated[int, typer.Option(help="The same seed and size give the same register.")] = 1,
    ) -> None:
        """Make a bank version with invented persons, for trying out and for tests."""
        from grille.server.catalog.synthetic.build import synthesize as build
        from grille.server.operations.home import Home
        from grille.server.operations.interrupted import in_use
        from grille.server.operations.keys import load_keys

        found = Home.existing(home)
        start = time.monotonic()
        with in_use(found), _progress(terminal) as report:
            keys = load_keys(found)
            made = build(
                found.banks, bank, number, persons, seed, keys.bank_key(bank), keys.record_secret(bank), report
            )
        seconds = round(time.monotonic() - start)
        terminal.say(
            Text(
                f"Made {bank} version {number}: {persons} persons, {len(made.variables)} variables, in {seconds} s\n"
                f"Next: grille-server project add {home} PROJECT --bank {bank} --policy standard",
                f"Laget {bank} versjon {number}: {persons} personer, {len(made.variables)} variabler, på {seconds} s\n"
                f"Neste: grille-server project add {home} PROSJEKT --bank {bank} --policy standard",
            )
        )

    @bank_app.command("twin")
    def twin(
        home: HomeArgument,
        bank: Annotated[str, typer.Option(help="Name of the bank.")],
        number: Annotated[int, typer.Option("--version", help="Version of the bank.")],
        units: Annotated[
            int | None, typer.Option("--persons", help="Number of invented persons; 20000 if none.")
        ] = None,
    ) -> None:
        """Make the synthetic twin of a bank version, from its documentation alone, for trying out scripts."""
        from grille.server.operations.home import Home
        from grille.server.operations.interrupted import in_use
        from grille.server.operations.keys import load_keys
        from grille.server.operations.twins import make_twin_of

        found = Home.existing(home)
        start = time.monotonic()
        with in_use(found):
            made = make_twin_of(found, load_keys(found), bank, number, units)
        seconds = round(time.monotonic() - start)
        terminal.say(
            Text(
                f"Made the twin of {bank} version {number}: {len(made.variables)} variables, in {seconds} s. "
                "Its values mean nothing.\nResearchers use it with: grille run --twin SCRIPT",
                f"Laget tvillingen til {bank} versjon {number}: {len(made.variables)} variabler, på {seconds} s. "
                "Verdiene betyr ingenting.\nForskere bruker den med: grille run --twin SKRIPT",
            )
        )

    @bank_app.command("import")
    def import_(
        home: HomeArgument,
        source: Annotated[
            Path, typer.Argument(metavar="DIR", help="Folder of data sets: NAME/NAME.json, NAME/NAME.csv; or NAME.tar.")
        ],
        bank: Annotated[str, typer.Option(help="Name of the bank, such as no.example.reg.")],
        private_key: Annotated[
            Path | None,
            typer.Option(metavar="DIR", help="Folder with microdata_private_key.pem, which opens packages."),
        ] = None,
        remove: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="Data set to leave out from now on; repeatable.")
        ] = None,
    ) -> None:
        """Make the next version of a bank out of data sets in the microdata-tools format; the others are kept."""
        from grille.server.catalog.importing.build import BankSecrets, import_data_sets
        from grille.server.operations.home import Home
        from grille.server.operations.interrupted import in_use
        from grille.server.operations.keys import load_keys

        found = Home.existing(home)
        with in_use(found), _progress(terminal) as report:
            keys = load_keys(found)
            secrets = BankSecrets(keys.bank_key(bank), keys.record_secret(bank), keys.identifier_secret(bank))
            made = import_data_sets(
                found.banks,
                bank,
                source,
                secrets,
                private_key=private_key,
                remove=frozenset(remove or ()),
                progress=report,
            )
        version = made.metadata.version
        counts = [len(part) for part in (made.added, made.replaced, made.kept, made.removed)]
        terminal.say(
            Text(
                f"Made {bank} version {version}: {len(made.metadata.variables)} data sets "
                f"({counts[0]} new, {counts[1]} replaced, {counts[2]} kept, {counts[3]} left out)\n"
                f"Next: grille-server project add {home} PROJECT --bank {bank} --policy standard",
                f"Laget {bank} versjon {version}: {len(made.metadata.variables)} datasett "
                f"({counts[0]} nye, {counts[1]} erstattet, {counts[2]} beholdt, {counts[3]} utelatt)\n"
                f"Neste: grille-server project add {home} PROSJEKT --bank {bank} --policy standard",
            )
        )


@contextmanager
def _progress(terminal: Terminal) -> Iterator[Callable[[Text, float], None]]:
    """Show a bar on the terminal's error stream while a bank is made; on anything but a terminal, nothing."""
    if not terminal.err.isatty():
        yield lambda _title, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(file=terminal.err), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda title, share: bar.update(task, completed=share, description=title.in_language(terminal.language))
