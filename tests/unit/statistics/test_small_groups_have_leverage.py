"""The leverage of a small group of a multilevel model, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from support.mixed_cases import CASES, ours
from support.model_data import gathered, spec

from grille.server.statistics.group_leverage import small_group_leverage
from grille.server.statistics.reml import fit_mixed


@pytest.mark.parametrize("name", ["unbalanced", "three_levels", "group_constant_covariate", "noconstant"])
def test_it_is_the_share_of_information_on_a_dummy_for_the_group(name: str) -> None:
    case = CASES[name]()
    moments = gathered(spec("y", case.terms, case.constant), case.numbers, case.factors, case.groups)[0]
    fit = ours(case)
    top = case.factors[case.groups[0]]
    lowest = top if len(case.groups) == 1 else np.unique(top * 1000 + case.factors["mid"], return_inverse=True)[1]
    covariance = np.eye(top.size) + fit.ratios[0] * (lowest[:, None] == lowest)
    if len(case.groups) == 2:
        covariance += fit.ratios[1] * (top[:, None] == top)
    inverse, x = np.linalg.inv(covariance), case.exog
    hat = inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    expected = 0.0
    for labels in (lowest, top):
        for group in np.unique(labels):
            d = (labels == group).astype(float)
            if d.sum() < 10:
                expected = max(expected, float(d @ hat @ d / (d @ inverse @ d)))
    assert expected > 0
    assert small_group_leverage(moments, fit.scaling, fit.ratios, 10) == pytest.approx(expected, rel=1e-8)
    assert small_group_leverage(moments, fit.scaling, fit.ratios, 1) == 0.0


def test_a_small_group_among_two_has_half_of_the_constant() -> None:
    rng = np.random.default_rng(3)
    g = np.repeat([0, 1], [500, 5])
    y = rng.normal(size=505) + 20.0 * g
    moments = gathered(spec("y", []), {"y": y}, {"g": g}, ("g",))[0]
    fit = fit_mixed(moments)
    assert small_group_leverage(moments, fit.scaling, fit.ratios, 10) == pytest.approx(0.5, abs=0.01)
    among_many = np.concatenate([np.repeat(np.arange(60), 20), [60] * 5])
    y = rng.normal(size=1205) + 2.0 * rng.normal(size=61)[among_many]
    moments = gathered(spec("y", []), {"y": y}, {"g": among_many}, ("g",))[0]
    fit = fit_mixed(moments)
    assert small_group_leverage(moments, fit.scaling, fit.ratios, 10) < 0.03
