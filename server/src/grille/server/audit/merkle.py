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
    level = _bottom(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0].hex()


def merkle_path(leaves: Sequence[str], index: int) -> list[str]:
    """Return the hashes that lead from one leaf to the root, from below, 64 hex digits each.

    Args:
        leaves: As for `merkle_root`.
        index: Place of the leaf, from 0.

    Source: RFC 6962, section 2.1.1.
    """
    level, path = _bottom(leaves), []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):  # an odd one at the end moves up unchanged
            path.append(level[sibling].hex())
        level, index = _above(level), index // 2
    return path


def root_of_path(leaf: str, index: int, count: int, path: Sequence[str]) -> str | None:
    """Return the root to which a path leads, or None when it has not the length that `count` leaves give.

    Args:
        leaf: Hash of the record, hex.
        index: Place of the leaf, from 0.
        count: Number of leaves.
        path: From `merkle_path`.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < count:
        return None
    node, last, left = hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest(), count - 1, list(path)
    while last > 0:
        if index % 2 == 1 or index < last:
            if not left:
                return None
            sibling = bytes.fromhex(left.pop(0))
            pair = sibling + node if index % 2 == 1 else node + sibling
            node = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    return None if left else node.hex()


def _bottom(leaves: Sequence[str]) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves]


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) & ~1 :]  # an odd one moves up: the same tree as the recursive definition
