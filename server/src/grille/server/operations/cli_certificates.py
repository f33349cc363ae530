"""The commands grille-server user certificate: what was issued, renewing it, taking one back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]
_SHOWN = 16


def add_certificates(app: typer.Typer, terminal: Terminal) -> None:
    """Add the group `certificate` to the group `user`."""
    group = typer.Typer(no_args_is_help=True, help="Certificates of users.")
    app.add_typer(group, name="certificate")

    @group.command("list")
    def list_(
        home: HomeArgument, name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this user's.")] = None
    ) -> None:
        """List certificates with their state, those that end first on top."""
        from grille.server.operations.expiry import state_of
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        found = [one for user in registry.users() if name in (None, user) for one in registry.certificates(user)]
        heads = ("certificate sertifikat", "user bruker", "issued utstedt", "expires utløper", "state tilstand")
        terminal.table(
            [Text(*head.split()) for head in heads],
            (
                (
                    one.thumbprint[:_SHOWN],
                    one.user,
                    one.issued[:10],
                    one.expires[:10],
                    state_of(one).in_language(terminal.language),
                )
                for one in sorted(found, key=lambda one: one.expires)
            ),
        )
        registry.close()

    @group.command("renew")
    def renew(
        home: HomeArgument,
        name: Annotated[str, typer.Argument(metavar="NAME", help="User name.")],
        project: Annotated[str | None, typer.Option(help="Project; not needed by members of only one.")] = None,
        out: Annotated[Path | None, typer.Option(help="File of the credentials; default NAME.grille.")] = None,
        days: Annotated[int, typer.Option(help="Days until the certificate expires.")] = 365,
        server: Annotated[
            str | None, typer.Option(metavar="HOST:PORT", help="Address in the bundle; default: the configured one.")
        ] = None,
        keep_old: Annotated[
            bool, typer.Option("--keep-old", help="Leave older certificates valid until they expire.")
        ] = False,
    ) -> None:
        """Issue new credentials for a member with new keys, and revoke the older ones."""
        from grille.server.operations.credentials import renew_credentials
        from grille.server.operations.home import Home

        target = out or Path(f"{name}.grille")
        made, revoked = renew_credentials(
            Home.existing(home), name, project, target, days=days, server=server, keep_old=keep_old
        )
        terminal.say(
            Text(
                f"Wrote {target}: {made.user}, {made.role} of {made.project}, valid until {made.expires[:10]}; "
                f"revoked {revoked} older certificate(s). It holds a private key: hand it over safely.",
                f"Skrev {target}: {made.user}, {made.role} i {made.project}, gyldig til {made.expires[:10]}; "
                f"trakk tilbake {revoked} eldre sertifikat(er). Den inneholder en privat nøkkel: overlever den trygt.",
            )
        )

    @group.command("revoke")
    def revoke(
        home: HomeArgument,
        thumbprint: Annotated[str, typer.Argument(metavar="CERTIFICATE", help="Its thumbprint, or its beginning.")],
    ) -> None:
        """Revoke one certificate at once, also on a running server."""
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        try:
            user = registry.revoke_certificate(thumbprint)
        finally:
            registry.close()
        terminal.say(Text(f"Revoked a certificate of {user}.", f"Trakk tilbake et sertifikat for {user}."))
