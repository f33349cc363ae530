"""The head: a small signed file that says how far the log has come, so that its end cannot be cut off unseen.

Two slots of 512 bytes are written in turn: a power cut in the middle of a write leaves the other one whole.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.chain import canonical
from grille.server.audit.keyring import Keyring
from grille.server.audit.signing import sign

SLOT = 512
_LABEL = "grille-audit-head-1"


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log has come.

    Attributes:
        turn: Number of this writing of the head; its parity is the slot.
        sequence: Number of the last record; 0 before the first.
        hash: Its hash, or GENESIS.
        checkpoints: Number of checkpoints.
        time: When the head was written, ISO 8601 UTC.
    """

    turn: int
    sequence: int
    hash: str
    checkpoints: int
    time: str


@dataclass(frozen=True, slots=True)
class Heads:
    """What the head file holds.

    Attributes:
        newest: The newest valid head, or None.
        damaged: Number of slots (0 to 2) that are not valid.
    """

    newest: Head | None
    damaged: int


def write_head(descriptor: int, key: Ed25519PrivateKey, head: Head) -> None:
    """Write a head into its slot of an open file; not flushed.

    Raises:
        OSError: The disk refuses.
    """
    line = canonical(sign(key, _LABEL, asdict(head))).ljust(SLOT - 1) + b"\n"
    if os.pwrite(descriptor, line, head.turn % 2 * SLOT) != SLOT:
        raise OSError("the head was written in part")


def read_heads(keys: Keyring, content: bytes) -> Heads:
    """Return the newest head in the content of a head file."""
    slots = [_read_slot(keys, content[start : start + SLOT], parity) for parity, start in enumerate((0, SLOT))]
    valid = [head for head in slots if head is not None]
    surplus = len(content) > 2 * SLOT
    newest = max(valid, key=lambda head: head.turn, default=None)
    return Heads(newest, 2 - len(valid) + surplus)


def _read_slot(keys: Keyring, slot: bytes, parity: int) -> Head | None:
    if len(slot) != SLOT or not slot.endswith(b"\n"):
        return None
    line = slot[:-1].rstrip(b" ")
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict) or canonical(fields) != line or not keys.signed_head(_LABEL, fields):
            return None
    except (ValueError, RecursionError):
        return None
    head = Head(**{name: value for name, value in fields.items() if name != "signature"})
    return head if head.turn % 2 == parity else None


def newest_line(keys: Keyring, content: bytes) -> bytes | None:
    """Return the newest valid head in the content of a head file as it was signed, without its padding."""
    newest = read_heads(keys, content).newest
    if newest is None:
        return None
    start = newest.turn % 2 * SLOT
    return content[start : start + SLOT - 1].rstrip(b" ")
