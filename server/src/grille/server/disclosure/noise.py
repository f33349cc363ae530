"""Count noise by the cell key method: the same set of units always gets the same noise.

The perturbation table gives, for each true count, the distribution of the noise: of maximum entropy among those that
are unbiased, bounded by 5, have variance 4 and never lead to a result of 1 to 4. Zero stays zero. Counts of 2 and 3
allow no variance below 6 under these constraints and get exactly that; all others have variance 4. From 10 on all
counts share one row. `python -m grille.server.disclosure.noise` prints the table that is shipped as
perturbation_table.csv.

Source: Thompson, Broadfoot and Elazar (2013), Methodology for the automatic confidentialisation of statistical outputs;
Giessing (2016) and sdcTools ptable for the maximum entropy; Handbook on SDC, section 5.4.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

BOUND = 5
VARIANCE = 4.0
GAP = 4
STATIONARY = BOUND + GAP + 1
"""Smallest count whose noise is bounded by BOUND alone."""

_OFFSETS = np.arange(-BOUND, BOUND + 1)


def perturbation_row(count: int, variance: float = VARIANCE) -> NDArray[np.float64]:
    """Compute the distribution of the noise of a true count.

    Args:
        count: True count; those above STATIONARY have its distribution.
        variance: Wanted; the nearest that the constraints allow is used.

    Returns:
        float64 (11,): probabilities of the offsets -5 ... 5.
    """
    probabilities = np.zeros(_OFFSETS.size)
    if count == 0:
        probabilities[BOUND] = 1.0
        return probabilities
    results = count + _OFFSETS
    allowed = (results == 0) | (results > GAP)
    support = _OFFSETS[allowed].astype(np.float64)
    below, above = -support[support <= 0].max(), support[support >= 0].min()
    if above > 0 and variance <= below * above:
        # the two offsets next to zero are the least spread unbiased distribution
        probabilities[BOUND - int(below)] = above / (above + below)
        probabilities[BOUND + int(above)] = below / (above + below)
        return probabilities
    probabilities[allowed] = _maximum_entropy(support, variance)
    return probabilities


def _maximum_entropy(support: NDArray[np.float64], variance: float) -> NDArray[np.float64]:
    """Solve for p ~ exp(a d + b d^2) with mean 0 and the given variance by damped Newton steps on the dual."""
    moments = np.stack([support, support**2])
    target = np.array([0.0, variance])

    def dual(multipliers: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        exponents = multipliers @ moments
        peak = exponents.max()
        weights = np.exp(exponents - peak)
        return float(peak + np.log(weights.sum()) - multipliers @ target), weights / weights.sum()

    multipliers = np.array([0.0, -0.5 / variance])
    value, p = dual(multipliers)
    for _ in range(200):
        slope = moments @ p - target
        if np.abs(slope).max() < 1e-14:
            break
        curvature = (moments * p) @ moments.T - np.outer(moments @ p, moments @ p)
        step = np.linalg.solve(curvature, -slope)
        scale = 1.0
        while scale > 1e-12:
            trial_value, trial = dual(multipliers + scale * step)
            if trial_value <= value:
                break
            scale /= 2
        else:
            break
        multipliers, value, p = multipliers + scale * step, trial_value, trial
    return p


@cache
def perturbation_table() -> NDArray[np.float64]:
    """Read the shipped table: float64 (11, 11), row = true count up to 10, column = offset -5 ... 5."""
    lines = (files("grille.server.disclosure") / "perturbation_table.csv").read_text("ascii").splitlines()[1:]
    return np.array([[float(value) for value in line.split(",")[1:]] for line in lines])


@cache
def _cumulative() -> NDArray[np.float64]:
    cumulative = np.cumsum(perturbation_table(), axis=1)
    # guards against the last sum being one rounding error below 1
    cumulative[cumulative > 1 - 1e-12] = 1.0
    return cumulative


def uniform(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each cell key, float64 of the same shape.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014); secrecy comes from the record keys.
    """
    mixed = np.asarray(keys, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def noised_counts(n: NDArray[np.int64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return counts with noise that depends on nothing but the set of units.

    Args:
        n: int64 (cells,): distinct units.
        keys: uint64 (cells,): cell keys.

    Returns:
        int64 (cells,).
    """
    n = np.atleast_1d(np.asarray(n, dtype=np.int64))
    with np.errstate(over="ignore"):
        position = uniform(np.atleast_1d(keys))
    cumulative = _cumulative()[np.minimum(n, STATIONARY)]
    offsets: NDArray[np.int64] = (position[:, None] >= cumulative).sum(axis=1, dtype=np.int64) - BOUND
    return n + offsets


def noised(n: int, key: int) -> int:
    """Return one count with noise: the scalar form of `noised_counts`."""
    return int(noised_counts(np.array([n]), np.array([key & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64))[0])


def main() -> None:
    """Print the perturbation table as CSV."""
    lines = ["count," + ",".join(str(offset) for offset in _OFFSETS)]
    for count in range(STATIONARY + 1):
        lines.append(f"{count}," + ",".join(repr(float(p)) for p in perturbation_row(count)))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
