"""Batches are read ahead by one thread, which never outlives the use of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from grille.server.plan.aggregates import Batch
from grille.server.statistics.prefetch import prefetch, with_first_of


def batch(rows: int, value: float = 0.0) -> Batch:
    return Batch({"x": np.full(rows, value)}, {"g": np.zeros(rows, dtype=np.int32)}, rows)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def use_one_and_fail(source: Iterator[Batch]) -> float:
    with prefetch(source) as batches:
        return 1 / next(batches).numbers["x"][0].item()


def test_order_is_kept_and_empty_batches_are_left_out() -> None:
    source = [batch(3, 1.0), batch(0), batch(2, 2.0), batch(0), batch(1, 3.0)]
    with prefetch(iter(source)) as batches:
        assert [(b.rows, b.numbers["x"][0]) for b in batches] == [(3, 1.0), (2, 2.0), (1, 3.0)]
    assert not readers()


def test_an_error_while_computing_ends_the_reader_and_closes_the_pass() -> None:
    closed = threading.Event()

    def endless() -> Iterator[Batch]:
        try:
            while True:
                yield batch(1)
        finally:
            closed.set()

    with pytest.raises(ZeroDivisionError):
        use_one_and_fail(endless())
    assert not readers()
    assert closed.is_set()


def test_an_error_of_the_pass_arrives_after_the_batches_before_it() -> None:
    def failing() -> Iterator[Batch]:
        yield batch(1)
        raise KeyError("gone")

    with prefetch(failing()) as batches:
        assert next(batches).rows == 1
        with pytest.raises(KeyError, match="gone"):
            next(batches)
    assert not readers()


def test_leading_batches_are_joined_until_there_are_enough_rows() -> None:
    source = [batch(2, 1.0), batch(2, 2.0), batch(5, 3.0), batch(1, 4.0)]
    joined = list(with_first_of(iter(source), 4))
    assert [b.rows for b in joined] == [4, 5, 1]
    np.testing.assert_array_equal(joined[0].numbers["x"], [1, 1, 2, 2])
    assert [b.rows for b in with_first_of(iter(source), 100)] == [10]
    assert list(with_first_of(iter([]), 4)) == []
