"""The commands grille-server keys."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text


class Kind(StrEnum):
    """A key that can be replaced."""

    AUDIT = "audit"
    DATABASE = "database"
    LEDGER = "ledger"


def add_keys(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Keys of the server.")
    app.add_typer(group, name="keys")

    @group.callback()
    def _group() -> None:
        pass  # makes `rotate` a command of the group rather than the group itself

    @group.command("rotate")
    def rotate(
        home: Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")],
        key: Annotated[Kind, typer.Option(help="Which key: that of the audit log, of the banks, or of the ledger.")] = (
            Kind.AUDIT
        ),
    ) -> None:
        """Replace a key and destroy the old one. The server must not be running.

        audit: the log is signed with a new key, to which the old one hands over. database, ledger: everything that the
        old key opens is written anew. Record keys and pseudonyms keep theirs, since every answer follows from them.
        """
        from grille.server.operations.data_keys import rotate_data_key
        from grille.server.operations.home import Home
        from grille.server.operations.interrupted import DataKey
        from grille.server.operations.rotation import rotate_audit_key

        found = Home.existing(home)
        if key is Kind.AUDIT:
            old, new = rotate_audit_key(found)
            terminal.say(
                Text(
                    f"The audit log is signed with {new} now, before with {old}.\n"
                    f"Hand out the public keys anew, all of them in one file: {found.audit_public_key}",
                    f"Revisjonsloggen signeres nå med {new}, før med {old}.\n"
                    f"Del ut de offentlige nøklene på nytt, alle i én fil: {found.audit_public_key}",
                )
            )
            return
        old, new = rotate_data_key(found, DataKey(key.value))
        terminal.say(
            Text(
                f"The {key.value} key is {new} now, before {old}; no file opens with the old one.\n"
                f"Back up {found.keys} anew. Old backups open with the old key alone.",
                f"Nøkkelen {key.value} er nå {new}, før {old}; ingen fil åpnes med den gamle.\n"
                f"Ta ny sikkerhetskopi av {found.keys}. Gamle sikkerhetskopier åpnes bare med den gamle nøkkelen.",
            )
        )
