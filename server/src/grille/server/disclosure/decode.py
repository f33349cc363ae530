"""The units in which two sets differ, from the XOR of their sketches: what PinSketch calls decoding.

The power sums of a small set give the shortest linear recurrence that they follow, hence the polynomial whose roots are
the elements of the set; the roots are found by splitting it with traces.

Source: Dodis, Ostrovsky, Reyzin, Smith (2008), Fuzzy extractors, section 6.2; Massey (1969), Shift-register synthesis;
Berlekamp (1970), Factoring polynomials over large finite fields.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grille.server.disclosure.difference import power_sums
from grille.server.disclosure.field import Elements, invert, multiply, square
from grille.server.disclosure.sketch import CAPACITY, sketch_columns

_BITS = 32


def elements_of(sketch: Sequence[int], below: int) -> tuple[int, ...] | None:
    """Return the elements of a set of fewer than `below` units, ascending; None for a larger one.

    Args:
        sketch: Six words: of a set, or the XOR of those of two sets, which stands for their symmetric difference.
        below: At most 12. A larger set passes for one of fewer than 10 with probability 2^-96.

    Returns:
        Elements whose sketch is `sketch`, which is checked.
    """
    words = np.array([sketch], dtype=np.uint64)
    if not words.any():
        return ()
    locator = _shortest_recurrence(power_sums(words)[1:, 0])
    if not 1 < len(locator) <= below:
        return None
    found = _roots(locator[::-1])
    if found is None:
        return None
    again = np.bitwise_xor.reduce(sketch_columns(np.array(found, dtype=np.uint32)), axis=0)
    return tuple(sorted(found)) if (again == words[0]).all() else None


def _shortest_recurrence(sums: Elements) -> Elements:
    """Return the connection polynomial 1 + c_1 z + ... of the sums (n,), lowest coefficient first (Massey)."""
    connection, earlier = _one(), _one()
    length, step, last = 0, 1, np.ones(1, dtype=np.uint32)
    for n in range(len(sums)):
        terms = min(length, len(connection) - 1)
        window = sums[n - terms : n][::-1]
        discrepancy = sums[n : n + 1] ^ np.bitwise_xor.reduce(multiply(connection[1 : terms + 1], window), initial=0)
        if not discrepancy[0]:
            step += 1
            continue
        factor = multiply(discrepancy, invert(last))
        change = np.concatenate([np.zeros(step, dtype=np.uint32), multiply(earlier, factor)])
        before = connection
        connection = _add(connection, change)
        if 2 * length <= n:
            earlier, last, length, step = before, discrepancy, n + 1 - length, 1
        else:
            step += 1
    if len(connection) != length + 1:
        return np.zeros(2 * CAPACITY, dtype=np.uint32)  # no polynomial of that degree: not the sums of a small set
    return connection


def _roots(polynomial: Elements) -> list[int] | None:
    """Return the distinct roots of a polynomial, lowest coefficient first; None when it has fewer than its degree."""
    monic = multiply(polynomial, invert(polynomial[-1:]))
    powers = [_remainder(np.array([0, 1], dtype=np.uint32), monic)]
    for _ in range(_BITS):
        powers.append(_remainder(_squared(powers[-1]), monic))
    if _add(powers.pop(), powers[0]).size:
        return None  # z^(2^32) - z does not vanish: some root lies outside the field, or twice at one place
    factors = [monic]
    for bit in range(_BITS):
        if all(len(factor) == 2 for factor in factors):
            break
        trace = np.zeros(0, dtype=np.uint32)
        scale = np.array([1 << bit], dtype=np.uint32)
        for power in powers:
            trace = _add(trace, multiply(power, scale))
            scale = square(scale)
        factors = [part for factor in factors for part in _split(factor, trace)]
    return [int(factor[0]) for factor in factors] if all(len(factor) == 2 for factor in factors) else None


def _split(factor: Elements, trace: Elements) -> list[Elements]:
    """Return a monic factor, or its two parts whose roots have trace 0 and 1."""
    if len(factor) == 2:
        return [factor]
    part = _common(factor, _remainder(trace, factor))
    return [factor] if len(part) in (1, len(factor)) else [part, _quotient(factor, part)[0]]


def _one() -> Elements:
    return np.ones(1, dtype=np.uint32)


def _trimmed(polynomial: Elements) -> Elements:
    """Return a polynomial without leading zeros; that of zero is empty."""
    used = np.flatnonzero(polynomial)
    return polynomial[: used[-1] + 1] if used.size else polynomial[:0]


def _add(one: Elements, two: Elements) -> Elements:
    total = np.zeros(max(len(one), len(two)), dtype=np.uint32)
    total[: len(one)] = one
    total[: len(two)] ^= two
    return _trimmed(total)


def _squared(polynomial: Elements) -> Elements:
    result = np.zeros(max(2 * len(polynomial) - 1, 0), dtype=np.uint32)
    result[::2] = square(polynomial)
    return result


def _quotient(polynomial: Elements, monic: Elements) -> tuple[Elements, Elements]:
    """Return quotient and remainder of a division by a monic polynomial."""
    rest = polynomial.copy()
    degree = len(monic) - 1
    quotient = np.zeros(max(len(rest) - degree, 0), dtype=np.uint32)
    for place in range(len(rest) - 1, degree - 1, -1):
        quotient[place - degree] = rest[place]
        rest[place - degree : place + 1] ^= multiply(monic, rest[place : place + 1].copy())
    return quotient, _trimmed(rest[:degree] if degree else rest[:0])


def _remainder(polynomial: Elements, monic: Elements) -> Elements:
    return _quotient(polynomial, monic)[1]


def _common(one: Elements, two: Elements) -> Elements:
    """Return the monic greatest common divisor (Euclid)."""
    while len(two):
        two = multiply(two, invert(two[-1:]))
        one, two = two, _remainder(one, two)
    return one
