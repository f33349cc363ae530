"""Public keys of audit logs: read from PEM, known by their id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from grille.client.errors import UsageError
from grille.client.words import Words, pick
from grille.v1.content import key_id

_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z")

Keys = dict[str, Ed25519PublicKey]
"""Public keys by their id."""


def read_keys(paths: Iterable[Path], pinned: str, words: Words) -> Keys:
    """Return the keys in PEM files, or when none are named the one that came with the credentials.

    Args:
        paths: Files, each with one or more public keys.
        pinned: PEM of the key in the credential file; may be empty.
        words: Language of messages.

    Raises:
        UsageError: KEY_NOT_READ, KEY_MISSING when there is neither.
    """
    paths = list(paths)
    contents = [_content(path, words) for path in paths] or ([(pinned.encode(), "")] if pinned else [])
    if not contents:
        raise UsageError(
            "KEY_MISSING",
            pick(words, "There is no public key to verify with.", "Det mangler en offentlig nøkkel å kontrollere med."),
            pick(words, "Name it with --key; the custodian has it as keys/audit-signing.pub.",
                 "Oppgi den med --key; forvalteren har den som keys/audit-signing.pub."),
        )  # fmt: skip
    keys: Keys = {}
    for content, name in contents:
        found = _PEM.findall(content)
        for pem in found:
            key = parse_key(pem)
            if key is None:
                found = []
                break
            keys[id_of(key)] = key
        if not found:
            raise UsageError(
                "KEY_NOT_READ",
                pick(
                    words, f"{name} holds no Ed25519 public key.", f"{name} inneholder ingen offentlig Ed25519-nøkkel."
                ),
            )
    return keys


def parse_key(pem: bytes) -> Ed25519PublicKey | None:
    """Return the Ed25519 key in a PEM block, None when it holds none."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def id_of(key: Ed25519PublicKey) -> str:
    """Return the id of a key."""
    return key_id(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def is_signed(key: Ed25519PublicKey, signature: object, message: bytes) -> bool:
    """Say whether `signature` (128 lower-case hex digits) is the key's over `message`."""
    if not isinstance(signature, str) or not _SIGNATURE.match(signature):
        return False
    try:
        key.verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True


def _content(path: Path, words: Words) -> tuple[bytes, str]:
    try:
        return path.read_bytes(), str(path)
    except OSError as cause:
        message = pick(words, "{0} cannot be read: {1}.", "{0} kan ikke leses: {1}.")
        raise UsageError("KEY_NOT_READ", message.format(path, cause.strerror)) from cause
