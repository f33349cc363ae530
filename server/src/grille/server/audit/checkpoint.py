"""Signed checkpoints: what the log held at a moment. Each names the one before, so none can be left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.chain import GENESIS, canonical, digest
from grille.server.audit.keyring import Keyring
from grille.server.audit.merkle import merkle_root
from grille.server.audit.signing import sign

_LABEL = "grille-audit-checkpoint-1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint.

    Attributes:
        number: Its number, from 1.
        first: Sequence number of the first record that it covers.
        last: And of the last one.
        count: Number of records that it covers.
        chain: Hash of the last record.
        root: Merkle root over the hashes of the covered records.
        time: When it was made, ISO 8601 UTC.
        previous: SHA-256 of the line of the checkpoint before, or GENESIS.
    """

    number: int
    first: int
    last: int
    count: int
    chain: str
    root: str
    time: str
    previous: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it stands in the file.

    Attributes:
        checkpoint: The checkpoint.
        digest: SHA-256 of its line, which the next one names.
    """

    checkpoint: Checkpoint
    digest: str


def make_checkpoint(
    key: Ed25519PrivateKey, before: Signed | None, first: int, leaves: Sequence[str], time: str
) -> tuple[bytes, Signed]:
    """Return the line (with its end-of-line) of a new checkpoint and its content.

    Args:
        key: Signing key.
        before: The checkpoint before, if any.
        first: Sequence number of the first record since then.
        leaves: Hashes of all records since then; at least one.
        time: Now, ISO 8601 UTC.
    """
    checkpoint = Checkpoint(
        number=before.checkpoint.number + 1 if before else 1,
        first=first,
        last=first + len(leaves) - 1,
        count=len(leaves),
        chain=leaves[-1],
        root=merkle_root(leaves),
        time=time,
        previous=before.digest if before else GENESIS,
    )
    line = canonical(sign(key, _LABEL, asdict(checkpoint)))
    return line + b"\n", Signed(checkpoint, digest(line))


def read_checkpoint(keys: Keyring, line: bytes) -> Signed | None:
    """Return the checkpoint in a line without its end-of-line, or None unless it is canonical and signed by its key."""
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict) or canonical(fields) != line or not keys.signed_checkpoint(_LABEL, fields):
            return None
    except (ValueError, RecursionError):
        return None
    return Signed(Checkpoint(**{name: value for name, value in fields.items() if name != "signature"}), digest(line))
