"""The commands grille-server keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text


def add_keys(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Keys of the server.")
    app.add_typer(group, name="keys")

    @group.callback()
    def _group() -> None:
        pass  # makes `rotate` a command of the group rather than the group itself

    @group.command("rotate")
    def rotate(home: Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]) -> None:
        """Give the audit log a new signing key, and destroy the old one. The server must not be running."""
        from grille.server.operations.home import Home
        from grille.server.operations.rotation import rotate_audit_key

        found = Home.existing(home)
        old, new = rotate_audit_key(found)
        terminal.say(
            Text(
                f"The audit log is signed with {new} now, before with {old}.\n"
                f"Hand out the public keys anew, all of them in one file: {found.audit_public_key}",
                f"Revisjonsloggen signeres nå med {new}, før med {old}.\n"
                f"Del ut de offentlige nøklene på nytt, alle i én fil: {found.audit_public_key}",
            )
        )
