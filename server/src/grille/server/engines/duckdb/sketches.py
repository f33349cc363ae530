"""Sketch words of compact data sets: kept in memory, and written there beside the next commands.

The words are most of what a data set's rows weigh: 48 of 60 bytes. Counts and cell keys do not need them, so a filter
writes keys to the session's file, and the words follow into memory on another thread: in the same file its commit
would hold up every other. Whoever needs them waits, or writes them when that thread was stopped or its process lost.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pyarrow as pa
from sqlglot import exp

from grille.server.engines.base import Frame, Rows
from grille.server.engines.duckdb.connection import INCOMING, Requests, identifier
from grille.server.engines.duckdb.sql import (
    KEYS,
    MEMORY,
    SKETCH_WORDS,
    VALUE,
    create,
    field,
    is_compact,
    sketches_of,
    stored,
    table,
    units_table,
)
from grille.server.errors import GrilleError, InternalError
from grille.server.text import Text


class Sketches:
    """Writes the sketch words of compact rows and knows when they are there."""

    def __init__(self, requests: Requests) -> None:
        """Read and write with `requests`."""
        self._requests = requests
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sketches")
        self._guard = threading.Lock()
        self._pending: dict[str, Future[None]] = {}
        self._ready: set[str] = set()

    def begin(self, rows: Rows) -> None:
        """Begin to write the words of compact rows."""
        self._pending[sketches_of(rows)] = self._writer.submit(self._write, rows)

    def ready(self, rows: Rows) -> None:
        """Wait until the words of `rows` are there, or write them.

        Raises:
            BudgetError: CANCELLED, MEMORY_LIMIT or DISK_FULL.
        """
        if not is_compact(rows):
            return
        name = sketches_of(rows)
        with self._guard:
            if name in self._ready:
                return
            pending = self._pending.pop(name, None)
            if pending is not None:
                with suppress(GrilleError):  # it was stopped with another command, or the reason shows again below
                    pending.result()
                    self._ready.add(name)
                    return
            self._write(rows)
            self._ready.add(name)

    def busy(self) -> bool:
        """Tell whether words are being written now; a table of the session is dropped only when they are."""
        return any(not one.done() for one in tuple(self._pending.values()))

    def sweep(self, live: Iterable[Frame]) -> None:
        """Drop the words of rows that no frame of `live` has."""
        used = {sketches_of(frame.rows) for frame in live if frame.rows is not None and is_compact(frame.rows)}
        with self._guard:
            for name in [one for one, future in self._pending.items() if one not in used and future.done()]:
                future = self._pending.pop(name)
                if future.exception() is None:
                    self._ready.add(name)
            for name in sorted(self._ready - used):
                path = ".".join(identifier(part) for part in (MEMORY, "main", name))
                self._requests.run(f"DROP TABLE IF EXISTS {path}")
                self._ready.discard(name)

    def close(self) -> None:
        """Wait for what is being written."""
        self._writer.shutdown()

    def _write(self, rows: Rows) -> None:
        if rows.whole is None:
            text = "It is not known which units a data set has."
            raise InternalError("UNITS_UNKNOWN", Text(text, "Det er ikke kjent hvilke enheter et datasett har."))
        keys, present = rows.whole
        everyone = Rows(keys, 0, rows.unit_type, rows.bank, present)
        # the mask is copied first: whoever reads the session's file while others write to it makes them wait
        mask = exp.select(stored(present)).from_(table(present))
        chosen = pa.Table.from_batches(list(self._requests.stream(mask)), pa.schema([(VALUE, pa.bool_())]))
        incoming = exp.Table(this=exp.to_identifier(INCOMING, quoted=True))
        select = exp.select(*(field(KEYS, f"s{word}") for word in range(SKETCH_WORDS))).from_(incoming)
        select.append("joins", exp.Join(this=units_table(everyone), method="POSITIONAL"))
        select = select.where(field(INCOMING, VALUE))
        self._requests.run(create(sketches_of(rows), select, MEMORY), chosen)
