"""Own data sets, imported by the real command, give published and statsmodels' figures through client and server."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.mixed_cases import Case, ours, statsmodels_at
from support.own_service import BANK, GENERATED, all_cases, preparation
from support.published import published
from support.service import Service, records

NAMES = (*published(), *GENERATED)


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return all_cases()


@pytest.fixture(scope="module")
def results(own: Service, cases: dict[str, Case]) -> dict[str, list[dict[str, Any]]]:
    """The two results of every case: with statsmodels' standard errors, and with lme4's."""
    script = f"require {BANK}:1 as o\n"
    for name, case in cases.items():
        model = f"regress-mml y {' '.join(case.terms)} by {' '.join(case.groups)}"
        constant = "" if case.constant else "noconstant "
        script += preparation(name, case) + f"{model}, {constant}\n".replace(", \n", "\n")
        script += f"{model}, {constant}se(gls)\n"
    document = own.run(script)
    failed = [one for one in document["results"] if one["status"] != "ok"]
    assert failed == []
    models = [one for one in document["results"] if one["command"] == "regress-mml"]
    return {name: models[2 * place : 2 * place + 2] for place, name in enumerate(cases)}


def table(result: dict[str, Any], key: str, head: str) -> dict[str, dict[str, Any]]:
    found = next(one for one in result["blocks"] if one["key"] == key)
    return {row[head]: row for row in records(found)}


def column(result: dict[str, Any], name: str) -> list[float]:
    """A column of the coefficients, the constant last as in statsmodels' design here."""
    return [row[name] for row in table(result, "coefficients", "term").values()]


@pytest.mark.parametrize("name", published())
def test_published_figures_come_out_of_the_program(results: dict[str, list[dict[str, Any]]], name: str) -> None:
    """lme4 at its exact optimum, to 1e-8: a few units of its own last digits in the variances."""
    expected, (result, gls) = published()[name], results[name]
    np.testing.assert_allclose(column(result, "estimate"), expected.fixed, rtol=1e-8)
    np.testing.assert_allclose(column(gls, "std_error"), expected.errors, rtol=1e-8)
    found = {level: row["variance"] for level, row in table(result, "random_effects", "variable").items()}
    assert found == pytest.approx(expected.variances, rel=1e-8, abs=0.0)
    model = table(result, "model", "statistic")
    assert model["log_likelihood"]["value"] == pytest.approx(expected.log_likelihood, rel=1e-12)
    assert model["n_obs"]["value"] == expected.case.numbers["y"].size


@pytest.mark.parametrize("name", [name for name in NAMES if name != "dyestuff2"])
def test_figures_are_those_of_statsmodels_at_its_optimum(
    results: dict[str, list[dict[str, Any]]], cases: dict[str, Case], name: str
) -> None:
    """As in tests/golden: 1e-8, variances 2e-8, because MixedLM stops by its gradient. Not at a variance of zero."""
    case, result = cases[name], results[name][0]
    oracle = statsmodels_at(case, ours(case))
    shown = len(case.columns) if case.shifted else oracle.fe_params.size  # the constant stands at another place
    for key, theirs in (("estimate", oracle.fe_params), ("std_error", oracle.bse_fe)):
        mine = np.array(column(result, key)) * case.factor_units
        np.testing.assert_allclose(mine[:shown], np.asarray(theirs)[:shown], rtol=1e-8)
    found = table(result, "random_effects", "variable")
    assert found["residual"]["variance"] == pytest.approx(oracle.scale, rel=1e-8)
    assert found[case.groups[0]]["variance"] == pytest.approx(np.asarray(oracle.cov_re)[0, 0], rel=2e-8)
    if len(case.groups) == 2:
        assert found["mid"]["variance"] == pytest.approx(oracle.vcomp[0], rel=2e-8)
    model = table(result, "model", "statistic")
    jacobian = float(np.log(case.factor_units).sum())
    assert model["log_likelihood"]["value"] == pytest.approx(oracle.llf - jacobian, rel=1e-10)
    assert model["n_obs"]["value"] == case.numbers["y"].size


@pytest.mark.parametrize("name", GENERATED)
def test_no_digit_is_lost_between_the_estimator_and_the_researcher(
    results: dict[str, list[dict[str, Any]]], cases: dict[str, Case], name: str
) -> None:
    """1e-10: only the order of the rows, and so of the sums, differs; means of 1e8 leave it 8 of 16 digits."""
    fit, result = ours(cases[name]), results[name][0]
    rtol = 1e-6 if name == "means_of_1e8" else 1e-10
    np.testing.assert_allclose(column(result, "estimate"), fit.coefficients, rtol=rtol)
    np.testing.assert_allclose(column(result, "std_error"), fit.std_errors, rtol=rtol)
    digits = [len(repr(value).split("e")[0].replace(".", "").strip("-0")) for value in column(result, "std_error")]
    assert max(digits) >= 15


def test_a_variance_of_zero_is_zero_and_marked(results: dict[str, list[dict[str, Any]]]) -> None:
    found = table(results["dyestuff2"][0], "random_effects", "variable")
    assert found["g"]["variance"] == 0.0
    assert found["g"]["std_error"] is None


@pytest.mark.parametrize("name", ["ten_thousand_rows", "orthodont", "three_levels_reused_labels"])
def test_terms_in_control_take_part_and_are_not_shown(own: Service, cases: dict[str, Case], name: str) -> None:
    """The first term alone is shown, with statsmodels' figures of the model that has all terms (1e-8)."""
    case = cases[name]
    shown, *controls = case.terms
    assert controls
    model = f"regress-mml y {shown} by {' '.join(case.groups)}, control({', '.join(controls)})\n"
    document = own.run(f"require {BANK}:1 as o\n" + preparation(name, case) + model)
    result = document["results"][-1]
    assert result["status"] == "ok", result
    oracle = statsmodels_at(case, ours(case))
    rows = table(result, "coefficients", "term")
    assert set(rows) == {shown, "_cons"}
    for key, theirs in (("estimate", oracle.fe_params), ("std_error", oracle.bse_fe)):
        found = [rows[one][key] for one in (shown, "_cons")]
        np.testing.assert_allclose(found, np.asarray(theirs)[[0, -1]], rtol=1e-8)
    model_rows = table(result, "model", "statistic")
    assert model_rows["wald_coef"]["df"] == len(case.terms)
    assert model_rows["log_likelihood"]["value"] == pytest.approx(oracle.llf, rel=1e-10)
