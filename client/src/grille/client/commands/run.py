"""`grille run`: sends a script, shows its results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from grille.client.connection import Connection, connected
from grille.client.environment import Environment
from grille.client.errors import ClientError, NoConnectionError, StoppedError, UsageError
from grille.client.exits import Exit
from grille.client.formats.base import Format, Target
from grille.client.formats.exports import require_plots, write_plots, write_tables
from grille.client.formats.registry import FormatName, format_class
from grille.client.patience import patience_of
from grille.client.progress import Progress
from grille.client.render.style import Style
from grille.client.results import Run
from grille.client.running import Runner, banks_of, close_session, open_session
from grille.client.words import Words, pick
from grille.v1.errors_pb2 import ERROR_CATEGORY_PERMISSION

MOST_TEXT_WIDTH = 160


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked for.

    Attributes:
        script: Path of the script; "-" is stdin.
        format: Output format.
        out: File or folder to write to; None is stdout.
        words: Language of labels, messages and number formats.
        session: Session to use and leave open; None opens one.
        project: Project of a new session; None means the only one.
        keep: Leave a new session open.
        tables: Show also the tables that drawings replace.
        request: Id of an earlier request to hear of, instead of a script.
        twin: Open the new session on synthetic twins.
    """

    script: str
    format: FormatName
    out: Path | None
    words: Words
    session: str | None
    project: str | None
    keep: bool
    tables: bool
    request: str = ""
    twin: bool = False


def run(environment: Environment, options: RunOptions) -> Exit:
    """Run a script and show its results; returns OK when every command was answered.

    FAILED when one was refused or failed, NOT_ALLOWED when that was for want of a right.

    Raises:
        ClientError: There was no run, or it broke off; what was answered before has been shown.
    """
    _check_options(options)
    script = b"" if options.request else read_script(environment, options.script, options.words)
    folder = out_folder(options.out, options.words)
    pictures = folder is not None and options.format in (FormatName.TEXT, FormatName.HTML, FormatName.MARKDOWN)
    if pictures:
        require_plots(options.words)
    name = pick(options.words, "standard input", "standard inn") if options.script == "-" else Path(options.script).name
    with connected(environment, options.words) as connection:
        session = options.session or open_session(connection, options.project or "", twin=options.twin).session_id
        outcome = Run(session=session, script=script.decode("utf-8", "replace"), name=name, twin=options.twin)
        with _target(environment, options, folder) as target:
            format = format_class(options.format)(target)
            broken: ClientError | None = None
            try:
                _runner(environment, options, connection, format, outcome).follow(script)
            except ClientError as error:
                broken = error
            if broken is None or isinstance(broken, StoppedError):
                try:
                    outcome.banks = banks_of(connection, session)
                except ClientError as error:
                    # The results are shown all the same; the failure is told after them.
                    broken = broken or error
            if isinstance(broken, NoConnectionError):
                told = pick(options.words, "The session is still there: grille sessions resume {0}",
                            "Økten er der fortsatt: grille sessions resume {0}")  # fmt: skip
                environment.stderr.write(told.format(session) + "\n")
            elif options.session is None and not options.keep:
                close_session(connection, session)
            format.ended(outcome)
    if folder is not None and pictures:
        try:
            write_tables(outcome, folder, options.words)
            write_plots(outcome, folder, options.words)
        except OSError as cause:
            raise _not_written(folder, cause, options.words) from cause
    if broken is not None:
        raise broken
    if options.keep and options.session is None:
        told = pick(options.words, "The session stays open: --session {0}", "Økten står åpen: --session {0}")
        environment.stderr.write(told.format(session) + "\n")
    if any(
        result.error is not None and result.error.category == ERROR_CATEGORY_PERMISSION for result in outcome.results
    ):
        return Exit.NOT_ALLOWED
    return Exit.OK if outcome.answered else Exit.FAILED


def _check_options(options: RunOptions) -> None:
    if options.twin and options.session is not None and not options.request:
        told = pick(options.words, "--twin opens a session of its own: leave out --session.",
                    "--twin åpner en egen økt: utelat --session.")  # fmt: skip
        raise UsageError("TWIN_OR_SESSION", told)


def _runner(
    environment: Environment, options: RunOptions, connection: Connection, format: Format, outcome: Run
) -> Runner:
    runner = Runner(
        connection,
        format,
        Progress(environment, options.words),
        outcome,
        patience_of(environment.variables),
        lambda text: _tell(environment, text),
    )
    if options.request:
        runner.request = options.request
    return runner


def _tell(environment: Environment, text: str) -> None:
    environment.stderr.write(text + "\n")
    environment.stderr.flush()


def read_script(environment: Environment, path: str, words: Words) -> bytes:
    """Return the bytes of a script as they are; "-" reads stdin. Raises SCRIPT_NOT_READ."""
    if path == "-":
        return environment.stdin.read()
    try:
        return Path(path).read_bytes()
    except OSError as cause:
        why = cause.strerror or type(cause).__name__
        message = pick(words, "The script {0} cannot be read: {1}.", "Skriptet {0} kan ikke leses: {1}.")
        raise UsageError("SCRIPT_NOT_READ", message.format(path, why)) from cause


def out_folder(out: Path | None, words: Words) -> Path | None:
    """Return the folder that --out names, made when it is missing; None when it names a file.

    A path is a folder when it is one already, or when it does not exist and has no suffix.
    """
    if out is None or not (out.is_dir() or (not out.exists() and not out.suffix)):
        return None
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise _not_written(out, cause, words) from cause
    return out


@contextlib.contextmanager
def _target(environment: Environment, options: RunOptions, folder: Path | None) -> Iterator[Target]:
    """Open what the format writes to: stdout, the file, or a file `result` in the folder."""
    text = options.format is FormatName.TEXT
    screen = options.out is None or (folder is not None and options.format in (FormatName.TEXT, FormatName.CSV))
    with _stream(environment, options, folder, screen) as stream:
        yield Target(
            stream=stream,
            folder=folder,
            words=options.words,
            width=min(environment.width, MOST_TEXT_WIDTH),
            style=Style(environment.colours and screen and text),
            tables=options.tables,
        )


@contextlib.contextmanager
def _stream(environment: Environment, options: RunOptions, folder: Path | None, screen: bool) -> Iterator[TextIO]:
    if screen or options.out is None:
        yield environment.stdout
        return
    path = options.out if folder is None else folder / f"result{format_class(options.format).suffix}"
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as cause:
        raise _not_written(path, cause, options.words) from cause
    with file:
        yield file


def _not_written(path: Path, cause: OSError, words: Words) -> UsageError:
    message = pick(words, "{0} cannot be written: {1}.", "{0} kan ikke skrives: {1}.")
    return UsageError("OUT_NOT_WRITTEN", message.format(path, cause.strerror or type(cause).__name__))
