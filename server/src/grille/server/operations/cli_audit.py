"""The commands grille-server audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.cli_overview import add_overview
from grille.server.operations.exit_codes import ExitCode
from grille.server.operations.terminal import Terminal

_SHOWN = 20


def add_audit(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `app`."""
    audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
    app.add_typer(audit_app, name="audit")
    add_overview(audit_app, terminal)

    @audit_app.callback()
    def group() -> None:
        pass  # makes `verify` a command of the group rather than the group itself

    @audit_app.command("verify")
    def verify(
        home: Annotated[
            Path, typer.Argument(metavar="HOME", help="Folder of the server; with --public-key, a copy of its log.")
        ],
        public_key: Annotated[
            Path | None, typer.Option(help="Public key (audit-signing.pub) to verify a copied log with.")
        ] = None,
        anchor: Annotated[
            str | None,
            typer.Option(metavar="NUMBER:HASH", help="A record noted from an earlier report, which must be there."),
        ] = None,
        authority: Annotated[
            list[Path] | None,
            typer.Option("--timestamp-authority", metavar="PEM", help="Certificate of a trusted time-stamp authority."),
        ] = None,
    ) -> None:
        """Verify the audit log; exit code 1 when anything is wrong. The server may be running."""
        from grille.server.operations.audit_report import parse_anchor, report_lines, verify_home

        report = verify_home(home, public_key, parse_anchor(anchor) if anchor else None, authority or ())
        for line in report_lines(report, shown=_SHOWN):
            terminal.say(line)
        if not report.is_sound:
            raise typer.Exit(ExitCode.FAILED)
