"""Record keys and set sketches: fixed-size fingerprints of sets of units that show the size of a small difference.

A unit has a secret non-zero element x of GF(2^32); its sketch columns are x, x^3, ..., x^23. The sketch of a set is the
XOR over its units, so the XOR of two sketches is the sketch of the symmetric difference of the sets.

Source: Dodis, Ostrovsky, Reyzin, Smith (2004/2008), Fuzzy extractors, section 6.2 (PinSketch).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from grille.server.disclosure.field import multiplier, square, times

WORDS = 6
"""uint64 words in a sketch."""

CAPACITY = 12
"""Largest difference whose size shows exactly."""

_CHUNK = 1 << 15
_ROUNDS = 8


def _subkey(secret: bytes, purpose: str) -> bytes:
    if len(secret) < 16:
        raise ValueError("the secret of a bank has at least 16 bytes")
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()


def record_keys(ids: Sequence[str] | NDArray[np.unsignedinteger], secret: bytes) -> NDArray[np.uint64]:
    """Return the record key of each unit: a keyed pseudo-random 64-bit integer.

    A unit must always be named in the same way, by id or by number, for its key to be stable.

    Args:
        ids: Ids of the units, or their numbers as an unsigned integer array, shape (n,).
        secret: Secret of the bank, at least 16 bytes.

    Returns:
        uint64 (n,).

    Source: keyed BLAKE2b (RFC 7693) of ids; for numbers AES-256 of the number, cut to 64 bits, as a keyed function.
    """
    key = _subkey(secret, "record key")
    if not isinstance(ids, np.ndarray):
        digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in ids)
        return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
    if ids.dtype.kind != "u":
        raise TypeError("unit numbers are unsigned integers")
    keys = np.empty(len(ids), dtype=np.uint64)
    # every block is encrypted on its own: a pseudo-random permutation of numbers, not a mode for texts
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        blocks = np.zeros((len(part), 2), dtype="<u8")
        blocks[:, 0] = part
        keys[start : start + _CHUNK] = np.frombuffer(encryptor.update(blocks.tobytes()), dtype="<u8")[::2]
    return keys


def unit_elements(unit_numbers: NDArray[np.uint32], secret: bytes) -> NDArray[np.uint32]:
    """Return the secret field element of each unit: distinct and non-zero for distinct units, the same for ever.

    Args:
        unit_numbers: uint32 (n,), each below 2^32 - 1.
        secret: Secret of the bank, at least 16 bytes.

    Returns:
        uint32 (n,).

    Source: Luby and Rackoff (1988): a Feistel network of random functions, here 8 rounds of tables filled by SHAKE-256;
    zero is avoided by cycle walking (Black and Rogaway, 2002).
    """
    numbers = np.asarray(unit_numbers, dtype=np.uint32)
    if numbers.size and int(numbers.max()) == 0xFFFFFFFF:
        raise ValueError("unit numbers are below 2^32 - 1")
    tables = [
        np.frombuffer(hashlib.shake_256(_subkey(secret, f"element round {i}")).digest(131072), dtype="<u2").astype(
            np.uint32
        )
        for i in range(_ROUNDS)
    ]

    def permute(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
        left, right = values >> np.uint32(16), values & np.uint32(0xFFFF)
        for table in tables:
            left, right = right, left ^ table[right]
        return (left << np.uint32(16)) | right

    elements = np.empty_like(numbers)
    for start in range(0, len(numbers), _CHUNK):
        elements[start : start + _CHUNK] = permute(numbers[start : start + _CHUNK] + np.uint32(1))
    while (zero := elements == 0).any():
        elements[zero] = permute(elements[zero])
    return elements


def sketch_columns(elements: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the sketch of each unit alone: the odd powers of its element.

    Args:
        elements: uint32 (n,), from `unit_elements`.

    Returns:
        uint64 (n, 6); word j holds x^(4j+1) in its low and x^(4j+3) in its high 32 bits.
    """
    words = np.empty((len(elements), WORDS), dtype=np.uint64)
    for start in range(0, len(elements), _CHUNK):
        power = np.ascontiguousarray(elements[start : start + _CHUNK], dtype=np.uint32)
        factor = multiplier(square(power))
        for word in range(WORDS):
            cube = times(power, factor)
            words[start : start + _CHUNK, word] = power | (cube.astype(np.uint64) << np.uint64(32))
            power = times(cube, factor)
    return words
