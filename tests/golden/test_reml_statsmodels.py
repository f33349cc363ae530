"""regress-mml is statsmodels' MixedLM at its true optimum, and finds that optimum."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams
from support.model_data import gathered, spec

from grille.server.statistics.reml import MixedResult, fit_mixed

Floats = NDArray[np.float64]


@dataclass
class Case:
    terms: list[str]
    numbers: dict[str, Floats]
    factors: dict[str, NDArray[np.int64]]
    groups: tuple[str, ...]
    constant: bool = True
    columns: list[Floats] = field(default_factory=list)  # the design in full, as statsmodels gets it


def two_level(seed: int, groups: int, sizes: Callable[[np.random.Generator], int], spread: float) -> Case:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), [sizes(rng) for _ in range(groups)])
    rng.shuffle(g)
    x1, x2 = rng.normal(size=g.size), (rng.random(g.size) < 0.4).astype(float)
    y = 2 + 0.5 * x1 - x2 + spread * rng.normal(size=groups)[g] + rng.normal(size=g.size)
    return Case(["x1", "x2"], {"x1": x1, "x2": x2, "y": y}, {"g": g}, ("g",), columns=[x1, x2])


def three_level(seed: int, spread_top: float, spread_middle: float, reused: bool = False) -> Case:
    rng = np.random.default_rng(seed)
    middles = rng.integers(2, 7, 18)
    pair_top = np.repeat(np.arange(18), middles)
    label = np.concatenate([np.arange(m) for m in middles]) if reused else np.arange(pair_top.size)
    cell = np.repeat(np.arange(pair_top.size), rng.integers(1, 12, pair_top.size))
    rng.shuffle(cell)
    x1, x2 = rng.normal(size=cell.size), rng.normal(size=18)[pair_top[cell]]
    top, middle = rng.normal(size=18) * spread_top, rng.normal(size=pair_top.size) * spread_middle
    y = 1 + x1 + 0.3 * x2 + top[pair_top[cell]] + middle[cell] + rng.normal(size=cell.size)
    factors = {"top": pair_top[cell], "mid": label[cell]}
    return Case(["x1", "x2"], {"x1": x1, "x2": x2, "y": y}, factors, ("top", "mid"), columns=[x1, x2])


def with_factor() -> Case:
    case = two_level(5, 25, lambda r: int(r.integers(2, 20)), 0.8)
    edu = np.random.default_rng(50).integers(1, 5, case.numbers["y"].size)
    case.factors["edu"] = edu
    case.terms.append("i.edu")
    case.columns += [(edu == level).astype(float) for level in (2, 3, 4)]
    return case


def with_interactions() -> Case:
    case = with_factor()
    sex = np.random.default_rng(51).integers(0, 2, case.numbers["y"].size)
    case.factors["sex"] = sex
    case.terms = ["x1", "x2", "i.edu##i.sex", "c.x1#c.x2", "i.sex#c.x1"]
    edu = case.factors["edu"]
    case.columns.append(sex.astype(float))
    case.columns += [((edu == level) & (sex == 1)).astype(float) for level in (2, 3, 4)]
    case.columns += [case.numbers["x1"] * case.numbers["x2"], sex * case.numbers["x1"]]
    return case


def group_constant() -> Case:
    case = two_level(6, 40, lambda r: int(r.integers(1, 9)), 0.7)
    z = np.random.default_rng(60).normal(size=40)[case.factors["g"]]
    case.numbers["z"] = z
    case.terms.append("z")
    case.columns.append(z)
    return case


def badly_scaled() -> Case:
    case = two_level(7, 30, lambda r: int(r.integers(3, 15)), 1.0)
    year = 1950.0 + np.random.default_rng(70).integers(0, 60, case.numbers["y"].size)
    income = 1e6 * np.random.default_rng(71).lognormal(size=year.size)
    case.numbers |= {"year": year, "income": income, "y": case.numbers["y"] * 1e4 + 3e5}
    case.terms += ["year", "income"]
    case.columns += [year, income]
    return case


def without_constant() -> Case:
    case = two_level(8, 20, lambda r: int(r.integers(3, 15)), 1.2)
    case.constant = False
    return case


CASES: dict[str, Callable[[], Case]] = {
    "balanced": lambda: two_level(1, 20, lambda r: 10, 1.0),
    "unbalanced": lambda: two_level(2, 30, lambda r: int(r.integers(1, 60)), 0.5),
    "small_variance": lambda: two_level(3, 40, lambda r: int(r.integers(5, 25)), 0.15),
    "high_icc": lambda: two_level(4, 25, lambda r: int(r.integers(2, 12)), 8.0),
    "mostly_singletons": lambda: two_level(14, 120, lambda r: 1 if r.random() < 0.6 else 4, 1.0),
    "few_groups": lambda: two_level(15, 4, lambda r: int(r.integers(20, 60)), 1.0),
    "factor": with_factor,
    "interactions": with_interactions,
    "group_constant_covariate": group_constant,
    "badly_scaled": badly_scaled,
    "noconstant": without_constant,
    "three_levels": lambda: three_level(9, 1.0, 0.7),
    "three_levels_reused_labels": lambda: three_level(10, 0.8, 1.2, reused=True),
    "three_levels_high_icc": lambda: three_level(11, 4.0, 3.0),
}


def ours(case: Case) -> MixedResult:
    model = spec("y", case.terms, case.constant)
    return fit_mixed(gathered(model, case.numbers, case.factors, case.groups, rows=100)[0])


def statsmodels_model(case: Case) -> MixedLM:
    exog = np.column_stack(case.columns + ([np.ones(case.numbers["y"].size)] if case.constant else []))
    top = case.factors[case.groups[0]]
    if len(case.groups) == 1:
        return MixedLM(case.numbers["y"], exog, groups=top)
    frame = pd.DataFrame({"mid": case.factors["mid"], "top": top, "y": case.numbers["y"]})
    names = [f"c{j}" for j in range(exog.shape[1])]
    frame[names] = exog
    formula = "y ~ 0 + " + " + ".join(names)
    return MixedLM.from_formula(formula, frame, groups="top", re_formula="1", vc_formula={"mid": "0 + C(mid)"})


def statsmodels_at(case: Case, fit: MixedResult):
    model = statsmodels_model(case)
    start = MixedLMParams.from_components(
        fe_params=fit.coefficients,
        cov_re=np.array([[fit.ratios[-1]]]),
        vcomp=fit.ratios[:-1] if len(case.groups) == 2 else np.empty(0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own line search, at the optimum
        return model.fit(start_params=start, reml=True, method="bfgs", gtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_mixedlm_at_the_optimum(name: str) -> None:
    case = CASES[name]()
    fit = ours(case)
    oracle = statsmodels_at(case, fit)
    p = len(fit.terms)
    assert fit.n == int(oracle.nobs)
    assert fit.log_likelihood == pytest.approx(oracle.llf, rel=1e-10)
    np.testing.assert_allclose(fit.coefficients, oracle.fe_params, rtol=1e-8)
    np.testing.assert_allclose(fit.std_errors, oracle.bse_fe, rtol=1e-8)
    np.testing.assert_allclose(fit.z, np.asarray(oracle.tvalues)[:p], rtol=1e-8)
    np.testing.assert_allclose(fit.p_values, np.asarray(oracle.pvalues)[:p], rtol=1e-6, atol=1e-300)
    np.testing.assert_allclose(fit.intervals, np.asarray(oracle.conf_int())[:p], rtol=1e-7)
    assert fit.residual_variance == pytest.approx(oracle.scale, rel=1e-8)
    assert fit.levels[0].variance == pytest.approx(np.asarray(oracle.cov_re)[0, 0], rel=2e-8)
    if len(case.groups) == 2:
        assert fit.levels[1].variance == pytest.approx(oracle.vcomp[0], rel=2e-8)
    slopes = p - case.constant
    restrict = np.eye(slopes, np.asarray(oracle.params).size)
    assert fit.wald_coef is not None
    assert fit.wald_coef.chi2 == pytest.approx(float(oracle.wald_test(restrict, scalar=True).statistic), rel=1e-7)
    total = np.delete(np.eye(np.asarray(oracle.params).size), [p - 1] if case.constant else [], axis=0)
    assert fit.wald_total is not None
    assert fit.wald_total.df == slopes + len(case.groups)
    assert fit.wald_total.chi2 == pytest.approx(float(oracle.wald_test(total, scalar=True).statistic), rel=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_no_point_near_the_optimum_is_better_for_mixedlm(name: str) -> None:
    case = CASES[name]()
    fit = ours(case)
    model = statsmodels_model(case)
    model.reml, model.cov_pen, model.fe_pen = True, None, None  # what fit() would set

    def loglike(ratios: Floats) -> float:
        params = MixedLMParams.from_components(
            fe_params=fit.coefficients, cov_re=np.array([[ratios[-1]]]), vcomp=ratios[:-1]
        )
        return float(model.loglike(params, profile_fe=True))

    best = loglike(fit.ratios)
    assert fit.log_likelihood == pytest.approx(best, rel=1e-10)
    for k in range(fit.ratios.size):
        for factor in (0.5, 0.97, 1.03, 2.0):
            moved = fit.ratios.copy()
            moved[k] *= factor
            assert loglike(moved) < best


def test_a_variance_of_zero_is_found_exactly_and_leaves_least_squares() -> None:
    rng = np.random.default_rng(1234)
    g = np.repeat(np.arange(12), 8)
    x = rng.normal(size=96)
    noise = rng.normal(size=96)
    noise -= (np.bincount(g, noise) / 8)[g]  # group means agree better than chance
    y = 1 + x + noise + 0.01 * rng.normal(size=12)[g]
    fit = ours(Case(["x1"], {"x1": x, "y": y}, {"g": g}, ("g",)))
    oracle = sm.OLS(y, np.column_stack([x, np.ones(96)])).fit()
    assert fit.levels[0].variance == 0.0
    assert fit.levels[0].at_zero
    assert fit.levels[0].variance_error is None
    assert fit.lr_test.chi2 == 0.0
    assert fit.lr_test.p_value == 1.0
    np.testing.assert_allclose(fit.coefficients, oracle.params, rtol=1e-12)
    np.testing.assert_allclose(fit.std_errors, oracle.bse, rtol=1e-12)
    assert fit.wald_total is not None
    assert fit.wald_total.df == 1


@pytest.mark.parametrize("zero_level", [0, 1])
def test_one_of_two_variances_at_zero_leaves_the_two_level_model(zero_level: int) -> None:
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
    fit = ours(Case(["x1"], {"x1": x, "y": y}, factors, ("top", "mid")))
    assert fit.levels[zero_level].at_zero
    assert fit.levels[zero_level].variance == 0.0
    remaining = ("mid",) if zero_level == 0 else ("top",)
    alone = Case(["x1"], {"x1": x, "y": y}, factors, remaining, columns=[x])
    oracle = statsmodels_at(alone, ours(alone))
    assert fit.log_likelihood == pytest.approx(oracle.llf, rel=1e-10)
    np.testing.assert_allclose(fit.std_errors, oracle.bse_fe, rtol=1e-8)
    assert fit.levels[1 - zero_level].variance == pytest.approx(np.asarray(oracle.cov_re)[0, 0], rel=1e-8)
    assert fit.lr_test.df == 2
