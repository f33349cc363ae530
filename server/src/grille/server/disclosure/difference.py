"""Size of the symmetric difference of sets from the XOR of their sketches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.field import Elements, invert, multiplier, multiply, square, times
from grille.server.disclosure.sketch import CAPACITY

_CHUNK = 4096


def power_sums(sketches: NDArray[np.uint64]) -> Elements:
    """Return the power sums 1 ... 24 of the elements behind sketches.

    Args:
        sketches: uint64 (m, 6).

    Returns:
        uint32 (25, m); row k is the sum of k-th powers, row 0 is unused.

    Source: in characteristic 2 the sum of squares is the square of the sum.
    """
    sums = np.zeros((2 * CAPACITY + 1, len(sketches)), dtype=np.uint32)
    sums[1::4] = (sketches & np.uint64(0xFFFFFFFF)).astype(np.uint32).T
    sums[3::4] = (sketches >> np.uint64(32)).astype(np.uint32).T
    for k in range(2, 2 * CAPACITY + 1, 2):
        sums[k] = square(sums[k // 2])
    return sums


def difference_sizes(
    sketches: NDArray[np.uint64], others: NDArray[np.uint64] | None = None, *, below: int = CAPACITY
) -> NDArray[np.int64]:
    """Return how many elements the symmetric differences of sets have.

    Args:
        sketches: uint64 (m, 6), sketches of sets.
        others: Sketches to compare with, of a shape that broadcasts; None compares with empty sets.
        below: Sizes of this and more need not be told apart, which saves time; at most 12.

    Returns:
        int64 (m,): the exact size when it is smaller than `below`, else any number from `below` to 12; one that is not
        smaller shows as such except with probability 2^-96 (2^-32 for each of the three sums beyond a size of 9).

    Source: Massey (1969), Shift-register synthesis and BCH decoding; Berlekamp's simplification for power sums in
    characteristic 2, where every second discrepancy is zero.
    """
    difference = sketches if others is None else sketches ^ others
    sizes = np.zeros(len(difference), dtype=np.int64)
    different = np.flatnonzero(difference.any(axis=1))
    for start in range(0, different.size, _CHUNK):
        part = different[start : start + _CHUNK]
        sizes[part] = np.minimum(_linear_complexity(power_sums(difference[part]), below), CAPACITY)
    return sizes


def _linear_complexity(sums: Elements, below: int) -> NDArray[np.int64]:
    """Return the length of the shortest linear recurrence of `sums` (25, m), exact below `below`, larger beyond."""
    m = sums.shape[1]
    # polynomials are cut at degree 12: a longer one belongs to a length above 12, which never falls again
    rows = CAPACITY + 1
    connection = np.zeros((rows, m), dtype=np.uint32)
    connection[0] = 1
    # the connection polynomial before the last change of length, times x per step since, and the inverse of its
    # discrepancy; `reach` is its degree at most
    earlier = np.zeros((rows, m), dtype=np.uint32)
    earlier[1] = 1
    earlier_inverse = np.ones(m, dtype=np.uint32)
    reach = np.ones(m, dtype=np.int64)
    length = np.zeros(m, dtype=np.int64)
    for n in range(1, 2 * CAPACITY, 2):
        terms = min(int(length.max()) + 1, rows)
        products = multiply(connection[1:terms], sums[n - 1 : n - terms : -1])
        discrepancy = sums[n] ^ np.bitwise_xor.reduce(products, axis=0)
        grows = (discrepancy != 0) & (2 * length < n)
        longer = np.where(grows, n - length, length)
        if longer.min() >= below:
            return longer  # lengths never fall, so nothing that follows matters
        used = min(int(reach.max()) + 1, rows)
        change = times(earlier[:used], multiplier(multiply(discrepancy, earlier_inverse)))
        # two steps at once: the even one in between has no discrepancy
        earlier[2:] = np.where(grows, connection, earlier)[:-2]
        earlier[:2] = 0
        reach = np.where(grows, length, reach) + 2
        earlier_inverse = np.where(grows, invert(discrepancy), earlier_inverse)
        connection[:used] ^= change
        length = longer
    return length
