"""The diagnostics of regress are statsmodels': VIF, RESET, Breusch-Pagan, margins, beta weights, Cook's distances."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
from statsmodels.stats.outliers_influence import variance_inflation_factor
from support.model_data import gathered, spec

from grille.server.statistics.collinearity import variance_inflation
from grille.server.statistics.design import Part
from grille.server.statistics.ols import fit_ols
from grille.server.statistics.prediction import at_value, margin, part_means, row_figures
from grille.server.statistics.residual_tests import residual_tests

Floats = NDArray[np.float64]
N = 900
TERMS = ["x1", "x2", "i.edu", "c.x1#i.edu"]


@pytest.fixture(scope="module")
def numbers() -> dict[str, Floats]:
    rng = np.random.default_rng(7)
    x1, x2 = rng.normal(1, 2, N), rng.gamma(2.0, 1.0, N)
    edu = rng.integers(1, 4, N).astype(float)
    y = 1 + 0.5 * x1 - 0.2 * x2 + 0.1 * x1**2 + 0.3 * (edu == 2) + rng.normal(size=N) * (0.5 + 0.2 * x2)
    return {"x1": x1, "x2": x2, "edu": edu, "y": y}


def exog(numbers: dict[str, Floats], constant: bool) -> Floats:
    dummies = [(numbers["edu"] == level).astype(float) for level in (2, 3)]
    columns = [numbers["x1"], numbers["x2"], *dummies, *(numbers["x1"] * one for one in dummies)]
    return np.column_stack(columns + ([np.ones(N)] if constant else []))


def fitted(numbers: dict[str, Floats], constant: bool = True, kind: str = "classical"):
    moments, passes, levels, design = gathered(spec("y", TERMS, constant), numbers, {"edu": numbers["edu"]})
    fit = fit_ols(moments, 95, kind, passes)  # type: ignore[arg-type]
    return moments, passes, levels, design, fit


@pytest.mark.parametrize("constant", [True, False])
def test_variance_inflation(numbers: dict[str, Floats], constant: bool) -> None:
    fit = fitted(numbers, constant)[-1]
    x = exog(numbers, constant)
    expected = [variance_inflation_factor(x, j, standardize=False) for j in range(6)]
    np.testing.assert_allclose(variance_inflation(fit.scaling), expected, rtol=1e-9)


@pytest.mark.parametrize("constant", [True, False])
def test_reset_is_the_f_test_of_powers_two_to_four(numbers: dict[str, Floats], constant: bool) -> None:
    moments, passes, _, _, fit = fitted(numbers, constant)
    found, _ = residual_tests(
        moments, fit.scaling, fit.scaled_coefficients, passes, reset=True, heteroskedasticity=False
    )
    assert found is not None
    assert found.test is not None
    oracle = linear_reset(
        sm.OLS(numbers["y"], exog(numbers, constant), hasconst=constant).fit(), power=4, test_type="fitted", use_f=True
    )
    # it inverts the powers as they are; seven digits are left
    assert found.test.statistic == pytest.approx(float(oracle.fvalue), rel=1e-7)
    assert (found.test.df, found.test.df_resid) == (oracle.df_num, oracle.df_denom)
    x = exog(numbers, constant)
    q, _ = np.linalg.qr(x)
    fit_values = q @ (q.T @ numbers["y"])
    unit = (fit_values - fit_values.mean()) / fit_values.std() if constant else fit_values / fit_values.std()
    wide, _ = np.linalg.qr(np.column_stack([x, unit**2, unit**3, unit**4]))
    small = numbers["y"] - fit_values
    large = numbers["y"] - wide @ (wide.T @ numbers["y"])
    df = N - x.shape[1] - 3
    assert found.test.statistic == pytest.approx((small @ small - large @ large) / 3 / (large @ large / df), rel=1e-9)
    assert found.leverage == pytest.approx((wide**2).sum(axis=1).max(), rel=1e-9)


def test_reset_of_a_saturated_design_has_nothing_to_add(numbers: dict[str, Floats]) -> None:
    moments, passes, _, _ = gathered(spec("y", ["i.edu"]), numbers, {"edu": numbers["edu"]})
    fit = fit_ols(moments)
    found, _ = residual_tests(
        moments, fit.scaling, fit.scaled_coefficients, passes, reset=True, heteroskedasticity=False
    )
    assert found is not None
    assert found.test is None


def test_reset_with_three_fitted_values_keeps_one_power_less(numbers: dict[str, Floats]) -> None:
    """With a dummy and a linear code of three levels the fitted values take three values: one power is left."""
    moments, passes, _, _ = gathered(spec("y", ["edu"]), numbers)
    fit = fit_ols(moments)
    found, _ = residual_tests(
        moments, fit.scaling, fit.scaled_coefficients, passes, reset=True, heteroskedasticity=False
    )
    assert found is not None
    assert found.test is not None
    full = sm.OLS(numbers["y"], sm.add_constant(np.column_stack([numbers["edu"], numbers["edu"] ** 2]))).fit()
    oracle = full.compare_f_test(sm.OLS(numbers["y"], sm.add_constant(numbers["edu"])).fit())
    assert found.test.df == 1
    assert found.test.statistic == pytest.approx(oracle[0], rel=1e-8)


@pytest.mark.parametrize("constant", [True, False])
def test_breusch_pagan(numbers: dict[str, Floats], constant: bool) -> None:
    moments, passes, _, _, fit = fitted(numbers, constant)
    _, found = residual_tests(
        moments, fit.scaling, fit.scaled_coefficients, passes, reset=False, heteroskedasticity=True
    )
    assert found is not None
    resid = sm.OLS(numbers["y"], exog(numbers, constant), hasconst=constant).fit().resid
    x = exog(numbers, True)  # the auxiliary regression has a constant in any case
    normal = het_breuschpagan(resid, x, robust=False)
    studentised = het_breuschpagan(resid, x, robust=True)
    assert (found.breusch_pagan.statistic, found.breusch_pagan.p_value) == pytest.approx(normal[:2], rel=1e-9)
    assert (found.studentised.statistic, found.studentised.p_value) == pytest.approx(studentised[:2], rel=1e-9)
    assert (found.f.statistic, found.f.p_value) == pytest.approx(studentised[2:], rel=1e-9)
    squared = resid**2
    hat = (np.linalg.qr(x)[0] ** 2).sum(axis=1) - 1 / N
    parts = np.sort(hat * (squared - squared.mean()) ** 2)
    assert (found.weight.largest, found.weight.second) == pytest.approx(
        tuple(parts[-2:][::-1] / fit.scaling.scale[-1] ** 4), rel=1e-9
    )


def test_breusch_pagan_without_constant_where_dummies_add_up_to_one(numbers: dict[str, Floats]) -> None:
    both = {**numbers, "a": (numbers["edu"] == 1).astype(float), "b": (numbers["edu"] != 1).astype(float)}
    moments, passes, _, _ = gathered(spec("y", ["a", "b", "x2"], False), both)
    fit = fit_ols(moments)
    _, found = residual_tests(
        moments, fit.scaling, fit.scaled_coefficients, passes, reset=False, heteroskedasticity=True
    )
    assert found is not None
    x = np.column_stack([both["a"], both["x2"], np.ones(N)])
    oracle = het_breuschpagan(sm.OLS(both["y"], x).fit().resid, x, robust=False)
    assert found.breusch_pagan.statistic == pytest.approx(oracle[0], rel=1e-9)
    assert found.breusch_pagan.df == 2


@pytest.mark.parametrize("kind", ["classical", "robust"])
def test_margins_are_predictions_at_means(numbers: dict[str, Floats], kind: str) -> None:
    moments, passes, _, design, fit = fitted(numbers, kind=kind)
    means = part_means(moments, passes)
    x1, x2 = numbers["x1"].mean(), numbers["x2"].mean()
    two, three = (numbers["edu"] == 2).mean(), (numbers["edu"] == 3).mean()
    oracle = sm.OLS(numbers["y"], exog(numbers, True)).fit(
        **({} if kind == "classical" else {"cov_type": "HC1", "use_t": True})
    )
    cases = {
        "means": (means, [x1, x2, two, three, x1 * two, x1 * three, 1.0]),
        "edu=2": (at_value(means, "edu", 2.0, 1), [x1, x2, 1.0, 0.0, x1, 0.0, 1.0]),
        "edu=1": (at_value(means, "edu", 1.0, 0), [x1, x2, 0.0, 0.0, 0.0, 0.0, 1.0]),
    }
    for values, point in cases.values():
        expected = oracle.get_prediction(np.array([point])).summary_frame()
        found = margin(fit, design, values)
        assert found.value == pytest.approx(expected["mean"].iloc[0], rel=1e-9)
        assert found.std_error == pytest.approx(expected["mean_se"].iloc[0], rel=1e-9)


def test_means_of_interactions_alone_are_those_of_their_parts(numbers: dict[str, Floats]) -> None:
    moments, passes, _, _ = gathered(spec("y", ["c.x1#c.x2"]), numbers)
    means = part_means(moments, passes)
    assert means == {
        Part("x1", None): pytest.approx(numbers["x1"].mean()),
        Part("x2", None): pytest.approx(numbers["x2"].mean()),
    }


@pytest.mark.parametrize("constant", [True, False])
def test_every_row_has_its_fitted_value_residual_and_distance(numbers: dict[str, Floats], constant: bool) -> None:
    moments, passes, _, _, fit = fitted(numbers, constant)
    rows = row_figures(moments, fit.scaling, fit.scaled_coefficients, passes, True)
    oracle = sm.OLS(numbers["y"], exog(numbers, constant), hasconst=constant).fit()
    np.testing.assert_allclose(rows.predicted, oracle.fittedvalues, rtol=1e-9)
    np.testing.assert_allclose(rows.residuals, oracle.resid, rtol=1e-8, atol=1e-12)
    assert rows.cooksd is not None
    np.testing.assert_allclose(rows.cooksd, oracle.get_influence().cooks_distance[0], rtol=1e-7, atol=1e-15)
