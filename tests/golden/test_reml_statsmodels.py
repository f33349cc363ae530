"""regress-mml is statsmodels' MixedLM at its true optimum, and finds that optimum."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.regression.mixed_linear_model import MixedLMParams
from support.mixed_cases import CASES, Case, ours, statsmodels_at, statsmodels_model

from grille.server.statistics.reml import Likelihood

Floats = NDArray[np.float64]

SLOW = ("hundred_thousand_rows", "many_small_groups", "million_rows")
NAMES = [pytest.param(one, marks=pytest.mark.slow) if one == "million_rows" else one for one in CASES]


@pytest.mark.parametrize("likelihood", ["reml", "ml"])
@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_mixedlm_at_the_optimum(name: str, likelihood: Likelihood) -> None:
    """Tolerances.

    Where MixedLM stops depends on its gradient, so variances agree to 2e-8, and what follows from them to 1e-8; the
    log-likelihood is flat there and agrees to 1e-10. Wald statistics square errors of an inverse (1e-7). p-values
    multiply errors by z squared.
    """
    case = CASES[name]()
    fit = ours(case, likelihood)
    oracle = statsmodels_at(case, fit)
    p, units = len(fit.terms), case.factor_units
    shown = p - 1 if case.shifted else p  # the constant stands at another place
    jacobian = float(np.log(units).sum()) if likelihood == "reml" else 0.0
    slopes = p - case.constant
    assert fit.n == int(oracle.nobs)
    assert fit.log_likelihood == pytest.approx(oracle.llf - jacobian, rel=1e-10)
    np.testing.assert_allclose((fit.coefficients * units)[:shown], oracle.fe_params[:shown], rtol=1e-8)
    np.testing.assert_allclose((fit.std_errors * units)[:shown], oracle.bse_fe[:shown], rtol=1e-8)
    np.testing.assert_allclose(fit.z[:shown], np.asarray(oracle.tvalues)[:shown], rtol=1e-8)
    np.testing.assert_allclose(fit.p_values[:shown], np.asarray(oracle.pvalues)[:shown], rtol=1e-6, atol=1e-300)
    np.testing.assert_allclose(
        (fit.intervals * units[:, None])[:shown], np.asarray(oracle.conf_int())[:shown], rtol=1e-7
    )
    assert fit.residual_variance == pytest.approx(oracle.scale, rel=1e-8)
    assert fit.levels[0].variance == pytest.approx(np.asarray(oracle.cov_re)[0, 0], rel=2e-8)
    if len(case.groups) == 2:
        assert fit.levels[1].variance == pytest.approx(oracle.vcomp[0], rel=2e-8)
    assert fit.wald_total is not None
    assert fit.wald_total.df == slopes + len(case.groups)
    total = np.delete(np.eye(np.asarray(oracle.params).size), [p - 1] if case.constant else [], axis=0)
    assert fit.wald_total.chi2 == pytest.approx(float(oracle.wald_test(total, scalar=True).statistic), rel=1e-7)
    assert (fit.wald_coef is None) == (slopes == 0)
    if fit.wald_coef is not None:
        restrict = np.eye(slopes, np.asarray(oracle.params).size)
        assert fit.wald_coef.chi2 == pytest.approx(float(oracle.wald_test(restrict, scalar=True).statistic), rel=1e-7)


@pytest.mark.parametrize("name", [name for name in CASES if name not in SLOW])
def test_no_point_near_the_optimum_is_better_for_mixedlm(name: str) -> None:
    case = CASES[name]()
    fit = ours(case)
    model = statsmodels_model(case)
    model.reml, model.cov_pen, model.fe_pen = True, None, None  # what fit() would set

    def loglike(ratios: Floats) -> float:
        params = MixedLMParams.from_components(
            fe_params=fit.coefficients * case.factor_units, cov_re=np.array([[ratios[-1]]]), vcomp=ratios[:-1]
        )
        return float(model.loglike(params, profile_fe=True))

    best = loglike(fit.ratios)
    jacobian = float(np.log(case.factor_units).sum())
    assert fit.log_likelihood == pytest.approx(best - jacobian, rel=1e-10)
    for k in range(fit.ratios.size):
        for factor in (0.5, 0.97, 1.03, 2.0):
            moved = fit.ratios.copy()
            moved[k] *= factor
            assert loglike(moved) < best


@pytest.mark.parametrize("likelihood", ["reml", "ml"])
def test_a_variance_of_zero_is_found_exactly_and_leaves_least_squares(likelihood: Likelihood) -> None:
    rng = np.random.default_rng(1234)
    g = np.repeat(np.arange(12), 8)
    x = rng.normal(size=96)
    noise = rng.normal(size=96)
    noise -= (np.bincount(g, noise) / 8)[g]  # group means agree better than chance
    y = 1 + x + noise + 0.01 * rng.normal(size=12)[g]
    fit = ours(Case(["x1"], {"x1": x, "y": y}, {"g": g}, ("g",)), likelihood)
    oracle = sm.OLS(y, np.column_stack([x, np.ones(96)])).fit()
    assert fit.levels[0].variance == 0.0
    assert fit.levels[0].at_zero
    assert fit.levels[0].variance_error is None
    assert fit.lr_test.chi2 == 0.0
    assert fit.lr_test.p_value == 1.0
    np.testing.assert_allclose(fit.coefficients, oracle.params, rtol=1e-12)
    divisor = 1.0 if likelihood == "reml" else np.sqrt(94 / 96)
    np.testing.assert_allclose(fit.std_errors, oracle.bse * divisor, rtol=1e-12)
    assert fit.wald_total is not None
    assert fit.wald_total.df == 1


@pytest.mark.parametrize("likelihood", ["reml", "ml"])
@pytest.mark.parametrize("zero_level", [0, 1])
def test_one_of_two_variances_at_zero_leaves_the_two_level_model(zero_level: int, likelihood: Likelihood) -> None:
    """Against MixedLM with the remaining level alone."""
    rng = np.random.default_rng(77)
    cell = np.repeat(np.arange(60), 6)
    top = np.arange(60) // 5
    middle_effect = rng.normal(size=60)
    if zero_level == 0:  # nothing left between top groups
        middle_effect -= (np.bincount(top, middle_effect) / 5)[top]
        effect, noise = middle_effect[cell], rng.normal(size=360)
    else:  # nothing left between middle groups inside a top group
        noise = rng.normal(size=360)
        noise -= (np.bincount(cell, noise) / 6)[cell]
        effect = rng.normal(size=12)[top[cell]]
    x = rng.normal(size=360)
    x -= (np.bincount(cell, x) / 6)[cell]
    y = 3 + x + effect + noise
    factors = {"top": top[cell], "mid": cell}
    fit = ours(Case(["x1"], {"x1": x, "y": y}, factors, ("top", "mid")), likelihood)
    assert fit.levels[zero_level].at_zero
    assert fit.levels[zero_level].variance == 0.0
    remaining = ("mid",) if zero_level == 0 else ("top",)
    alone = Case(["x1"], {"x1": x, "y": y}, factors, remaining, columns=[x])
    oracle = statsmodels_at(alone, ours(alone, likelihood))
    assert fit.likelihood == likelihood
    assert fit.log_likelihood == pytest.approx(oracle.llf, rel=1e-10)
    np.testing.assert_allclose(fit.std_errors, oracle.bse_fe, rtol=1e-8)
    assert fit.levels[1 - zero_level].variance == pytest.approx(np.asarray(oracle.cov_re)[0, 0], rel=1e-8)
    assert fit.lr_test.df == 2
