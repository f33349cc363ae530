"""The command line grille-server: one thin function per command, everything heavy is imported when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from grille.server.errors import GrilleError
from grille.server.operations.cli_administration import add_administration
from grille.server.operations.cli_audit import add_audit
from grille.server.operations.cli_banks import add_banks
from grille.server.operations.cli_keys import add_keys
from grille.server.operations.cli_policies import add_policies
from grille.server.operations.exit_codes import ExitCode, exit_code
from grille.server.operations.terminal import Terminal
from grille.server.text import Language, Text

# gRPC has no setting for the oldest TLS version. This suite of TLS 1.2 needs an RSA certificate and ours are ECDSA, so
# that no handshake of TLS 1.2 succeeds; the suites of TLS 1.3 cannot be switched off.
NO_SUITE_OF_TLS_1_2 = "ECDHE-RSA-CHACHA20-POLY1305"
HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:], Terminal(sys.stdout, sys.stderr)))


def run(arguments: Sequence[str], terminal: Terminal) -> int:
    """Run one command and return its exit code; errors are written to the terminal."""
    try:
        build_app(terminal)(list(arguments))
    except GrilleError as error:
        terminal.fail(error)
        return exit_code(error)
    except KeyboardInterrupt:
        return ExitCode.FAILED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ExitCode.OK
    return ExitCode.OK


def build_app(terminal: Terminal) -> typer.Typer:
    """Return the commands, writing to `terminal`."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Run a grille server: it holds register microdata and answers with safe statistics.",
    )

    @app.callback()
    def options(
        language: Annotated[
            Language, typer.Option("--lang", envvar="GRILLE_LANG", help="Language of messages.")
        ] = Language.ENGLISH,
        _version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        terminal.language = language

    @app.command("init")
    def init(
        home: HomeArgument,
        name: Annotated[str, typer.Option(help="Name of the installation.")] = "grille",
        host: Annotated[
            list[str] | None, typer.Option(help="Name or address by which clients reach the server; repeatable.")
        ] = None,
    ) -> None:
        """Make a home: keys, local certificate authority, certificates, settings. Refuses to overwrite."""
        from grille.server.operations.certificates import ALWAYS_HOSTS
        from grille.server.operations.initialize import initialize

        made = initialize(home, name=name, hosts=host or ())
        hosts = ", ".join(dict.fromkeys((*ALWAYS_HOSTS, *(host or ()))))
        terminal.say(
            Text(
                f"Made a grille home at {made.path}\n"
                "  config.toml  settings: every one with its default\n"
                "  keys/        secret keys: back them up, apart from the data\n"
                f"  tls/         local certificate authority; server certificate for {hosts}\n"
                f"Next: grille-server bank synthesize {home} --bank no.ssb.fdb --version 30 --persons 1000000",
                f"Laget et grille-hjem i {made.path}\n"
                "  config.toml  innstillinger: alle med sin standardverdi\n"
                "  keys/        hemmelige nøkler: sikkerhetskopier dem, atskilt fra data\n"
                f"  tls/         lokal sertifikatutsteder; tjenersertifikat for {hosts}\n"
                f"Neste: grille-server bank synthesize {home} --bank no.ssb.fdb --version 30 --persons 1000000",
            )
        )

    @app.command("serve")
    def serve(
        home: HomeArgument,
        listen: Annotated[
            str | None, typer.Option(metavar="HOST:PORT", help="Address; default: the configured one.")
        ] = None,
    ) -> None:
        """Serve until interrupted."""
        from grille.server.operations.addresses import parse_address
        from grille.server.operations.config import load_config
        from grille.server.operations.home import Home

        found = Home.existing(home)
        config = load_config(found.config)
        address = str(parse_address(listen or config.server.listen))

        os.environ["GRPC_SSL_CIPHER_SUITES"] = NO_SUITE_OF_TLS_1_2
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its lines on stderr go past the allow-list of the log
        from grille.server.operations.service import serve as run_server  # takes seconds: after what fails at once

        run_server(found, config, address)

    add_banks(app, terminal)
    add_administration(app, terminal)
    add_audit(app, terminal)
    add_keys(app, terminal)
    add_policies(app, terminal)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"grille-server {version('grille-server')}")
        raise typer.Exit
