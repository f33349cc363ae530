"""Exit codes of the client, a contract with scripts that call it."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a finished run of the client tells the shell; a run stopped with Ctrl-C counts as failed."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_CONNECTION = 3
    NOT_ALLOWED = 4
