"""Running a recorded command again: what a lost worker or a busy machine costs is time, and never the session."""

from __future__ import annotations

from grille.server.audit.sessions import Entry
from grille.server.errors import BudgetError, GrilleError, InternalError, UnknownNameError
from grille.server.execution.interface import Answer, CommandRun, Executor
from grille.server.execution.record import digest
from grille.server.text import Text

TRIES = 3
"""How often a command is run whose worker is lost each time."""
DIFFERENT = "RESULT_DIFFERS"
_LOST = "WORKER_LOST"
_MACHINE = frozenset(("COMMAND_TIMEOUT", "DISK_FULL", "MEMORY_LIMIT", "SERVER_BUSY"))
"""Limits that an answered command was within: the machine has less room or time now than it had then."""


def run_again(inner: Executor[Answer], run: CommandRun) -> Answer:
    """Run a command; when its worker is lost, once more in a new one, which finds the data sets on disk.

    Args:
        inner: Computes and discloses, without recording or charging.
        run: The command.

    Raises:
        GrilleError: What the command raised; WORKER_LOST after TRIES lost workers.
    """
    for left in reversed(range(TRIES)):
        try:
            return inner.execute(run, lambda _: None)
        except GrilleError as error:
            if error.reason != _LOST or not left or run.stop.is_set():
                raise
    raise AssertionError("the last try returns or raises")


def same_again(inner: Executor[Answer], run: CommandRun, entry: Entry) -> Answer:
    """Run a recorded command again and return its answer, which must be the released one.

    Raises:
        GrilleError: What `run.stop` says, when it is set.
        UnknownNameError: UNKNOWN_SESSION when the session was closed meanwhile.
        InternalError: SESSION_NOT_REBUILT when something else came out, SESSION_NOT_YET_REBUILT when nothing could.
    """
    try:
        answer = run_again(inner, run)
    except GrilleError as error:
        if run.stop.is_set():
            raise run.stop.error from None
        if isinstance(error, UnknownNameError) and error.reason == "UNKNOWN_SESSION":
            raise
        if isinstance(error, InternalError) or (isinstance(error, BudgetError) and error.reason in _MACHINE):
            raise not_yet_rebuilt(entry, error.reason) from None
        raise not_rebuilt(entry, error.reason) from None
    if digest(answer.blocks) != entry.released_digest:
        raise not_rebuilt(entry, DIFFERENT)
    return answer


def not_rebuilt(entry: Entry, why: str) -> GrilleError:
    """Return the error of a session that cannot be made again; `why` is a stable reason."""
    return InternalError(
        "SESSION_NOT_REBUILT",
        Text(
            f"The session cannot be brought back: record {entry.sequence} does not come out again ({why}).",
            f"Økten kan ikke hentes tilbake: oppføring {entry.sequence} blir ikke den samme igjen ({why}).",
        ),
        hint=Text(
            "Banks, rights or rules have changed since. Open a new session and run the script again.",
            "Banker, rettigheter eller regler er endret siden. Åpne en ny økt og kjør skriptet på nytt.",
        ),
    )


def not_yet_rebuilt(entry: Entry, why: str) -> GrilleError:
    """Return the error of a session that could not be made again this time; `why` is a stable reason."""
    return InternalError(
        "SESSION_NOT_YET_REBUILT",
        Text(
            f"The server could not bring the session back this time: record {entry.sequence} was not computed ({why}).",
            f"Tjeneren fikk ikke hentet økten tilbake nå: oppføring {entry.sequence} ble ikke regnet ut ({why}).",
        ),
        hint=Text(
            "Nothing is lost. Try again later: grille sessions resume. If it goes on, tell the custodian.",
            "Ingenting er tapt. Prøv igjen senere: grille sessions resume. Si fra til forvalteren hvis det fortsetter.",
        ),
    )
