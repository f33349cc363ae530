"""What the exit code of a command says."""

from __future__ import annotations

from enum import IntEnum

from grille.server.errors import AccessDeniedError, GrilleError


class ExitCode(IntEnum):
    """Exit codes, the same as the client's."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_CONNECTION = 3
    NOT_ALLOWED = 4


def exit_code(error: GrilleError) -> ExitCode:
    """Return the exit code for an error."""
    return ExitCode.NOT_ALLOWED if isinstance(error, AccessDeniedError) else ExitCode.FAILED
