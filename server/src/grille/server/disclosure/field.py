"""Arithmetic of the field GF(2^32), vectorised: the numbers that set sketches are made of.

An element a + b t is a uint32 with a in the low and b in the high 16 bits. a and b are in GF(2^16), made by the
primitive polynomial x^16 + x^12 + x^3 + x + 1, and t^2 = t + c. Addition is XOR. Products in GF(2^16) are sums of
logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Elements = NDArray[np.uint32]

_POLYNOMIAL = 0x1100B
_ORDER = 65535
# c must have absolute trace 1, else t^2 + t + c has a root in GF(2^16)
_C = 0x2000
# beyond every sum of three logarithms, so that a product with zero looks up zero
_LOG_ZERO = 3 * _ORDER


@dataclass(frozen=True, slots=True)
class _Tables:
    log: NDArray[np.int32]  # (65536,)
    exp: NDArray[np.uint16]  # (2 * _LOG_ZERO + _ORDER,), zero from _LOG_ZERO on
    log_c: int


@cache
def _tables() -> _Tables:
    log = np.full(65536, _LOG_ZERO, dtype=np.int32)
    cycle = np.zeros(_ORDER, dtype=np.uint16)
    value = 1
    for exponent in range(_ORDER):
        cycle[exponent] = value
        log[value] = exponent
        value <<= 1
        if value & 0x10000:
            value ^= _POLYNOMIAL
    exp = np.zeros(2 * _LOG_ZERO + _ORDER, dtype=np.uint16)
    exp[:_LOG_ZERO] = np.tile(cycle, 3)
    return _Tables(log, exp, int(log[_C]))


@dataclass(frozen=True, slots=True)
class Multiplier:
    """An array of elements prepared as a factor of several products: logarithms of a, c b and a + b."""

    low: NDArray[np.int32]
    high_c: NDArray[np.int32]
    both: NDArray[np.int32]


def _halves(x: Elements) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    return (x & np.uint32(0xFFFF)).astype(np.uint16), (x >> np.uint32(16)).astype(np.uint16)


def _join(low: NDArray[np.uint16], high: NDArray[np.uint16]) -> Elements:
    return low.astype(np.uint32) | (high.astype(np.uint32) << np.uint32(16))


def multiplier(x: Elements) -> Multiplier:
    """Return `x` prepared for repeated use in `times`.

    Args:
        x: uint32, any shape.
    """
    tables = _tables()
    low, high = _halves(x)
    return Multiplier(tables.log[low], tables.log[high] + np.int32(tables.log_c), tables.log[low ^ high])


def times(x: Elements, factor: Multiplier) -> Elements:
    """Return the products of `x` and a prepared factor of a broadcastable shape.

    Source: Karatsuba's three products; (a + bt)(d + et) = ad + c be + ((a + b)(d + e) + ad) t.
    """
    tables = _tables()
    low, high = _halves(x)
    first = tables.exp[tables.log[low] + factor.low]
    return _join(
        first ^ tables.exp[tables.log[high] + factor.high_c],
        first ^ tables.exp[tables.log[low ^ high] + factor.both],
    )


def multiply(x: Elements, y: Elements) -> Elements:
    """Return the products of `x` and `y`, uint32 of broadcastable shapes."""
    return times(x, multiplier(y))


def square(x: Elements) -> Elements:
    """Return the squares of `x`, uint32 of any shape."""
    tables = _tables()
    low, high = _halves(x)
    log_high = 2 * tables.log[high]
    high_squared = tables.exp[log_high]
    # the doubled logarithm of zero plus log c still lies in the zero part of the table
    return _join(tables.exp[2 * tables.log[low]] ^ tables.exp[log_high + np.int32(tables.log_c)], high_squared)


def invert(x: Elements) -> Elements:
    """Return the inverses of `x`, uint32 of any shape, with 0 for 0.

    Source: conjugate over norm; the conjugate of a + bt is (a + b) + bt, the norm a(a + b) + c b^2.
    """
    tables = _tables()
    low, high = _halves(x)
    log_both, log_high = tables.log[low ^ high], tables.log[high]
    norm = tables.exp[tables.log[low] + log_both] ^ tables.exp[2 * log_high + np.int32(tables.log_c)]
    log_inverse = np.where(norm == 0, np.int32(_LOG_ZERO), np.int32(_ORDER) - tables.log[norm])
    return _join(tables.exp[log_both + log_inverse], tables.exp[log_high + log_inverse])
