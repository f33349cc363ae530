"""Canonical JSON and the SHA-256 hash chain of lines.

A line's hash covers all its fields but `hash` itself, among them the hash of the line before; so a line cannot be
changed, moved, removed or put in without changing every line after it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """A sealed line.

    Attributes:
        sequence: Its number, from 1.
        previous: Hash of the line before, or GENESIS.
        hash: Its own hash, recomputed from the content.
        fields: All fields of the JSON object.
    """

    sequence: int
    previous: str
    hash: str
    fields: dict[str, object]


class BadLineError(ValueError):
    """A line that is not the canonical form of a sealed record, or whose hash does not fit its content."""


def canonical(fields: dict[str, object]) -> bytes:
    """Return the one way to write `fields` as JSON: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: A text is not Unicode (lone surrogates), or a number is not finite.
    """
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content`, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def seal(fields: dict[str, object], sequence: int, previous: str) -> tuple[bytes, str]:
    """Return the line (with its end-of-line) and the hash of a record.

    Raises:
        ValueError: As `canonical`.
    """
    body = {**fields, "sequence": sequence, "previous": previous}
    own = digest(canonical(body))
    return canonical({**body, "hash": own}) + b"\n", own


def unseal(line: bytes) -> Line:
    """Return the content of a line without its end-of-line.

    Raises:
        BadLineError: It is not exactly what `seal` would have written.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLineError("not JSON") from None
    if not isinstance(fields, dict):
        raise BadLineError("not an object")
    sequence, previous, claimed = fields.get("sequence"), fields.get("previous"), fields.get("hash")
    if type(sequence) is not int or not isinstance(previous, str) or not isinstance(claimed, str):
        raise BadLineError("no place in the chain")
    body = {key: value for key, value in fields.items() if key != "hash"}
    try:
        sealed, own = seal(body, sequence, previous)
    except (ValueError, RecursionError):
        raise BadLineError("not Unicode") from None
    if own != claimed:
        raise BadLineError("the hash does not fit the content")
    if sealed != line + b"\n":
        raise BadLineError("not canonical")
    return Line(sequence, previous, own, fields)
