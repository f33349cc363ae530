"""Ed25519 signatures over canonical JSON objects, each kind under its own label."""

from __future__ import annotations

import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from grille.server.audit.chain import canonical

_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z")  # capitals would be a second way to write the same signature


def sign(key: Ed25519PrivateKey, label: str, fields: dict[str, object]) -> dict[str, object]:
    """Return `fields` with a `signature` (128 hex digits) over the label and the other fields."""
    return {**fields, "signature": key.sign(_message(label, fields)).hex()}


def is_signed(key: Ed25519PublicKey, label: str, fields: dict[str, object]) -> bool:
    """Say whether the `signature` in `fields` is the key's, over the label and the other fields."""
    signature = fields.get("signature")
    if not isinstance(signature, str) or not _SIGNATURE.match(signature):
        return False
    content = {name: value for name, value in fields.items() if name != "signature"}
    try:
        key.verify(bytes.fromhex(signature), _message(label, content))
    except (ValueError, InvalidSignature):
        return False
    return True


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: the first 16 hex digits of the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def key_pem(key: Ed25519PublicKey) -> str:
    """Return a key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _message(label: str, fields: dict[str, object]) -> bytes:
    return label.encode() + b"\n" + canonical(fields)
