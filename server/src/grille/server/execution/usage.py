"""What members have used of their projects' quotas, on disk before the command goes on.

One SQLite transaction checks a limit and charges against it, so that calls at the same time, also of several processes,
cannot together use more than there is. A charge has a key: the same command is never charged twice, also after a crash.
"""

from __future__ import annotations

import datetime
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from grille.server.errors import InternalError
from grille.server.execution.quotas import NO_LIMIT, Limits, Quota, Usage, reached
from grille.server.text import Text

_SCHEMA = """
CREATE TABLE IF NOT EXISTS limits (
    project TEXT NOT NULL,
    quota TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (project, quota)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS charges (
    day TEXT NOT NULL,
    user TEXT NOT NULL,
    project TEXT NOT NULL,
    quota TEXT NOT NULL,
    charge TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (user, project, quota, day, charge)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (
    day TEXT NOT NULL,
    user TEXT NOT NULL,
    project TEXT NOT NULL,
    quota TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (user, project, quota, day)
) STRICT, WITHOUT ROWID;
"""
_KEPT_DAYS = 2


def today() -> str:
    """Return the present day, UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


class UsageBook:
    """The file of limits and charges. Safe for threads and processes."""

    def __init__(self, path: Path, day: Callable[[], str] = today) -> None:
        """Open the file, made if there is none; `day` is the clock.

        Raises:
            InternalError: USAGE_UNAVAILABLE.
        """
        self._day = day
        self._lock = threading.Lock()
        with _translated():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA wal_autocheckpoint = 20")  # pages: a file of so few needs no large log
            self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def limits(self, project: str) -> Limits:
        """Return the limits set for a project itself."""
        with self._lock, _translated():
            rows = self._connection.execute("SELECT quota, amount FROM limits WHERE project = ?", (project,)).fetchall()
        return {Quota(quota): int(amount) for quota, amount in rows if quota in set(Quota)}

    def set_limits(self, project: str, limits: Mapping[Quota, int | None]) -> None:
        """Set limits of a project; None goes back to the server's default."""
        with self._change() as change:
            for quota, amount in limits.items():
                if amount is None:
                    change.execute("DELETE FROM limits WHERE project = ? AND quota = ?", (project, quota.value))
                else:
                    change.execute("INSERT OR REPLACE INTO limits VALUES (?, ?, ?)", (project, quota.value, amount))

    def used(self, user: str, project: str, quota: Quota) -> int:
        """Return what a member has used today."""
        with self._lock, _translated():
            return self._total(user, project, quota)

    def users(self, project: str) -> tuple[str, ...]:
        """Return who has used a project today."""
        with self._lock, _translated():
            rows = self._connection.execute(
                "SELECT DISTINCT user FROM totals WHERE project = ? AND day = ? ORDER BY user", (project, self._day())
            ).fetchall()
        return tuple(str(user) for (user,) in rows)

    def charge(
        self, user: str, project: str, quota: Quota, amount: int, limit: int, charge: str, *, overrun: bool = False
    ) -> tuple[Usage, Usage]:
        """Charge an amount, once for each key; returns the use before and after.

        Args:
            user: Who.
            project: Where.
            quota: What.
            amount: How much, at least 0.
            limit: Of the quota; 0 is none.
            charge: Key: a second charge with it changes nothing.
            overrun: The amount has been used already and is charged also beyond the limit.

        Raises:
            BudgetError: QUOTA_REACHED; nothing is charged.
            InternalError: USAGE_UNAVAILABLE.
        """
        day = self._day()
        with self._change() as change:
            before = self._total(user, project, quota)
            known = change.execute(
                "SELECT 1 FROM charges WHERE user = ? AND project = ? AND quota = ? AND charge = ?",
                (user, project, quota.value, charge),
            ).fetchone()
            if known:
                return Usage(quota, before, limit), Usage(quota, before, limit)
            if limit != NO_LIMIT and before + amount > limit and not overrun:
                raise reached(quota, limit, project)
            change.execute(
                "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?)", (day, user, project, quota.value, charge, amount)
            )
            self._add(change, day, user, project, quota, amount)
        return Usage(quota, before, limit), Usage(quota, before + amount, limit)

    def refund(self, user: str, project: str, quota: Quota, charge: str) -> None:
        """Take a charge back."""
        key = (user, project, quota.value, charge)
        with self._change() as change:
            rows = change.execute(
                "SELECT day, amount FROM charges WHERE user = ? AND project = ? AND quota = ? AND charge = ?", key
            ).fetchall()
            change.execute("DELETE FROM charges WHERE user = ? AND project = ? AND quota = ? AND charge = ?", key)
            for day, amount in rows:
                self._add(change, day, user, project, quota, -int(amount))

    def forget(self) -> None:
        """Drop what was used on earlier days but the last ones."""
        first = (datetime.date.fromisoformat(self._day()) - datetime.timedelta(days=_KEPT_DAYS)).isoformat()
        with self._change() as change:
            change.execute("DELETE FROM charges WHERE day < ?", (first,))
            change.execute("DELETE FROM totals WHERE day < ?", (first,))

    def _total(self, user: str, project: str, quota: Quota) -> int:
        row = self._connection.execute(
            "SELECT amount FROM totals WHERE user = ? AND project = ? AND quota = ? AND day = ?",
            (user, project, quota.value, self._day()),
        ).fetchone()
        return int(row[0]) if row else 0

    @staticmethod
    def _add(change: sqlite3.Connection, day: str, user: str, project: str, quota: Quota, amount: int) -> None:
        change.execute(
            "INSERT INTO totals VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (user, project, quota, day) DO UPDATE SET amount = amount + excluded.amount",
            (day, user, project, quota.value, amount),
        )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise InternalError(
            "USAGE_UNAVAILABLE",
            Text(
                "What was used of the quotas cannot be written, so nothing is run.",
                "Det som er brukt av kvotene, kan ikke skrives, så ingenting kjøres.",
            ),
            hint=Text("Tell the custodian of the server.", "Si fra til forvalteren av tjeneren."),
        ) from error
