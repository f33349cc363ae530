"""The tables of the control file and the connection to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from grille.server.errors import InternalError
from grille.server.text import Text

VERSION = 1

_TABLES = """
CREATE TABLE projects (
    name TEXT PRIMARY KEY,
    policy TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;
CREATE TABLE project_banks (
    project TEXT NOT NULL REFERENCES projects (name),
    bank TEXT NOT NULL,
    PRIMARY KEY (project, bank)
) STRICT, WITHOUT ROWID;
CREATE TABLE users (
    name TEXT PRIMARY KEY,
    created TEXT NOT NULL
) STRICT;
CREATE TABLE memberships (
    user TEXT NOT NULL REFERENCES users (name),
    project TEXT NOT NULL REFERENCES projects (name),
    role TEXT NOT NULL CHECK (role IN ('researcher', 'auditor', 'custodian')),
    created TEXT NOT NULL,
    PRIMARY KEY (user, project)
) STRICT, WITHOUT ROWID;
CREATE TABLE certificates (
    thumbprint TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (name),
    issued TEXT NOT NULL,
    expires TEXT NOT NULL,
    revoked TEXT
) STRICT, WITHOUT ROWID;
"""


def create_tables(path: Path) -> None:
    """Make the tables in the empty file `path`."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    finally:
        connection.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open the control file: durable commits, foreign keys enforced, waits up to five seconds for another writer.

    Raises:
        InternalError: REGISTRY_UNAVAILABLE when it is missing, unreadable, damaged or of another version.
    """
    try:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=5.0, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise unavailable(path, error) from None
    if version != VERSION:
        connection.close()
        raise unavailable(path, None)
    return connection


def unavailable(path: Path, error: sqlite3.Error | None) -> InternalError:
    """Return the error for a control file that does not work; the database's own text may hold values and stays out."""
    why = "has another version" if error is None else f"does not work ({getattr(error, 'sqlite_errorname', 'SQLite')})"
    hvorfor = "har en annen versjon" if error is None else why.replace("does not work", "virker ikke")
    return InternalError("REGISTRY_UNAVAILABLE", Text(f"The registry {path} {why}.", f"Registeret {path} {hvorfor}."))
