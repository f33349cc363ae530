"""The wish to stop a script: set by whoever no longer wants it, heard by whatever is at work for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grille.server.errors import BudgetError, GrilleError
from grille.server.text import Text


class Stop:
    """One script's wish to stop; once set it stays set, with the reason of the first who set it.

    It belongs to a script and not to a session, so that a wish that comes late never stops the session's next script.
    """

    def __init__(self) -> None:
        """Make one that is not set."""
        self._lock = threading.Lock()
        self._is_set = False
        self._why: GrilleError | None = None
        self._react: Callable[[], None] | None = None

    def set(self, why: GrilleError | None = None) -> None:
        """Wish to stop; what is at work is told in this thread. `why` is what the running command fails with."""
        with self._lock:
            if not self._is_set:
                self._is_set, self._why = True, why
            if self._react is not None:
                self._react()
                self._react = None

    def is_set(self) -> bool:
        """Whether the script shall stop."""
        return self._is_set

    @property
    def error(self) -> GrilleError:
        """What a command that was stopped fails with: CANCELLED unless another reason was given."""
        return self._why or BudgetError("CANCELLED", Text("The command was cancelled.", "Kommandoen ble avbrutt."))

    @contextmanager
    def telling(self, react: Callable[[], None]) -> Iterator[None]:
        """Call `react` when the wish comes while the block runs, or at once when it is there already."""
        with self._lock:
            if self._is_set:
                react()
            else:
                self._react = react
        try:
            yield
        finally:
            with self._lock:
                self._react = None
