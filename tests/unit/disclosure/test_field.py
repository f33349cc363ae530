"""GF(2^32) is the field it claims to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grille.server.disclosure.field import invert, multiply, square

elements = st.integers(0, 2**32 - 1)

# x^16 + x^12 + x^3 + x + 1 and t^2 + t + 0x2000, by schoolbook multiplication
POLYNOMIAL, C = 0x1100B, 0x2000


def small_product(a: int, b: int) -> int:
    result = 0
    while b:
        if b & 1:
            result ^= a
        a <<= 1
        if a & 0x10000:
            a ^= POLYNOMIAL
        b >>= 1
    return result


def product(x: int, y: int) -> int:
    a, b, d, e = x & 0xFFFF, x >> 16, y & 0xFFFF, y >> 16
    square_of_t = small_product(b, e)
    low = small_product(a, d) ^ small_product(C, square_of_t)
    high = small_product(a, e) ^ small_product(b, d) ^ square_of_t
    return low | (high << 16)


def array(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(values, dtype=np.uint32)


@given(elements, elements)
def test_multiply_is_polynomial_multiplication(x: int, y: int) -> None:
    assert int(multiply(array(x), array(y))[0]) == product(x, y)


@given(elements)
def test_square_is_multiplication_by_itself(x: int) -> None:
    assert int(square(array(x))[0]) == product(x, x)


@given(elements)
def test_inverse_times_element_is_one_except_for_zero(x: int) -> None:
    assert product(int(invert(array(x))[0]), x) == (1 if x else 0)


@pytest.mark.parametrize("x", [0, 1, 0xFFFF, 0x10000, 0xFFFF0000, 0xFFFFFFFF])
def test_zero_and_one_behave_at_the_corners(x: int) -> None:
    assert multiply(array(x, x), array(0, 1)).tolist() == [0, x]


def test_polynomials_are_irreducible() -> None:
    # x^(2^16) = x and no smaller fixed power of Frobenius for a generator: the small field has 2^16 elements
    seen, value = set(), 1
    for _ in range(65535):
        seen.add(value)
        value = small_product(value, 2)
    assert len(seen) == 65535
    # trace 1: t^2 + t + C has no root in the small field
    trace, power = 0, C
    for _ in range(16):
        trace ^= power
        power = small_product(power, power)
    assert trace == 1
