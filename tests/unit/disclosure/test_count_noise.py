"""Noise of counts: its table, and that it depends on the set of units alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from grille.server.disclosure.noise import (
    BOUND,
    GAP,
    STATIONARY,
    VARIANCE,
    noised,
    noised_counts,
    perturbation_row,
    perturbation_table,
    uniform,
)

OFFSETS = np.arange(-BOUND, BOUND + 1)
COUNTS = range(STATIONARY + 1)
# no unbiased noise on 2 and 3 that skips 1 to 4 has less than this
LEAST_VARIANCE = {2: 6.0, 3: 6.0}


def entropy(p: np.ndarray) -> float:
    positive = p[p > 0]
    return float(-(positive * np.log(positive)).sum())


def test_shipped_table_is_what_the_computation_gives() -> None:
    computed = np.array([perturbation_row(count) for count in COUNTS])
    assert np.abs(computed - perturbation_table()).max() < 1e-9


@pytest.mark.parametrize("count", COUNTS)
def test_row_is_an_unbiased_distribution_without_small_results(count: int) -> None:
    row = perturbation_table()[count]
    assert row.min() >= 0
    assert row.sum() == pytest.approx(1, abs=1e-12)
    assert row @ OFFSETS == pytest.approx(0, abs=1e-12)
    results = count + OFFSETS[row > 0]
    assert ((results == 0) | (results > GAP)).all()


@pytest.mark.parametrize("count", range(1, STATIONARY + 1))
def test_row_has_the_wanted_variance_or_the_least_possible(count: int) -> None:
    assert perturbation_table()[count] @ OFFSETS**2 == pytest.approx(LEAST_VARIANCE.get(count, VARIANCE), abs=1e-9)


def test_zero_stays_zero() -> None:
    keys = np.random.default_rng(1).integers(0, 2**64, 10_000, dtype=np.uint64)
    assert not noised_counts(np.zeros(10_000, dtype=np.int64), keys).any()


@pytest.mark.parametrize("count", range(5, STATIONARY + 1))
def test_row_has_more_entropy_than_its_neighbours_under_the_same_constraints(count: int) -> None:
    row = perturbation_table()[count]
    support = np.flatnonzero(row)
    constraints = np.stack([np.ones(support.size), OFFSETS[support], OFFSETS[support] ** 2])
    directions = np.linalg.svd(constraints)[2][3:]
    assert len(directions) > 0
    for direction in directions:
        for sign in (1e-4, -1e-4):
            changed = row.copy()
            changed[support] += sign * direction
            assert entropy(changed) < entropy(row)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 9, 10, 11, 1_000_000])
def test_noise_is_unbiased_bounded_and_spread_as_the_table_says(count: int) -> None:
    keys = np.random.default_rng(count).integers(0, 2**64, 400_000, dtype=np.uint64)
    results = noised_counts(np.full(keys.size, count), keys)
    assert abs(results.mean() - count) < 0.015
    assert results.var() == pytest.approx(LEAST_VARIANCE.get(count, VARIANCE), rel=0.02)
    assert np.abs(results - count).max() <= BOUND
    assert not np.isin(results, range(1, GAP + 1)).any()


def test_noise_is_a_function_of_count_and_key_in_scalar_and_vector_form() -> None:
    keys = np.random.default_rng(3).integers(0, 2**64, 1000, dtype=np.uint64)
    n = np.arange(1000)
    vector = noised_counts(n, keys)
    assert vector.tolist() == [noised(int(a), int(b)) for a, b in zip(n, keys, strict=True)]
    assert vector.tolist() == noised_counts(n, keys).tolist()


def test_uniform_numbers_of_consecutive_keys_are_uniform() -> None:
    numbers = uniform(np.arange(100_000, dtype=np.uint64))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert ((counts - 5000) ** 2 / 5000).sum() < 60


def test_script_prints_the_shipped_table() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "grille.server.disclosure.noise"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    table = np.array([[float(value) for value in line.split(",")[1:]] for line in printed[1:]])
    assert np.abs(table - perturbation_table()).max() < 1e-9
