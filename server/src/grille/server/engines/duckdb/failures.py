"""Turns failures of DuckDB into errors of ours. DuckDB's texts can quote data values and are never passed on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from grille.server.errors import BudgetError, GrilleError, InternalError
from grille.server.text import Text

_DISK_WORDS = ("no space left", "max_temp_directory_size", "disk full", "file too large", "quota exceeded")


def cancelled() -> BudgetError:
    """Return the error of an interrupted request."""
    return BudgetError("CANCELLED", Text("The command was cancelled.", "Kommandoen ble avbrutt."))


def disk_full(error: Exception) -> BudgetError | None:
    """Return the error of a disk without space, when that is what DuckDB's error is about."""
    if not any(words in str(error).lower() for words in _DISK_WORDS):
        return None
    return BudgetError(
        "DISK_FULL",
        Text("There is no disk space left for this session.", "Det er ikke mer diskplass til denne økten."),
        hint=Text(
            "Delete data sets and variables that are not needed.", "Slett datasett og variabler som ikke trengs."
        ),
    )


@contextmanager
def translated() -> Iterator[None]:
    """Raise BudgetError CANCELLED, MEMORY_LIMIT or DISK_FULL, or InternalError ENGINE_FAILED, for failures inside."""
    try:
        yield
    except GrilleError:
        raise
    except MemoryError:
        raise _memory_limit() from None
    except (duckdb.Error, OSError, RuntimeError, ValueError) as error:
        raise _ours(error) from None


def _ours(error: Exception) -> GrilleError:
    text = str(error).lower()  # looked at for its kind, never shown
    if isinstance(error, duckdb.InterruptException) or "interrupt" in text[:40]:
        return cancelled()
    full = disk_full(error)
    if full is not None:
        return full
    if isinstance(error, duckdb.OutOfMemoryException):
        return _memory_limit()
    return InternalError(
        "ENGINE_FAILED",
        Text(
            f"The engine failed on this command ({type(error).__name__}).",
            f"Motoren feilet på denne kommandoen ({type(error).__name__}).",
        ),
    )


def _memory_limit() -> BudgetError:
    return BudgetError(
        "MEMORY_LIMIT",
        Text(
            "The command needs more memory than a session may use.",
            "Kommandoen trenger mer minne enn en økt kan bruke.",
        ),
        hint=Text("Use fewer variables or fewer categories.", "Bruk færre variabler eller færre kategorier."),
    )
