"""Rows of the ledger at rest: sealed with AES-GCM, under a name of their scope that tells nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from grille.server.errors import InternalError
from grille.server.text import Text

_NONCE = 12


class Seals:
    """Seals and opens rows with the key of a ledger."""

    def __init__(self, key: bytes) -> None:
        """Take the ledger key, 32 bytes."""
        if len(key) != 32:
            raise ValueError("the ledger key has 32 bytes")
        self._scope_key = hmac.new(key, b"ledger scope", hashlib.sha256).digest()
        self._cipher = AESGCM(hmac.new(key, b"ledger rows", hashlib.sha256).digest())

    def scope(self, project: str, bank: str, unit_type: str) -> bytes:
        """Return the name under which the sets of a project, bank and unit type are kept."""
        text = json.dumps([project, bank, unit_type]).encode()
        return hmac.new(self._scope_key, text, hashlib.sha256).digest()

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
