"""The journal of the control file: every change of projects, users and rights, for the audit log.

Changes are made beside a running server, which alone writes the log. So each change notes itself in its own
transaction, and the server records it before it answers anyone on the ground of it.
"""

from __future__ import annotations

import datetime
import getpass
import json
import sqlite3


def note(change: sqlite3.Connection, what: str, project: str, subject: str, **detail: str) -> None:
    """Note a change inside its transaction.

    Args:
        change: The open transaction.
        what: What was done, such as "grant added".
        project: Project that it is about; may be empty.
        subject: User whom it is about; may be empty.
        detail: Further facts.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    change.execute(
        "INSERT INTO journal (time, what, project, subject, detail) VALUES (?, ?, ?, ?, ?)",
        (now, what, project, subject, json.dumps({**detail, "by": _account()}, sort_keys=True)),
    )


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return "unknown"
