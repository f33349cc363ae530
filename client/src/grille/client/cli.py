"""The command line of the client: reads arguments, calls the subcommand, turns errors into text and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from grille.client.cli_audit import audit_app, verify
from grille.client.environment import Environment
from grille.client.errors import ClientError
from grille.client.exits import Exit
from grille.client.formats.registry import CheckFormat, FormatName
from grille.client.words import Words, pick

Lang = Annotated[
    Words | None, typer.Option("--lang", help="Language of labels and messages [default: GRILLE_LANG, en].")
]
Project = Annotated[str | None, typer.Option("--project", "-p", help="Project; not needed by members of only one.")]

app = typer.Typer(
    name="grille",
    help="Analyse register microdata on a server, without ever seeing a row.",
    epilog="Exit codes: 0 all commands answered, 1 a command failed, was refused or was stopped, 2 usage, "
    "3 no connection, 4 not allowed. GRILLE_CREDENTIALS and GRILLE_SERVER name another credential file and server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
sessions_app = typer.Typer(help="List, resume, replay and close your sessions.", no_args_is_help=True)
app.add_typer(sessions_app, name="sessions")
app.add_typer(audit_app, name="audit")
app.command("verify")(verify)


@app.command()
def login(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="NAME.grille", show_default=False)] = None,
    oidc: Annotated[
        bool, typer.Option("--oidc", help="Log in with a browser too; without NAME.grille for the file kept before.")
    ] = False,
    lang: Lang = None,
) -> None:
    """Try a credential file from the custodian and keep it for later runs."""
    from grille.client.commands.login import login as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, file, lang or environment.words, oidc=oidc))


@app.command()
def run(
    context: typer.Context,
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="Path of the script; - reads standard input.")],
    format: Annotated[FormatName, typer.Option("--format", "-f", help="How results are written.")] = FormatName.TEXT,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write to, or a folder that also gets tables (CSV) and plots (SVG, PNG)."
        ),
    ] = None,
    lang: Lang = None,
    session: Annotated[str | None, typer.Option("--session", help="Use this open session and leave it open.")] = None,
    project: Project = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the new session open.")] = False,
    tables: Annotated[bool, typer.Option("--tables", help="Show also the tables that drawings replace.")] = False,
    twin: Annotated[
        bool, typer.Option("--twin", help="Try the script on a synthetic twin of the bank: its numbers mean nothing.")
    ] = False,
) -> None:
    """Run a script and show its results as the commands are answered."""
    from grille.client.commands.run import RunOptions
    from grille.client.commands.run import run as act

    environment: Environment = context.obj
    words = lang or environment.words
    raise typer.Exit(
        act(environment, RunOptions(script, format, out, words, session, project, keep, tables, twin=twin))
    )


@app.command()
def check(
    context: typer.Context,
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="Path of the script; - reads standard input.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which rules of disclosure control each command will meet.")
    ] = False,
    format: Annotated[CheckFormat, typer.Option("--format", "-f", help="How it is written.")] = CheckFormat.TEXT,
    project: Project = None,
    lang: Lang = None,
) -> None:
    """Check a script against the language and the catalogue; run nothing."""
    from grille.client.commands.check import check as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, script, project, lang or environment.words, explain=explain, format=format))


@app.command()
def variables(
    context: typer.Context,
    pattern: Annotated[str, typer.Argument(help="Part of a name or title; * stands for any text.")] = "",
    project: Project = None,
    lang: Lang = None,
) -> None:
    """List register variables; an exact name shows its dates and codes."""
    from grille.client.commands.variables import variables as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, pattern, project, lang or environment.words))


@app.command("help")
def help_(
    context: typer.Context,
    command: Annotated[str, typer.Argument(help="Command of the language, such as regress-mml.")] = "",
    lang: Lang = None,
) -> None:
    """Describe the commands that scripts may use."""
    from grille.client.commands.help import help_commands as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, command, lang or environment.words))


@sessions_app.command("list")
def sessions_list(context: typer.Context, lang: Lang = None) -> None:
    """List your open sessions, newest first."""
    from grille.client.commands.sessions import list_sessions as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, lang or environment.words))


@sessions_app.command("close")
def sessions_close(
    context: typer.Context, ids: Annotated[list[str], typer.Argument(metavar="ID...")], lang: Lang = None
) -> None:
    """Close sessions and destroy their data sets in the server."""
    from grille.client.commands.sessions import close_sessions as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, ids, lang or environment.words))


@sessions_app.command("quota")
def sessions_quota(context: typer.Context, project: Project = None, lang: Lang = None) -> None:
    """Show what you have used today of a project's quotas, and what your data sets take on disk."""
    from grille.client.commands.sessions import show_quotas as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, project or "", lang or environment.words))


