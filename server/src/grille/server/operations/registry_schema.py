"""The tables of the control file and the connection to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from grille.server.errors import InternalError
from grille.server.text import Text

VERSION = 3

_SINCE_2 = """
CREATE TABLE grants (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL,
    project TEXT NOT NULL,
    banks TEXT NOT NULL,
    variables TEXT NOT NULL,
    commands TEXT NOT NULL,
    since TEXT,
    until TEXT,
    created TEXT NOT NULL,
    FOREIGN KEY (user, project) REFERENCES memberships (user, project) ON DELETE CASCADE
) STRICT;
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    what TEXT NOT NULL,
    project TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    logged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX journal_not_logged ON journal (number) WHERE logged = 0;
"""

_SINCE_3 = """
CREATE TABLE logins (
    user TEXT PRIMARY KEY REFERENCES users (name),
    subject TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

_GRANT_ALL_AS_BEFORE = """
INSERT INTO grants (user, project, banks, variables, commands, created)
    SELECT user, project, '["*"]', '["*"]', '["*"]', created FROM memberships WHERE role = 'researcher'
"""

_TABLES = """
CREATE TABLE projects (
    name TEXT PRIMARY KEY,
    policy TEXT NOT NULL,
    created TEXT NOT NULL,
    ended TEXT
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
        connection.executescript(f"BEGIN; {_TABLES} {_SINCE_2} {_SINCE_3} PRAGMA user_version = {VERSION}; COMMIT;")
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
        version = _brought_up(connection)
    except sqlite3.Error as error:
        raise unavailable(path, error) from None
    if version != VERSION:
        connection.close()
        raise unavailable(path, None)
    return connection


def _brought_up(connection: sqlite3.Connection) -> int:
    """Bring a control file of an older version up to this one, in one transaction, and return its version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (1, 2):
        return int(version)
    connection.execute("BEGIN IMMEDIATE")  # another process may be at it
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 1:
        connection.execute("ALTER TABLE projects ADD COLUMN ended TEXT")
        for statement in _SINCE_2.split(";\n"):
            connection.execute(statement)
        connection.execute(_GRANT_ALL_AS_BEFORE)
    if version in (1, 2):
        connection.execute(_SINCE_3)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        version = VERSION
    connection.execute("COMMIT")
    return int(version)


def unavailable(path: Path, error: sqlite3.Error | None) -> InternalError:
    """Return the error for a control file that does not work; the database's own text may hold values and stays out."""
    why = "has another version" if error is None else f"does not work ({getattr(error, 'sqlite_errorname', 'SQLite')})"
    hvorfor = "har en annen versjon" if error is None else why.replace("does not work", "virker ikke")
    return InternalError("REGISTRY_UNAVAILABLE", Text(f"The registry {path} {why}.", f"Registeret {path} {hvorfor}."))
