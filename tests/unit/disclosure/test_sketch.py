"""Record keys, unit elements and sketch columns."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grille.server.disclosure.field import multiply
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements

SECRET = bytes(range(32))
ELEMENTS = [2812390279, 110777158, 2383394978]
NUMBER_KEYS = [11105112456538878512, 11034147636733915248]
ID_KEYS = [9611415390015290300, 4776232812416394054]


def test_elements_are_distinct_and_non_zero() -> None:
    elements = unit_elements(np.arange(200_000, dtype=np.uint32), SECRET)
    assert np.unique(elements).size == 200_000
    assert elements.all()


def test_element_of_a_unit_does_not_depend_on_the_other_units() -> None:
    everyone = unit_elements(np.arange(70_000, dtype=np.uint32), SECRET)
    some = np.array([69_999, 3, 40_000], dtype=np.uint32)
    assert (unit_elements(some, SECRET) == everyone[some]).all()


def test_elements_and_keys_depend_on_the_secret() -> None:
    numbers = np.arange(1000, dtype=np.uint32)
    assert (unit_elements(numbers, SECRET) != unit_elements(numbers, SECRET[::-1])).mean() > 0.99
    assert (record_keys(numbers, SECRET) != record_keys(numbers, SECRET[::-1])).all()
    assert (record_keys(["a", "b"], SECRET) != record_keys(["a", "b"], SECRET[::-1])).all()


def test_elements_never_change() -> None:
    # banks on disk hold these numbers
    assert unit_elements(np.array([0, 1, 4_000_000_000], dtype=np.uint32), SECRET).tolist() == ELEMENTS


def test_record_keys_never_change() -> None:
    assert record_keys(np.array([0, 1], dtype=np.uint32), SECRET).tolist() == NUMBER_KEYS
    assert record_keys(["0", "1"], SECRET).tolist() == ID_KEYS


def test_record_key_of_an_id_is_its_keyed_blake2b() -> None:
    subkey = hmac.new(SECRET, b"record key", hashlib.sha256).digest()
    expected = hashlib.blake2b("æ".encode(), digest_size=8, key=subkey).digest()
    assert record_keys(["æ"], SECRET).tolist() == [int.from_bytes(expected, "little")]


def test_record_keys_look_uniform() -> None:
    keys = record_keys(np.arange(100_000, dtype=np.uint32), SECRET)
    bits = (keys[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.01


def test_short_secrets_and_unknown_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        record_keys(["a"], b"short")
    with pytest.raises(ValueError, match="below"):
        unit_elements(np.array([2**32 - 1], dtype=np.uint32), SECRET)
    with pytest.raises(TypeError):
        record_keys(np.array([1.0]), SECRET)  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 2**32 - 1), min_size=1, max_size=5))
def test_sketch_columns_are_the_odd_powers(values: list[int]) -> None:
    elements = np.array(values, dtype=np.uint32)
    words = sketch_columns(elements)
    power, step = elements, multiply(elements, elements)
    for number in range(12):
        column = (words[:, number // 2] >> np.uint64(32 * (number % 2))) & np.uint64(0xFFFFFFFF)
        assert (column == power).all()
        power = multiply(power, step)
