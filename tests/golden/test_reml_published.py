"""Published data sets give lme4's numbers at its exact optimum."""

from __future__ import annotations

import numpy as np
import pytest
from support.model_data import gathered, spec
from support.published import DYESTUFF2, OXBOYS_AGE, OXBOYS_HEIGHT, PASTES, SLEEPSTUDY, values

from grille.server.statistics.reml import fit_mixed


def test_dyestuff2_has_no_variance_between_batches() -> None:
    numbers = {"y": values(DYESTUFF2)}
    fit = fit_mixed(gathered(spec("y", []), numbers, {"batch": np.arange(30) // 5}, ("batch",))[0])
    assert fit.levels[0].variance == 0.0
    assert fit.levels[0].at_zero
    assert fit.residual_variance == pytest.approx(13.8063096275862, rel=1e-12)
    assert fit.coefficients[0] == pytest.approx(5.6656, rel=1e-12)
    assert fit.std_errors[0] == pytest.approx(0.678388031232524, rel=1e-12)
    assert fit.log_likelihood == pytest.approx(-80.9141389061442, rel=1e-13)
    assert fit.lr_test.chi2 == 0.0
    assert fit.wald_coef is None
    assert fit.wald_total is None


def test_pastes_has_three_levels_with_reused_labels() -> None:
    row = np.arange(60)
    factors = {"batch": row // 6, "cask": row // 2 % 3}
    moments = gathered(spec("y", []), {"y": values(PASTES)}, factors, ("batch", "cask"))[0]
    fit = fit_mixed(moments)
    batch, cask = fit.levels
    assert moments.groups is not None
    assert moments.groups.crossed == 3
    assert (batch.n_groups, batch.smallest, batch.largest, batch.mean) == (10, 6, 6, 6.0)
    assert (cask.n_groups, cask.smallest, cask.largest, cask.mean) == (30, 2, 2, 2.0)
    # Balanced: analysis of variance gives the variances in closed form, 8.43366666... and 0.678.
    assert cask.variance == pytest.approx(8.43366666686654, rel=1e-8)
    assert batch.variance == pytest.approx(1.65730864284561, rel=1e-8)
    assert fit.residual_variance == pytest.approx(0.677999999949772, rel=1e-8)
    assert fit.coefficients[0] == pytest.approx(60.0533333333325, rel=1e-12)
    assert fit.std_errors[0] == pytest.approx(0.676870066196313, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(-123.495372926743, rel=1e-12)
    assert fit.lr_test.chi2 == pytest.approx(63.1884142520559, rel=1e-10)
    assert batch.icc == pytest.approx(0.153896596026056, rel=1e-7)
    assert cask.icc == pytest.approx(0.783144767664186, rel=1e-7)
    assert cask.icc_cumulative == pytest.approx(0.153896596026056 + 0.783144767664186, rel=1e-7)
    assert cask.variance_error == pytest.approx(2.775541288661468, rel=1e-6)
    assert batch.variance_error == pytest.approx(2.3493927867590987, rel=1e-6)
    assert fit.residual_variance_error == pytest.approx(0.17505884723560727, rel=1e-6)


def test_sleepstudy() -> None:
    row = np.arange(180)
    numbers = {"days": (row % 10).astype(float), "y": values(SLEEPSTUDY)}
    moments = gathered(spec("y", ["days"]), numbers, {"subject": row // 10}, ("subject",))[0]
    fit = fit_mixed(moments)
    np.testing.assert_allclose(fit.coefficients, [10.467285959596, 251.405104848485], rtol=1e-12)
    gls = fit_mixed(moments, errors="gls").std_errors
    np.testing.assert_allclose(gls, [0.804221429558449, 9.74671620955445], rtol=1e-8)
    assert fit.levels[0].variance == pytest.approx(1378.17849237123, rel=2e-8)
    assert fit.residual_variance == pytest.approx(960.45658002514, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(-893.23254269746, rel=1e-12)
    assert fit.lr_test.chi2 == pytest.approx(107.198578077187, rel=1e-10)
    assert fit.wald_coef is not None
    assert fit.wald_coef.chi2 == pytest.approx(169.401361074829, rel=1e-8)
    assert fit.levels[0].variance_error == pytest.approx(505.7680056521113, rel=1e-7)


def test_oxboys_has_an_icc_near_one() -> None:
    numbers = {"age": values(OXBOYS_AGE), "y": values(OXBOYS_HEIGHT)}
    moments = gathered(spec("y", ["age"]), numbers, {"boy": np.arange(234) // 9}, ("boy",))[0]
    fit = fit_mixed(moments)
    np.testing.assert_allclose(fit.coefficients, [6.52391878248159, 149.371735316967], rtol=1e-12)
    np.testing.assert_allclose(fit.std_errors, [0.132524289105617, 1.590187287750717], rtol=1e-10)
    assert fit.levels[0].variance == pytest.approx(65.554955749899, rel=1e-9)
    assert fit.levels[0].icc == pytest.approx(0.97446129967372, rel=1e-10)
    assert fit.residual_variance == pytest.approx(1.71806553052417, rel=1e-9)
    assert fit.log_likelihood == pytest.approx(-470.014846567637, rel=1e-12)
    assert fit.lr_test.chi2 == pytest.approx(697.904912423927, rel=1e-10)
    assert fit.levels[0].variance_error == pytest.approx(18.595744560245365, rel=1e-8)
