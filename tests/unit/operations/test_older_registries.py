"""A control file of the first version is brought up to this one, and nobody loses or gains a right by it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from grille.server.execution.rights import Right
from grille.server.operations.grants import grants_of, rights_of
from grille.server.operations.logins import subject_of
from grille.server.operations.registry import Registry
from grille.server.operations.registry_schema import VERSION

VERSION_1 = """
CREATE TABLE projects (name TEXT PRIMARY KEY, policy TEXT NOT NULL, created TEXT NOT NULL) STRICT;
CREATE TABLE project_banks (
    project TEXT NOT NULL REFERENCES projects (name), bank TEXT NOT NULL, PRIMARY KEY (project, bank)
) STRICT, WITHOUT ROWID;
CREATE TABLE users (name TEXT PRIMARY KEY, created TEXT NOT NULL) STRICT;
CREATE TABLE memberships (
    user TEXT NOT NULL REFERENCES users (name), project TEXT NOT NULL REFERENCES projects (name),
    role TEXT NOT NULL CHECK (role IN ('researcher', 'auditor', 'custodian')), created TEXT NOT NULL,
    PRIMARY KEY (user, project)
) STRICT, WITHOUT ROWID;
CREATE TABLE certificates (
    thumbprint TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users (name), issued TEXT NOT NULL,
    expires TEXT NOT NULL, revoked TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO projects VALUES ('wages', 'standard', '2026-01-01');
INSERT INTO project_banks VALUES ('wages', 'no.ssb.fdb');
INSERT INTO users VALUES ('ada', '2026-01-01'), ('audun', '2026-01-01');
INSERT INTO memberships VALUES ('ada', 'wages', 'researcher', '2026-01-01');
INSERT INTO memberships VALUES ('audun', 'wages', 'auditor', '2026-01-01');
PRAGMA user_version = 1;
"""


def test_researchers_keep_their_rights_and_nobody_else_gets_any(tmp_path: Path) -> None:
    path = tmp_path / "control.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.close()
    check(path)


def test_a_control_file_of_the_second_version_gets_logins(tmp_path: Path) -> None:
    path = tmp_path / "control.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.close()
    Registry(path).close()
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE logins; PRAGMA user_version = 2;")
    connection.close()
    check(path)


def check(path: Path) -> None:
    for _ in range(2):
        registry = Registry(path)
        assert registry.project("wages").ended is None
        assert [(one.user, one.right) for one in grants_of(registry, "wages")] == [("ada", Right())]
        assert rights_of(registry, "wages", "ada").allows_variable("no.ssb.fdb", "INNTEKT_LONN")
        assert rights_of(registry, "wages", "audun").grants == ()
        assert subject_of(registry, "ada") == ""
        assert registry.read("PRAGMA user_version") == [(VERSION,)]
        assert registry.read("PRAGMA foreign_key_check") == []
        registry.close()
