"""Records, checkpoints and heads of an audit log as a verifier sees them: canonical JSON, hashes, signatures.

Written apart from the server's own code, after the same description, so that each checks the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from grille.client.verification.keys import is_signed

GENESIS = "0" * 64
CHECKPOINT = b"grille-audit-checkpoint-1"
HEAD = b"grille-audit-head-1"


def canonical(fields: dict[str, Any]) -> bytes:
    """Return the one way in which the log writes a JSON object: sorted keys, no spaces, UTF-8."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_canonical(line: bytes) -> dict[str, Any] | None:
    """Return the object in a line, None unless it is written the one way."""
    try:
        fields = json.loads(line)
        return fields if isinstance(fields, dict) and canonical(fields) == line else None
    except (ValueError, RecursionError):
        return None


def record_hash(record: dict[str, Any]) -> str:
    """Return the hash that a record must have: SHA-256 of its canonical form without the hash, hex."""
    return hashlib.sha256(canonical({key: value for key, value in record.items() if key != "hash"})).hexdigest()


def line_digest(line: bytes) -> str:
    """Return the SHA-256 of a line, by which the next checkpoint names it, hex."""
    return hashlib.sha256(line).hexdigest()


def is_signed_as(key: Ed25519PublicKey, label: bytes, fields: dict[str, Any]) -> bool:
    """Say whether an object carries the key's signature over the label and its other fields."""
    content = {name: value for name, value in fields.items() if name != "signature"}
    return is_signed(key, fields.get("signature"), label + b"\n" + canonical(content))


def merkle_root(leaves: Sequence[str]) -> str:
    """Return the root of the Merkle tree over record hashes, hex.

    Source: RFC 6962, section 2.1, by its recursive definition.
    """
    if len(leaves) == 1:
        return _leaf(leaves[0]).hex()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = (bytes.fromhex(merkle_root(part)) for part in (leaves[:split], leaves[split:]))
    return hashlib.sha256(b"\x01" + left + right).hexdigest()


def root_of_path(leaf: str, index: int, count: int, path: Sequence[str]) -> str | None:
    """Return the root that an inclusion proof leads to, hex; None when its length does not fit.

    Source: RFC 6962, section 2.1.1: the path of the subtree that holds the leaf, then the other subtree's root.
    """
    if count == 1:
        return _leaf(leaf).hex() if not path and index == 0 else None
    if not path or not 0 <= index < count:
        return None
    split = 1 << (count - 1).bit_length() - 1
    other = bytes.fromhex(path[-1])
    if index < split:
        inner = root_of_path(leaf, index, split, path[:-1])
        return None if inner is None else hashlib.sha256(b"\x01" + bytes.fromhex(inner) + other).hexdigest()
    inner = root_of_path(leaf, index - split, count - split, path[:-1])
    return None if inner is None else hashlib.sha256(b"\x01" + other + bytes.fromhex(inner)).hexdigest()


def _leaf(own: str) -> bytes:
    return hashlib.sha256(b"\x00" + bytes.fromhex(own)).digest()