@sessions_app.command("resume")
def sessions_resume(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID")],
    format: Annotated[FormatName, typer.Option("--format", "-f", help="How results are written.")] = FormatName.TEXT,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File or folder to write to.")] = None,
    results: Annotated[
        bool, typer.Option("--results/--no-results", help="Show the answers to the latest script, also of one at work.")
    ] = True,
    lang: Lang = None,
) -> None:
    """Bring a session back after a lost connection or a restart of the server, and show what you missed."""
    from grille.client.commands.run import RunOptions
    from grille.client.commands.sessions import resume_session as act

    environment: Environment = context.obj
    options = RunOptions("-", format, out, lang or environment.words, session, None, keep=True, tables=False)
    raise typer.Exit(act(environment, options, results=results))


@sessions_app.command("replay")
def sessions_replay(
    context: typer.Context, session: Annotated[str, typer.Argument(metavar="ID")], lang: Lang = None
) -> None:
    """Run a recorded session again in the server; exit code 1 unless every released digest comes out again."""
    from grille.client.commands.sessions import replay_session as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, session, lang or environment.words))


def main(arguments: list[str] | None = None, environment: Environment | None = None) -> None:
    """Run the command line and leave the process with its exit code; tests pass arguments and an environment."""
    os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-RSA-CHACHA20-POLY1305"  # with ECDSA certificates: TLS 1.3 or nothing
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC's own lines on stderr are for its programmers
    sys.exit(outcome(sys.argv[1:] if arguments is None else arguments, environment or Environment.of_process()))


def outcome(arguments: list[str], environment: Environment) -> int:
    """Run the command line and return its exit code."""
    try:
        app(args=arguments, obj=environment, prog_name="grille", standalone_mode=True)
    except SystemExit as ended:
        return int(ended.code or 0) if isinstance(ended.code, int | None) else Exit.FAILED
    except ClientError as error:
        return _told(error, environment, _words(arguments, environment))
    except BrokenPipeError:
        # The reader of the pipe has gone; what follows must not fail again when Python flushes stdout.
        sys.stdout = None
        return Exit.FAILED
    return Exit.OK


def _words(arguments: list[str], environment: Environment) -> Words:
    """Return the language of an error's heading, read again because the error does not carry it."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        name, _, inline = option.partition("=")
        if name == "--lang" and (inline or value) in set(Words):
            return Words(inline or value)
    return environment.words


def _told(error: ClientError, environment: Environment, words: Words) -> int:
    from grille.client.render.style import Style, wrapped

    style = Style(environment.error_colours)
    head, advice = pick(words, "Error", "Feil"), pick(words, "Hint", "Råd")
    first, *rest = wrapped(f"{head}: {error.message}", environment.width)
    lines = [style.bad(first), *rest]
    if error.hint:
        lines += [style.hint(line) for line in wrapped(f"{advice}: {error.hint}", environment.width)]
    environment.stderr.write("\n".join([*lines, style.dim(f"[{error.reason}]")]) + "\n")
    return error.exit_code
