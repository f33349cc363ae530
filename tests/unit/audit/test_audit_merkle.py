"""The server's Merkle tree, its proofs, and the client's own implementation of both agree, and nothing else passes."""

import hashlib

import pytest

from grille.client.verification import chain
from grille.server.audit.merkle import merkle_path, merkle_root, root_of_path


def leaves_of(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


@pytest.mark.parametrize("count", [*range(1, 20), 31, 32, 33, 100])
def test_every_record_is_proven_by_its_path_and_by_no_other(count: int) -> None:
    leaves = leaves_of(count)
    root = merkle_root(leaves)
    assert chain.merkle_root(leaves) == root
    for index, leaf in enumerate(leaves):
        path = merkle_path(leaves, index)
        for check in (root_of_path, chain.root_of_path):
            assert check(leaf, index, count, path) == root
            other = leaves[index - 1] if count > 1 else "0" * 64
            assert check(other, index, count, path) != root
            assert check(leaf, index + 1, count, path) != root
            assert check(leaf, index, count, [*path, root]) is None
            if path:
                assert check(leaf, index, count, path[:-1]) is None
                assert check(leaf, index, count, [*path[:-1], "0" * 64]) != root


def test_the_tree_of_the_standard_s_own_example() -> None:
    """RFC 6962, section 2.1.3: seven leaves; the path of leaf 4 is f, j, k in its figure."""
    leaves = leaves_of(7)
    hashed = [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves]

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    k = node(node(hashed[0], hashed[1]), node(hashed[2], hashed[3]))
    i, j = node(hashed[4], hashed[5]), hashed[6]
    assert merkle_root(leaves) == node(k, node(i, j)).hex()
    assert merkle_path(leaves, 4) == [hashed[5].hex(), j.hex(), k.hex()]
    assert merkle_path(leaves, 6) == [i.hex(), k.hex()]
