"""The differencing ledger: which sets of units have been released, and whether a new one is too close to them.

Sets are compared within a project, bank and unit type, over all sessions, users and versions. Rows are appended to an
SQLite file before an answer leaves; each is sealed with AES-GCM, so that the file alone tells no set sizes or labels.
The sealed sets are read into memory on opening; rows that another process appended are taken up before every decision.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grille.server.disclosure.condition_parts import ConditionParts
from grille.server.disclosure.evidence import AnalysisSet, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.sealing import Seals, unavailable
from grille.server.disclosure.set_index import (
    Identity,
    SetIndex,
    close_to_each_other,
    close_to_released,
    identity,
)
from grille.server.disclosure.texts import refusal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS released_sets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope BLOB NOT NULL,
    sealed BLOB NOT NULL
)
"""
_Row = tuple[int, int, tuple[int, ...], str, float, str | None]


@dataclass(frozen=True, slots=True)
class Partition:
    """A division of a set into disjoint cells, with a digest of the cells."""

    analysis_set: AnalysisSet
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A released set as the auditor may see it, with the time of its first release. Sizes are exact, hence secret.

    `partition` is None, or the digest of cells into which the set was divided.
    """

    analysis_set: AnalysisSet
    released_at: datetime
    partition: str | None


class Ledger:
    """The released sets of all projects. Safe for threads; several processes may share one file."""

    def __init__(self, path: Path, key: bytes, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Open the ledger, making the file if there is none.

        Args:
            path: SQLite file.
            key: Ledger key, 32 bytes.
            now: Clock.

        Raises:
            InternalError: LEDGER_UNREADABLE, when a row was sealed with another key or changed.
        """
        self._now = now
        self._lock = threading.Lock()
        self._indices: dict[bytes, SetIndex] = {}
        self._partitions: dict[tuple[bytes, Identity], set[str]] = {}
        self._last_row = 0
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_SCHEMA)
        self._seals = Seals(key, self._connection)
        self.parts = ConditionParts(path, key)
        """What conditions of the same projects held for."""
        self._catch_up()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
            self.parts.close()

    def admit(
        self, project: str, sets: Sequence[AnalysisSet], policy: Policy, partition: Partition | None = None
    ) -> None:
        """Record sets that are about to be released; all or none.

        Returns only when they are on disk. Sets that were released before cost nothing.

        Args:
            project: Project.
            sets: Sets, compared with earlier ones and with each other.
            policy: For difference_min, pair_window and partitions_max.
            partition: How the released table divides its units, if it does.

        Raises:
            DisclosureError: TOO_MANY_PARTITIONS, or SETS_TOO_CLOSE, when one differs from an earlier one, from another
                one of `sets`, or from the difference of two recent ones, by 1 to difference_min - 1 units.
            InternalError: LEDGER_UNAVAILABLE, when the file cannot be written.
        """
        with self._deciding():
            self._check_partition(project, partition, policy)
            accepted = self._accepted(project, sets, policy)
            if not all(accepted):
                raise refusal("SETS_TOO_CLOSE", policy)
            self._append(project, sets, partition)

    def admit_separately(
        self, project: str, sets: Sequence[AnalysisSet], policy: Policy, partition: Partition | None = None
    ) -> list[bool]:
        """Record those of the sets that are not too close to earlier ones, nor to those before them in `sets`.

        Args:
            project: Project.
            sets: Sets in order of preference, such as the cells of a table from its margins on.
            policy: As for `admit`.
            partition: As for `admit`.

        Returns:
            Per set, whether it was recorded and may be released.

        Raises:
            DisclosureError: TOO_MANY_PARTITIONS.
            InternalError: LEDGER_UNAVAILABLE, when the file cannot be written.
        """
        with self._deciding():
            self._check_partition(project, partition, policy)
            accepted = self._accepted(project, sets, policy)
            admitted = [item for item, good in zip(sets, accepted, strict=True) if good]
            self._append(project, admitted, partition if admitted else None)
        return accepted

    def acceptable(self, project: str, sets: Sequence[AnalysisSet], policy: Policy) -> list[bool]:
        """Say which of the sets `admit_separately` would record now, recording none."""
        with self._deciding():
            return self._accepted(project, sets, policy)

    def divisions(self, project: str, analysis_set: AnalysisSet) -> int:
        """Return in how many different ways exactly this set was divided in released tables."""
        with self._lock:
            return len(self._known_partitions(project, Partition(analysis_set, "")))

    def entries(self, project: str, bank: str, unit_type: str) -> Iterator[LedgerEntry]:
        """Yield the released sets of a project, bank and unit type, oldest first."""
        scope = self._seals.scope(project, bank, unit_type)
        with self._lock:
            rows = self._connection.execute(
                "SELECT sealed FROM released_sets WHERE scope = ? ORDER BY id", (scope,)
            ).fetchall()
        for (sealed,) in rows:
            n, key, sketch, label, time, partition = self._unseal(scope, sealed)
            analysis_set = AnalysisSet(bank, unit_type, UnitCount(n, key), sketch, label)
            yield LedgerEntry(analysis_set, datetime.fromtimestamp(time, UTC), partition)

    @contextmanager
    def _deciding(self) -> Iterator[None]:
        """Hold the threads' lock and the file's write lock, with all rows read."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._catch_up()
                yield
                self._connection.execute("COMMIT")
                # only now are the new rows known to be on disk
                self._catch_up()
            except sqlite3.Error as error:
                raise unavailable() from error
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _accepted(self, project: str, sets: Sequence[AnalysisSet], policy: Policy) -> list[bool]:
        """Judge sets in order; an accepted one counts as released for those after it."""
        accepted = [True] * len(sets)
        fresh: dict[bytes, dict[Identity, list[int]]] = {}
        for number, item in enumerate(sets):
            scope = self._scope(project, item)
            new = identity(item.units, item.sketch)
            if new not in self._index(scope):
                fresh.setdefault(scope, {}).setdefault(new, []).append(number)
        for scope, new_sets in fresh.items():
            identities = list(new_sets)
            released = close_to_released(identities, self._index(scope), policy.difference_min, policy.pair_window)
            beside = close_to_each_other(identities, policy.difference_min)
            good = [False] * len(identities)
            for number, new in enumerate(identities):
                good[number] = not released[number] and not any(good[other] for other in beside[number])
                for place in new_sets[new]:
                    accepted[place] = good[number]
        return accepted

    def _check_partition(self, project: str, partition: Partition | None, policy: Policy) -> None:
        known = self._known_partitions(project, partition)
        if partition is not None and partition.digest not in known and len(known) >= policy.partitions_max:
            raise refusal("TOO_MANY_PARTITIONS", policy)

    def _known_partitions(self, project: str, partition: Partition | None) -> set[str]:
        if partition is None:
            return set()
        divided = partition.analysis_set
        return self._partitions.get((self._scope(project, divided), identity(divided.units, divided.sketch)), set())

    def _append(self, project: str, sets: Sequence[AnalysisSet], partition: Partition | None) -> None:
        time = self._now().timestamp()
        rows: dict[tuple[bytes, object], tuple[bytes, bytes]] = {}
        for item in sets:
            scope = self._scope(project, item)
            new = identity(item.units, item.sketch)
            if new not in self._index(scope) and (scope, new) not in rows:
                rows[scope, new] = (scope, self._seal(scope, item, time, None))
        if partition is not None and partition.digest not in self._known_partitions(project, partition):
            scope = self._scope(project, partition.analysis_set)
            rows[scope, partition] = (scope, self._seal(scope, partition.analysis_set, time, partition.digest))
        self._connection.executemany("INSERT INTO released_sets (scope, sealed) VALUES (?, ?)", rows.values())

    def _catch_up(self) -> None:
        for row, scope, sealed in self._connection.execute(
            "SELECT id, scope, sealed FROM released_sets WHERE id > ? ORDER BY id", (self._last_row,)
        ):
            n, key, sketch, _, _, partition = self._unseal(scope, sealed)
            new = identity(UnitCount(n, key), sketch)
            index = self._index(scope)
            if partition is not None:
                self._partitions.setdefault((scope, new), set()).add(partition)
            elif new not in index:
                index.add(new)
            self._last_row = row

    def _index(self, scope: bytes) -> SetIndex:
        return self._indices.setdefault(scope, SetIndex())

    def _scope(self, project: str, item: AnalysisSet) -> bytes:
        return self._seals.scope(project, item.bank, item.unit_type)

    def _seal(self, scope: bytes, item: AnalysisSet, time: float, partition: str | None) -> bytes:
        fields = [item.units.n, item.units.key, list(item.sketch), item.label, time, partition]
        return self._seals.seal(scope, fields)

    def _unseal(self, scope: bytes, sealed: bytes) -> _Row:
        n, key, sketch, label, time, partition = self._seals.open(scope, sealed)
        return n, key, tuple(sketch), label, time, partition
