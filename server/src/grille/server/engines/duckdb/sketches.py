"""Sketch words of compact data sets: written beside the next commands, for only released sets need them.

The words are most of what a data set's rows weigh: 48 of 60 bytes. Counts and cell keys do not need them, so a filter
writes keys alone, and the words follow on another thread. Whoever needs them waits, or writes them when that thread was
stopped or its process lost; a table is written whole or not at all.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from sqlglot import exp

from grille.server.engines.base import Rows
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.sql import (
    KEYS,
    SKETCH_WORDS,
    field,
    is_compact,
    only_present,
    sketches_of,
    table,
    units_table,
)
from grille.server.engines.duckdb.store import Store
from grille.server.errors import GrilleError, InternalError
from grille.server.text import Text


class Sketches:
    """Writes the sketch words of compact rows and knows when they are there."""

    def __init__(self, requests: Requests, store: Store) -> None:
        """Read with `requests`, write to `store`."""
        self._requests = requests
        self._store = store
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sketches")
        self._guard = threading.Lock()
        self._pending: dict[str, Future[None]] = {}
        self._ready: set[str] = set()

    def begin(self, compact: Rows, before: Rows) -> None:
        """Begin to write the words of `compact`, the present rows of `before`; written at once if those are compact."""
        name = sketches_of(compact)
        if is_compact(before):
            self.ready(before)
            self._store.named(name, _words(before))
            self._ready.add(name)
        else:
            self._pending[name] = self._writer.submit(self._store.named, name, _words(before))

    def ready(self, rows: Rows) -> None:
        """Wait until the words of `rows` are stored, or store them.

        Raises:
            BudgetError: CANCELLED, MEMORY_LIMIT or DISK_FULL.
        """
        name = sketches_of(rows) if is_compact(rows) else ""
        with self._guard:
            if not name or name in self._ready:
                return
            pending = self._pending.pop(name, None)
            if pending is not None:
                with suppress(GrilleError):  # it was stopped with another command, or the reason shows again below
                    pending.result()
            if not self._store.has(name):
                self._store.named(name, _words(self._whole(rows)))
            self._ready.add(name)

    def busy(self) -> bool:
        """Tell whether words are being written now."""
        return any(not one.done() for one in tuple(self._pending.values()))

    def close(self) -> None:
        """Wait for what is being written."""
        self._writer.shutdown()

    def _whole(self, rows: Rows) -> Rows:
        if rows.whole is None:
            text = "The set sketches of a data set are lost."
            raise InternalError("SKETCHES_LOST", Text(text, "Mengdeskissene til et datasett er tapt."))
        keys, present = rows.whole
        return Rows(keys, 0, rows.unit_type, rows.bank, present)


def _words(rows: Rows) -> exp.Select:
    """Return the SELECT of the sketch words of the present rows, in their order."""
    words, alias = (table(sketches_of(rows)), sketches_of(rows)) if is_compact(rows) else (units_table(rows), KEYS)
    return only_present(rows, words).select(*(field(alias, f"s{word}") for word in range(SKETCH_WORDS)))
