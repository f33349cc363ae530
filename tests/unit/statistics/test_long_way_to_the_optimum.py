"""The search reaches optima that lie far from its start over ground that is not convex."""

from __future__ import annotations

import numpy as np
import pytest
from support.model_data import gathered, spec

from grille.server.statistics.reml import fit_mixed


@pytest.mark.parametrize("seed", range(4))
def test_an_outcome_that_is_constant_in_the_few_groups_of_two_takes_the_ratio_to_its_cap(seed: int) -> None:
    """Nearly all groups have one row; the steps of the expected information alone would be 0.006 each."""
    rng = np.random.default_rng(seed)
    rows, ties = 8_800, 25
    group = np.arange(rows)
    y = rng.integers(0, 100, rows).astype(float)
    group[:ties], y[:ties] = group[rows - ties :], y[rows - ties :]
    data = {"y": y, "x": rng.normal(size=rows)}
    moments = gathered(spec("y", ["x"]), data, {"g": group}, ("g",), rows=rows)[0]
    fit = fit_mixed(moments)
    assert fit.levels[0].at_cap
    assert fit.ratios[0] == 1e12
    assert fit.convergence.iterations <= 20


@pytest.mark.parametrize("seed", range(4))
def test_nearly_constant_groups_have_a_finite_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.concatenate([np.arange(4_000), np.arange(40)])
    effect = rng.normal(size=4_000)[group]
    data = {"y": effect + 1e-4 * rng.normal(size=group.size), "x": rng.normal(size=group.size)}
    moments = gathered(spec("y", ["x"]), data, {"g": group}, ("g",), rows=group.size)[0]
    fit = fit_mixed(moments)
    assert not fit.levels[0].at_cap
    assert fit.levels[0].variance == pytest.approx(1.0, abs=0.1)
    assert fit.residual_variance == pytest.approx(1e-8, rel=1.0)
    assert fit.convergence.gradient_norm < 1e-4
