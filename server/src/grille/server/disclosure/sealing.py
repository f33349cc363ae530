"""Rows of the ledger at rest: sealed with AES-GCM, under a name of their scope that tells nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from grille.server.errors import InternalError
from grille.server.text import Text

_NONCE = 12
_SCOPES = b"earlier names of scopes"
_SEALED = ("released_sets", "condition_parts")
_KEPT = "CREATE TABLE IF NOT EXISTS kept_secrets (name BLOB PRIMARY KEY, sealed BLOB NOT NULL)"


class Seals:
    """Seals and opens rows with the key of a ledger."""

    def __init__(self, key: bytes, connection: sqlite3.Connection) -> None:
        """Take the ledger key, 32 bytes, and an open ledger.

        The names of projects and banks are not in the ledger, so a scope is named anew by its name under the key
        before; the secrets of earlier names are kept, sealed.

        Raises:
            InternalError: LEDGER_UNREADABLE, when that secret was sealed with another key.
        """
        if len(key) != 32:
            raise ValueError("the ledger key has 32 bytes")
        self._naming = [hmac.new(key, b"ledger scope", hashlib.sha256).digest()]
        self._cipher = AESGCM(hmac.new(key, b"ledger rows", hashlib.sha256).digest())

        connection.execute(_KEPT)
        for (sealed,) in connection.execute("SELECT sealed FROM kept_secrets WHERE name = ?", (_SCOPES,)):
            self._naming = [*map(bytes.fromhex, self.open(_SCOPES, sealed)), *self._naming]

    def scope(self, project: str, bank: str, unit_type: str) -> bytes:
        """Return the name under which the sets of a project, bank and unit type are kept."""
        name = json.dumps([project, bank, unit_type]).encode()
        for secret in self._naming:
            name = hmac.new(secret, name, hashlib.sha256).digest()
        return name

    def renamed(self, scope: bytes) -> bytes:
        """Return the name under the newest key of a scope with this name under the key before."""
        return hmac.new(self._naming[-1], scope, hashlib.sha256).digest()

    def earlier(self, before: Seals) -> bytes:
        """Return the row that keeps the secrets of the names under the key before."""
        return self.seal(_SCOPES, [secret.hex() for secret in before._naming])

    def seal(self, scope: bytes, fields: list[Any]) -> bytes:
        """Return a row, which opens under the same scope alone."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, json.dumps(fields).encode(), scope)

    def open(self, scope: bytes, sealed: bytes) -> list[Any]:
        """Return what a row holds.

        Raises:
            InternalError: LEDGER_UNREADABLE, when it was sealed with another key or changed.
        """
        try:
            content = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], scope)
        except InvalidTag as error:
            raise InternalError(
                "LEDGER_UNREADABLE",
                Text(
                    "The ledger of released sets was written with another key, or has been changed.",
                    "Regnskapet over utleverte mengder er skrevet med en annen nøkkel, eller er endret.",
                ),
                hint=Text("Restore the ledger and its key.", "Gjenopprett regnskapet og nøkkelen."),
            ) from error
        found: list[Any] = json.loads(content)
        return found


def unavailable() -> InternalError:
    """Return the error for a ledger that cannot be written."""
    return InternalError(
        "LEDGER_UNAVAILABLE",
        Text(
            "The ledger of released sets cannot be written, so nothing is released.",
            "Regnskapet over utleverte mengder kan ikke skrives, så ingenting utleveres.",
        ),
        hint=Text("Tell the operator of the server.", "Si fra til den som drifter tjeneren."),
    )


def reseal(source: Path, target: Path, old: bytes, new: bytes) -> None:
    """Write the ledger `source`, sealed with the key `old`, anew to `target` with the key `new`.

    Nobody else may have the ledger open.

    Raises:
        InternalError: LEDGER_UNREADABLE, when `old` is not its key.
        sqlite3.Error: A disk refuses, or `target` exists.
    """
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        opening = Seals(old, before)
        tables = before.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN (?, ?)", _SEALED)
        schemas = dict(tables.fetchall())
        for schema in schemas.values():
            after.execute(schema)
        sealing = Seals(new, after)
        for table in schemas:
            rows = before.execute(f"SELECT id, scope, sealed FROM {table} ORDER BY id")  # noqa: S608
            fresh = (
                (row, sealing.renamed(scope), sealing.seal(sealing.renamed(scope), opening.open(scope, sealed)))
                for row, scope, sealed in rows
            )
            after.executemany(f"INSERT INTO {table} (id, scope, sealed) VALUES (?, ?, ?)", fresh)  # noqa: S608
        after.execute("INSERT INTO kept_secrets (name, sealed) VALUES (?, ?)", (_SCOPES, sealing.earlier(opening)))
        after.commit()
