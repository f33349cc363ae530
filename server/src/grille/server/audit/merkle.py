"""Merkle tree over records, so that one record can be proven against a signed checkpoint without the others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def merkle_root(leaves: Sequence[str]) -> str:
    """Return the root of the tree over record hashes.

    Args:
        leaves: Hashes of consecutive records, hex; at least one.

    Returns:
        The root, 64 hex digits.

    Source: RFC 6962, section 2.1: leaves and nodes are hashed with different prefixes, and the left subtree is the
    largest power of two smaller than the number of leaves.
    """
    level = [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        # an odd one moves up unchanged, which gives the same tree as the recursive definition
        level = pairs + level[len(level) & ~1 :]
    return level[0].hex()
