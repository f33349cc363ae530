"""The parts of conditions that took effect in a project, over all sessions, users and versions of a bank.

Two conditions that differ in a few units are both harmless alone; together they single the few out, and a refusal of
the second by the ledger would answer whether the few fit a third. Therefore the sets of all parts are kept as the
released sets are, and a part that nearly equals an earlier one becomes it: their sketches tell the worker which units
to add or leave out (disclosure/decode.py), so that both give the same bytes.

Source: Dodis, Ostrovsky, Reyzin, Smith (2008), Fuzzy extractors (PinSketch); Kenthapadi, Mishra, Nissim (2005),
Simulatable auditing, for refusals that tell nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np

from grille.server.disclosure.difference import difference_sizes
from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.sealing import Seals, unavailable
from grille.server.disclosure.set_index import SetIndex, identity

Sketch = tuple[int, ...]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS condition_parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope BLOB NOT NULL,
    sealed BLOB NOT NULL
)
"""


class ConditionParts:
    """The parts of all projects, in the ledger's file. Safe for threads; several processes may share one file."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open the file, which the ledger has made.

        Args:
            path: The ledger's SQLite file.
            key: Ledger key, 32 bytes.

        Raises:
            InternalError: LEDGER_UNREADABLE, when a row was sealed with another key or changed.
        """
        self._lock = threading.Lock()
        self._indices: dict[bytes, SetIndex] = {}
        self._last_row = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_SCHEMA)
        self._seals = Seals(key, self._connection)
        self._catch_up()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def like(self, project: str, bank: str, unit_type: str, units: UnitCount, sketch: Sketch, below: int) -> Sketch:
        """Return the sketch of the part that a new one counts as: of the oldest that nearly equals it, or its own.

        Returns only when a part that is like no other is on disk. The oldest counts, so that asking again in another
        order, or in a replay, gives the same.

        Args:
            project: Project.
            bank: Bank, without version.
            unit_type: Unit type.
            units: Number and cell key of the units for which the new part holds.
            sketch: Their sketch.
            below: Fewest units in which two parts may differ and count as two.

        Raises:
            InternalError: LEDGER_UNAVAILABLE, when the file cannot be written.
        """
        scope, new = self._seals.scope(project, bank, unit_type), identity(units, sketch)
        with self._lock:
            earlier = self._near(scope, new, below)
            if earlier is None:
                earlier = self._admit(scope, new, below)
        return earlier

    def _admit(self, scope: bytes, new: tuple[int, int, Sketch], below: int) -> Sketch:
        """Write a part that is like none that this process knows, unless another process wrote one like it."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._catch_up()
            earlier = self._near(scope, new, below)
            if earlier is None:
                sealed = self._seals.seal(scope, [new[0], new[1], list(new[2])])
                self._connection.execute("INSERT INTO condition_parts (scope, sealed) VALUES (?, ?)", (scope, sealed))
            self._connection.execute("COMMIT")
            self._catch_up()
        except sqlite3.Error as error:
            raise unavailable() from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return new[2] if earlier is None else earlier

    def _near(self, scope: bytes, new: tuple[int, int, Sketch], below: int) -> Sketch | None:
        index = self._indices.setdefault(scope, SetIndex())
        if new in index:
            return new[2]
        rows = np.array(sorted(index.candidates(new[0], below)), dtype=np.int64)
        if not rows.size:
            return None
        sketches = index.sketches(rows)
        near = np.flatnonzero(difference_sizes(sketches ^ np.array(new[2], dtype=np.uint64), below=below) < below)
        return tuple(int(word) for word in sketches[near[0]]) if near.size else None

    def _catch_up(self) -> None:
        for row, scope, sealed in self._connection.execute(
            "SELECT id, scope, sealed FROM condition_parts WHERE id > ? ORDER BY id", (self._last_row,)
        ):
            n, key, sketch = self._seals.open(scope, sealed)
            index = self._indices.setdefault(scope, SetIndex())
            new = identity(UnitCount(n, key), tuple(sketch))
            if new not in index:
                index.add(new)
            self._last_row = row
