"""The commands grille-server user link and unlink."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]
UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]


def add_logins(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to the group `user`."""

    @app.command("link")
    def link(
        home: HomeArgument,
        name: UserArgument,
        subject: Annotated[str, typer.Option(help="Whom the OIDC provider says it is: `sub` of its tokens.")],
    ) -> None:
        """Say which subject of the OIDC provider a user is, in place of an earlier one; counts at once."""
        from grille.server.operations import logins
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        try:
            logins.link(registry, name, subject)
        finally:
            registry.close()
        terminal.say(Text(f"{name} logs in as {subject}.", f"{name} logger på som {subject}."))

    @app.command("unlink")
    def unlink(home: HomeArgument, name: UserArgument) -> None:
        """Take the login of a user away at once, also on a running server."""
        from grille.server.operations import logins
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        try:
            logins.unlink(registry, name)
        finally:
            registry.close()
        terminal.say(Text(f"{name} has no login any more.", f"{name} har ingen pålogging lenger."))
