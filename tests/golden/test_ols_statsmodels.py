"""regress is statsmodels' OLS, with its robust and clustered covariances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS
from numpy.typing import NDArray
from support.model_data import gathered, spec

from grille.server.statistics.ols import ClusterVariable, fit_ols

Floats = NDArray[np.float64]
N = 700


@pytest.fixture(scope="module")
def numbers() -> dict[str, Floats]:
    rng = np.random.default_rng(42)
    x1, x2 = rng.normal(3, 2, N), rng.normal(1e4, 30, N)
    g = rng.integers(0, 23, N)
    y = 100 + 2 * x1 - 0.01 * x2 + rng.normal(size=N) * (1 + np.abs(x1)) + rng.normal(size=23)[g]
    return {"x1": x1, "x2": x2, "y": y, "edu": rng.integers(1, 5, N).astype(float), "g": g.astype(float)}


def exog(numbers: dict[str, Floats], constant: bool) -> Floats:
    dummies = [(numbers["edu"] == level).astype(float) for level in (2, 3, 4)]
    columns = [numbers["x1"], numbers["x2"], *dummies]
    return np.column_stack(columns + ([np.ones(N)] if constant else []))


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("kind", ["classical", "robust", "cluster"])
def test_agrees_with_statsmodels(numbers: dict[str, Floats], kind: str, constant: bool) -> None:
    model = spec("y", ["x1", "x2", "i.edu"], constant)
    factors = {"edu": numbers["edu"], "g": numbers["g"]}
    moments, passes, _, _ = gathered(model, numbers, factors)
    fit = fit_ols(moments, 90, kind, passes, ClusterVariable("g", 23))  # type: ignore[arg-type]
    options = {
        "classical": {},
        "robust": {"cov_type": "HC1", "use_t": True},
        "cluster": {"cov_type": "cluster", "cov_kwds": {"groups": numbers["g"].astype(int)}, "use_t": True},
    }[kind]
    oracle = sm.OLS(numbers["y"], exog(numbers, constant), hasconst=constant).fit(**options)
    assert fit.terms == ("x1", "x2", "i.edu=2", "i.edu=3", "i.edu=4", *(("_cons",) if constant else ()))
    np.testing.assert_allclose(fit.coefficients, oracle.params, rtol=1e-9)
    np.testing.assert_allclose(fit.std_errors, oracle.bse, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, oracle.cov_params(), rtol=1e-7)
    np.testing.assert_allclose(fit.t, oracle.tvalues, rtol=1e-9)
    np.testing.assert_allclose(fit.p_values, oracle.pvalues, rtol=1e-7, atol=1e-200)
    np.testing.assert_allclose(fit.intervals, oracle.conf_int(0.10), rtol=1e-8)
    assert (fit.n, fit.df_model, fit.df_resid) == (N, oracle.df_model, oracle.df_resid)
    assert fit.ss_resid == pytest.approx(oracle.ssr, rel=1e-9)
    assert fit.ss_model == pytest.approx(oracle.ess, rel=1e-9)
    assert fit.ss_total == pytest.approx(oracle.centered_tss if constant else oracle.uncentered_tss, rel=1e-9)
    assert fit.r2 == pytest.approx(oracle.rsquared, rel=1e-9)
    assert fit.r2_adj == pytest.approx(oracle.rsquared_adj, rel=1e-9)
    assert fit.rmse == pytest.approx(np.sqrt(oracle.mse_resid), rel=1e-9)
    slopes = slice(0, 5)  # its own F inverts the covariance unscaled and keeps seven digits
    scale = oracle.bse[slopes]
    correlation = oracle.cov_params()[slopes, slopes] / np.outer(scale, scale)
    z = oracle.params[slopes] / scale
    assert fit.f == pytest.approx(float(oracle.fvalue), rel=1e-6)
    assert fit.f == pytest.approx(z @ np.linalg.solve(correlation, z) / 5, rel=1e-8)
    assert fit.f_p_value == pytest.approx(float(oracle.f_pvalue), rel=1e-4, abs=1e-200)


def test_clusters_agree_with_linearmodels_and_pyfixest(numbers: dict[str, Floats]) -> None:
    factors = {"edu": numbers["edu"], "g": numbers["g"]}
    moments, passes, _, _ = gathered(spec("y", ["x1", "x2", "i.edu"]), numbers, factors)
    fit = fit_ols(moments, 95, "cluster", passes, ClusterVariable("g", 23))
    linear = IV2SLS(numbers["y"], exog(numbers, True), None, None).fit(
        cov_type="clustered", clusters=numbers["g"].astype(int), debiased=True
    )
    np.testing.assert_allclose(fit.std_errors, linear.std_errors, rtol=1e-9)
    fixest = pyfixest.feols("y ~ x1 + x2 + C(edu)", pd.DataFrame(numbers), vcov={"CRV1": "g"})
    errors = fixest.se()
    np.testing.assert_allclose(fit.std_errors, np.append(errors[1:], errors[:1]), rtol=1e-8)
    np.testing.assert_allclose(fit.p_values[:-1], fixest.pvalue()[1:], rtol=1e-6, atol=1e-15)
    assert fit.n_clusters == 23
    assert fit.df_inference == 22


def test_the_constant_alone_gives_the_mean(numbers: dict[str, Floats]) -> None:
    fit = fit_ols(gathered(spec("y", []), numbers)[0])
    oracle = sm.OLS(numbers["y"], np.ones(N)).fit()
    np.testing.assert_allclose(fit.coefficients, oracle.params, rtol=1e-12)
    np.testing.assert_allclose(fit.std_errors, oracle.bse, rtol=1e-12)
    assert fit.f is None
    assert fit.r2 == 0.0


def test_longley_keeps_nine_digits() -> None:
    """The classic ill-conditioned data (Longley 1967); NIST certifies these values."""
    rows = np.array(
        [
            [83.0, 234289, 2356, 1590, 107608, 1947, 60323],
            [88.5, 259426, 2325, 1456, 108632, 1948, 61122],
            [88.2, 258054, 3682, 1616, 109773, 1949, 60171],
            [89.5, 284599, 3351, 1650, 110929, 1950, 61187],
            [96.2, 328975, 2099, 3099, 112075, 1951, 63221],
            [98.1, 346999, 1932, 3594, 113270, 1952, 63639],
            [99.0, 365385, 1870, 3547, 115094, 1953, 64989],
            [100.0, 363112, 3578, 3350, 116219, 1954, 63761],
            [101.2, 397469, 2904, 3048, 117388, 1955, 66019],
            [104.6, 419180, 2822, 2857, 118734, 1956, 67857],
            [108.4, 442769, 2936, 2798, 120445, 1957, 68169],
            [110.8, 444546, 4681, 2637, 121950, 1958, 66513],
            [112.6, 482704, 3813, 2552, 123366, 1959, 68655],
            [114.2, 502601, 3931, 2514, 125368, 1960, 69564],
            [115.7, 518173, 4806, 2572, 127852, 1961, 69331],
            [116.9, 554894, 4007, 2827, 130081, 1962, 70551],
        ],
        dtype=np.float64,
    )
    names = ["x1", "x2", "x3", "x4", "x5", "x6"]
    numbers = dict(zip([*names, "y"], rows.T, strict=True))
    fit = fit_ols(gathered(spec("y", names), numbers)[0])
    certified = [
        15.0618722713733,
        -0.358191792925910e-01,
        -2.02022980381683,
        -1.03322686717359,
        -0.511041056535807e-01,
        1829.15146461355,
        -3482258.63459582,
    ]
    np.testing.assert_allclose(fit.coefficients, certified, rtol=1e-9)
    assert fit.std_errors[-1] == pytest.approx(890420.383607373, rel=1e-9)
    assert fit.r2 == pytest.approx(0.995479004577296, rel=1e-12)
    assert fit.f == pytest.approx(330.285339234588, rel=1e-9)
