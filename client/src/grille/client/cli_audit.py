"""The commands `grille audit` and `grille verify`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from grille.client.environment import Environment
from grille.client.words import Words


class Shape(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"


class OutcomeName(StrEnum):
    """How a command ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


Lang = Annotated[Words | None, typer.Option("--lang", help="Language of messages [default: GRILLE_LANG, en].")]
Format = Annotated[Shape, typer.Option("--format", "-f", help="For people or for programs.")]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="PUBLIC.pem", help="Public key of the log; default: the one in your credentials."),
]
AnchorOption = Annotated[
    str | None, typer.Option("--anchor", metavar="NUMBER:HASH", help="A record noted earlier, which must be there.")
]

audit_app = typer.Typer(help="Read and verify the audit log; for auditors.", no_args_is_help=True)


@audit_app.command("list")
def list_(
    context: typer.Context,
    project: Annotated[str | None, typer.Option("--project", "-p", help="Project.")] = None,
    user: Annotated[str | None, typer.Option(help="User.")] = None,
    session: Annotated[str | None, typer.Option(help="Session id or its beginning.")] = None,
    event: Annotated[str | None, typer.Option(help="Kind of event, such as command or access_denied.")] = None,
    command: Annotated[str | None, typer.Option(help="Name of the command, such as tabulate.")] = None,
    outcome: Annotated[OutcomeName | None, typer.Option(help="How commands ended.")] = None,
    reason: Annotated[str | None, typer.Option(help="Reason of a refusal or failure.")] = None,
    since: Annotated[str | None, typer.Option(help="Not before this date or time.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this date or time.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most records to show.")] = 100,
    format: Format = Shape.TEXT,
    lang: Lang = None,
) -> None:
    """List records, newest first; filters hold together."""
    from grille.client.commands.audit import Asked
    from grille.client.commands.audit import list_records as act

    environment: Environment = context.obj
    asked = Asked(
        project, user, session, event, command, outcome.value if outcome else None, reason, since, until, limit
    )
    raise typer.Exit(act(environment, asked, format is Shape.JSON, lang or environment.words))


@audit_app.command("show")
def show(
    context: typer.Context,
    record: Annotated[int, typer.Argument(metavar="RECORD", help="Number of the record.")],
    format: Format = Shape.TEXT,
    lang: Lang = None,
) -> None:
    """Show all of one record."""
    from grille.client.commands.audit import show_record as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, record, format is Shape.JSON, lang or environment.words))


@audit_app.command("report")
def report(
    context: typer.Context,
    project: Annotated[str, typer.Option("--project", "-p", help="Project; default: all that you audit.")] = "",
    user: Annotated[str, typer.Option(help="Only this user's commands.")] = "",
    format: Format = Shape.TEXT,
    lang: Lang = None,
) -> None:
    """Show what was released to whom, and patterns that look like an attack."""
    from grille.client.commands.audit_report import report as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, project, user, format is Shape.JSON, lang or environment.words))


@audit_app.command("export")
def export(
    context: typer.Context,
    record: Annotated[int | None, typer.Option("--record", help="Only this record.")] = None,
    proof: Annotated[
        bool, typer.Option("--proof", help="With the proof that it stands in the log, which shows no other record.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="New file; default: standard output.")] = None,
    lang: Lang = None,
) -> None:
    """Write the log so that it can be verified elsewhere; of other projects' records only the hashes."""
    from grille.client.commands.audit import export as act

    environment: Environment = context.obj
    if proof and record is None:
        raise typer.BadParameter("--proof goes with --record")
    raise typer.Exit(act(environment, record, proof, out, lang or environment.words))


@audit_app.command("verify")
def verify_log(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="An export or a proof; default: fetch the log.")
    ] = None,
    key: Keys = None,
    anchor: AnchorOption = None,
    format: Format = Shape.TEXT,
    lang: Lang = None,
) -> None:
    """Verify the log that the server has now, or an export of it; exit code 1 when anything is wrong."""
    environment: Environment = context.obj
    words = lang or environment.words
    if file is not None:
        from grille.client.commands.verify import verify as judge

        raise typer.Exit(judge(environment, file, key or (), anchor, format is Shape.JSON, words))
    from grille.client.commands.audit import verify_log as act

    raise typer.Exit(act(environment, key or (), anchor, format is Shape.JSON, words))


def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Result (JSON), proof or export.")],
    key: Keys = None,
    anchor: AnchorOption = None,
    format: Format = Shape.TEXT,
    lang: Lang = None,
) -> None:
    """Check offline that a result came from the server unaltered; exit code 1 when anything was changed."""
    from grille.client.commands.verify import verify as act

    environment: Environment = context.obj
    raise typer.Exit(act(environment, file, key or (), anchor, format is Shape.JSON, lang or environment.words))
