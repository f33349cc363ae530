"""The optimiser converges from everywhere, and no point of a wide grid is better."""

from __future__ import annotations

import numpy as np
import pytest
from support.model_data import gathered, spec

from grille.server.statistics.criterion import evaluate
from grille.server.statistics.nested import nested_problem
from grille.server.statistics.optimiser import minimise
from grille.server.statistics.scaling import scale_moments

GRID = np.concatenate([[0.0], np.logspace(-8, 6, 29)])


# With seed 3 a variance is not identified; with 80, 91 and 155 one ratio falls to 0 while the other has far to go.
@pytest.mark.parametrize("seed", [1, 2, *range(4, 25), 80, 91, 155])
def test_no_point_of_the_grid_is_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tops = rng.integers(2, 15)
    top_of = np.repeat(np.arange(tops), rng.integers(1, rng.integers(2, 9), tops))
    cell = np.repeat(np.arange(top_of.size), rng.integers(1, 2 + 10 ** rng.integers(0, 4), top_of.size))
    spread_mid, spread_top = 10.0 ** rng.uniform(-3, 2, 2) * rng.integers(0, 2, 2)
    x, z = rng.normal(size=cell.size), rng.normal(size=top_of.size)[cell]
    y = x + spread_mid * rng.normal(size=top_of.size)[cell] + spread_top * rng.normal(size=tops)[top_of[cell]]
    y += rng.normal(size=cell.size)
    groups = ("top", "mid") if rng.random() < 0.6 else ("mid",)
    model = spec("y", ["x", "z"][: rng.integers(0, 3)])
    factors = {"mid": cell, "top": top_of[cell]}
    moments = gathered(model, {"x": x, "z": z, "y": y}, factors, groups, rows=10_000)[0]
    assert moments.groups is not None
    problem = nested_problem(moments, moments.groups, scale_moments(moments))
    optimum = minimise(problem)
    if len(groups) == 1:
        others = [evaluate(problem, np.array([a])).criterion for a in GRID]
    else:
        others = [evaluate(problem, np.array([a, b])).criterion for a in GRID for b in GRID]
    assert min(others) >= optimum.value.criterion - 1e-9
    assert optimum.gradient_norm < 1e-5
    for k, at_zero in enumerate(optimum.at_zero):
        assert (optimum.value.ratios[k] == 0.0) == at_zero
