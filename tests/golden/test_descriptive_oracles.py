"""Correlations, confidence intervals and tests of normality against numpy, scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW
from support.model_data import in_batches

from grille.server.errors import NumericError
from grille.server.statistics.correlation import associate, correlation_p_value
from grille.server.statistics.intervals import mean_interval, share_interval
from grille.server.statistics.normality import (
    SHAPIRO_LEAST,
    SHAPIRO_MOST,
    jarque_bera_test,
    kurtosis_test,
    omnibus_test,
    shapiro_wilk_p_value,
    shapiro_wilk_statistic,
    skewness_test,
)
from grille.server.statistics.shape import collect_shape

Floats = NDArray[np.float64]
# double precision leaves about 1e-13 of sums over thousands of rows, and squares of statistics twice that
RELATIVE = 1e-9


@pytest.fixture(scope="module")
def sample() -> dict[str, Floats]:
    rng = np.random.default_rng(5)
    common = rng.normal(size=3_000)
    return {
        "wage": 4e5 + 1e5 * common + 5e4 * rng.normal(size=3_000),
        "born": 19_700_101.0 - 3.0 * common + rng.normal(size=3_000),
        "share": (common + rng.normal(size=3_000) > 0.4).astype(float),
        "tiny": 1e-9 * rng.gamma(2.0, size=3_000),
    }


def test_correlations_and_covariances_are_numpys(sample: dict[str, Floats]) -> None:
    passes, _ = in_batches(sample)
    found = associate(passes, tuple(sample))
    data = np.array(list(sample.values()))
    np.testing.assert_allclose(found.correlation, np.corrcoef(data), rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(data), rtol=1e-9, atol=0)
    np.testing.assert_allclose(found.mean, data.mean(axis=1), rtol=1e-12)
    assert found.two_valued.tolist() == [False, False, True, False]


def test_p_values_of_correlations_are_scipys(sample: dict[str, Floats]) -> None:
    for n in (20, 300, 3_000):
        one, two = sample["wage"][:n], sample["tiny"][:n]
        expected = scipy.stats.pearsonr(one, two)
        assert correlation_p_value(float(expected.statistic), n) == pytest.approx(expected.pvalue, rel=RELATIVE)
    assert correlation_p_value(1.0, 100) == 0.0
    assert np.isnan(correlation_p_value(float("nan"), 100))


def test_the_leverage_is_that_of_all_variables_with_a_constant(sample: dict[str, Floats]) -> None:
    some = {name: values[:200] for name, values in sample.items()}
    some["wage"] = some["wage"].copy()
    some["wage"][7] = 1e8
    passes, _ = in_batches(some)
    design = np.column_stack([np.ones(200), *((v - v.mean()) / v.std() for v in some.values())])
    hat = np.sort(np.diagonal(design @ np.linalg.solve(design.T @ design, design.T)))
    found = associate(passes, tuple(some)).leverage
    assert found.exact
    assert found.largest == pytest.approx(hat[-1], rel=1e-9)
    assert found.three_largest == pytest.approx(hat[-3:].sum(), rel=1e-9)


def test_a_variable_that_does_not_vary_has_no_correlation() -> None:
    passes, _ = in_batches({"x": np.arange(50.0), "same": np.full(50, 0.1)})
    found = associate(passes, ("x", "same"))
    assert np.isnan(found.correlation[0, 1])
    assert found.rarer.tolist() == [49, 0]


@pytest.mark.parametrize("n", [60, 1_000, 5_000])
@pytest.mark.parametrize("kind", ["normal", "gamma", "flat"])
def test_tests_of_normality_are_scipys(kind: str, n: int) -> None:
    rng = np.random.default_rng(n)
    values = {"normal": rng.normal(50, 3, n), "gamma": 1e7 + 1e5 * rng.gamma(4, size=n), "flat": rng.random(n)}[kind]
    passes, _ = in_batches({"x": values})
    shape = collect_shape(passes, "x")
    assert shape.skewness == pytest.approx(scipy.stats.skew(values), rel=RELATIVE, abs=1e-12)
    assert shape.kurtosis == pytest.approx(scipy.stats.kurtosis(values, fisher=False), rel=RELATIVE)
    w = shapiro_wilk_statistic(values)
    shapiro = scipy.stats.shapiro(values)
    assert w == pytest.approx(shapiro.statistic, rel=1e-9)
    # ours is the same formula from W; ln(1 - W) loses digits as W nears 1
    assert shapiro_wilk_p_value(w, n) == pytest.approx(shapiro.pvalue, rel=1e-6)
    for ours, theirs in (
        (skewness_test(shape.skewness, n), scipy.stats.skewtest(values)),
        (kurtosis_test(shape.kurtosis, n), scipy.stats.kurtosistest(values)),
        (omnibus_test(shape.skewness, shape.kurtosis, n), scipy.stats.normaltest(values)),
        (jarque_bera_test(shape.skewness, shape.kurtosis, n), scipy.stats.jarque_bera(values)),
    ):
        assert ours.statistic == pytest.approx(theirs.statistic, rel=RELATIVE)
        assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-300)


def test_shapiro_wilk_has_a_p_value_only_where_its_approximation_holds() -> None:
    for n in (SHAPIRO_LEAST - 1, SHAPIRO_MOST + 1):
        assert np.isnan(shapiro_wilk_p_value(0.9, n))
    values = np.random.default_rng(1).normal(size=SHAPIRO_LEAST)
    expected = scipy.stats.shapiro(values)
    assert shapiro_wilk_p_value(float(expected.statistic), SHAPIRO_LEAST) == pytest.approx(expected.pvalue, rel=1e-6)


def test_the_heaviest_rows_are_those_of_the_sum_of_fourth_powers() -> None:
    values = np.append(np.random.default_rng(3).normal(size=400), [30.0, -20.0])
    passes, _ = in_batches({"x": values})
    powers = np.sort((values - values.mean()) ** 4)
    heaviest = collect_shape(passes, "x").heaviest
    assert heaviest == pytest.approx((powers[-1] / powers.sum(), powers[-3:].sum() / powers.sum()), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150, 1e300])
def test_shape_does_not_depend_on_the_unit(scale: float) -> None:
    values = np.random.default_rng(3).gamma(3.0, size=500)
    passes, _ = in_batches({"x": values * scale})
    shape = collect_shape(passes, "x")
    assert shape.skewness == pytest.approx(scipy.stats.skew(values), rel=1e-9)
    assert shape.kurtosis == pytest.approx(scipy.stats.kurtosis(values, fisher=False), rel=1e-9)
    assert shapiro_wilk_statistic(values * scale) == pytest.approx(scipy.stats.shapiro(values).statistic, rel=1e-9)


def test_shape_of_few_or_equal_rows_is_nothing() -> None:
    for values in (np.array([3.0]), np.full(20, 0.3)):
        passes, _ = in_batches({"x": values})
        shape = collect_shape(passes, "x")
        assert np.isnan([shape.skewness, shape.kurtosis]).all()
        assert shape.heaviest == (1.0, 1.0)
    passes, _ = in_batches({"x": np.array([])})
    with pytest.raises(NumericError, match="TOO_FEW_ROWS"):
        collect_shape(passes, "x")


@pytest.mark.parametrize("level", [50.0, 95.0, 99.9])
def test_intervals_are_statsmodels(sample: dict[str, Floats], level: float) -> None:
    wage = sample["wage"]
    ours = mean_interval(float(wage.mean()), float(wage.std(ddof=1)), wage.size, level)
    theirs = DescrStatsW(wage)
    assert ours.std_error == pytest.approx(theirs.std_mean, rel=RELATIVE)
    assert (ours.low, ours.high) == pytest.approx(theirs.tconfint_mean(1 - level / 100), rel=RELATIVE)
    for ones, n in ((0, 30), (7, 30), (1_500, 3_000), (30, 30)):
        share = share_interval(ones / n, n, level)
        expected = proportion_confint(ones, n, 1 - level / 100, method="wilson")
        assert (share.low, share.high) == pytest.approx(expected, rel=RELATIVE, abs=1e-15)
