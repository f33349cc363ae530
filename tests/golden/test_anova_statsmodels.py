"""anova's sums of squares are statsmodels' of type II, and its comparisons those of pairwise_tukeyhsd."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multicomp import pairwise_tukeyhsd
from support.model_data import in_batches, term

from grille.server.statistics.anova import TermTest, term_tests
from grille.server.statistics.design import DesignSpec, DesignTerm, expand
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.ols import OlsResult, fit_ols
from grille.server.statistics.tukey import tukey_hsd

N = 900


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """An unbalanced design: every factor leans on the others and on the covariate."""
    rng = np.random.default_rng(8)
    sex = rng.integers(1, 3, N)
    edu = np.minimum(rng.integers(1, 5, N) + (sex == 2) * rng.integers(0, 2, N), 4)
    region = rng.integers(1, 4, N)
    age = rng.normal(40, 10, N) + 3 * edu
    wage = 3e5 + 2e4 * edu + 1e4 * (sex == 1) * edu + 900 * age + 3e3 * region + 5e4 * rng.normal(size=N)
    return pd.DataFrame({"wage": wage, "sex": sex, "edu": edu, "region": region, "age": age})


def run_anova(
    data: pd.DataFrame, terms: list[DesignTerm], constant: bool = True
) -> tuple[OlsResult, tuple[TermTest, ...]]:
    numbers = {name: data[name] for name in ("wage", "age")}
    passes, levels = in_batches(numbers, {name: data[name] for name in ("sex", "edu", "region")})
    moments = collect_moments(passes, expand(DesignSpec("wage", tuple(terms), constant), levels), levels)
    sizes = [len(expand(DesignSpec("wage", (one,)), levels).columns) for one in terms]
    ends = np.cumsum([0, *sizes])
    fit = fit_ols(moments)
    places = [range(start, end) for start, end in pairwise(ends)]
    return fit, term_tests(moments, fit, terms, places)


def patsy_name(part: str) -> str:
    return f"C({part[2:]})" if part.startswith("i.") else part.removeprefix("c.")


@pytest.mark.parametrize(
    "formula, terms",
    [
        ("C(edu)", ["i.edu"]),
        ("C(sex) + C(edu)", ["i.sex", "i.edu"]),
        ("C(sex) * C(edu)", ["i.sex", "i.edu", "i.sex#i.edu"]),
        ("C(edu) + age", ["i.edu", "c.age"]),
        ("C(edu) * age", ["i.edu", "c.age", "i.edu#c.age"]),
        ("C(sex) * C(edu) + C(region) + age", ["i.sex", "i.edu", "i.region", "c.age", "i.sex#i.edu"]),
        (
            "C(sex) * C(edu) * C(region)",
            ["i.sex", "i.edu", "i.region", "i.sex#i.edu", "i.sex#i.region", "i.edu#i.region", "i.sex#i.edu#i.region"],
        ),
    ],
)
def test_every_term_is_tested_as_type_two(data: pd.DataFrame, formula: str, terms: list[str]) -> None:
    fit, found = run_anova(data, [term(one) for one in terms])
    oracle = anova_lm(smf.ols(f"wage ~ {formula}", data).fit(), typ=2)
    for name, one in zip(terms, found, strict=True):
        row = oracle.loc[":".join(patsy_name(part) for part in name.split("#"))]
        # statsmodels gets its sums back from F of an inverted covariance, which keeps about ten digits
        assert one.ss == pytest.approx(row["sum_sq"], rel=1e-8)
        assert one.df == row["df"]
        assert one.f == pytest.approx(row["F"], rel=1e-8)
        assert one.p_value == pytest.approx(row["PR(>F)"], rel=1e-6, abs=1e-300)
    assert fit.ss_resid == pytest.approx(oracle.loc["Residual", "sum_sq"], rel=1e-9)
    assert fit.df_resid == oracle.loc["Residual", "df"]


def test_sums_of_squares_are_differences_of_residuals_to_nine_digits(data: pd.DataFrame) -> None:
    terms = ["i.sex", "i.edu", "i.sex#i.edu"]
    _, found = run_anova(data, [term(one) for one in terms])
    residual = {
        formula: smf.ols(f"wage ~ {formula}", data).fit().ssr
        for formula in ("C(sex)", "C(edu)", "C(sex) + C(edu)", "C(sex) * C(edu)")
    }
    both = residual["C(sex) + C(edu)"]
    expected = (residual["C(edu)"] - both, residual["C(sex)"] - both, both - residual["C(sex) * C(edu)"])
    assert tuple(one.ss for one in found) == pytest.approx(expected, rel=1e-9)


def test_one_way_is_the_f_test_of_group_means(data: pd.DataFrame) -> None:
    _, (edu,) = run_anova(data, [term("i.edu")])
    expected = scipy.stats.f_oneway(*(group for _, group in data.groupby("edu")["wage"]))
    assert edu.f == pytest.approx(expected.statistic, rel=1e-9)
    assert edu.p_value == pytest.approx(expected.pvalue, rel=1e-7)


def test_without_a_constant_the_first_factor_has_every_mean(data: pd.DataFrame) -> None:
    terms = [DesignTerm(term("i.edu").variables, whole=True), term("i.sex"), term("c.age")]
    fit, found = run_anova(data, terms, constant=False)
    oracle = anova_lm(smf.ols("wage ~ 0 + C(edu) + C(sex) + age", data).fit(), typ=2)
    for one, name in zip(found, ("C(edu)", "C(sex)", "age"), strict=True):
        assert one.ss == pytest.approx(oracle.loc[name, "sum_sq"], rel=1e-8)
        assert one.df == oracle.loc[name, "df"]
    assert fit.df_resid == oracle.loc["Residual", "df"]


def test_a_term_that_others_contain_adds_nothing(data: pd.DataFrame) -> None:
    copied = data.assign(region=data["edu"])
    _, found = run_anova(copied, [term("i.edu"), term("i.region"), term("i.sex")])
    assert [(one.df, one.f) for one in found[:2]] == [(0, None)] * 2
    assert found[2].df == 1


@pytest.mark.parametrize("level", [90.0, 95.0])
def test_pairs_are_compared_as_by_statsmodels(data: pd.DataFrame, level: float) -> None:
    groups = data.groupby("edu")["wage"]
    within = float(((groups.count() - 1) * groups.var()).sum())
    means, sizes = groups.mean().to_numpy(), groups.count().to_numpy(dtype=float)
    found = tukey_hsd(means, sizes, within, N - len(means), level)
    oracle = pairwise_tukeyhsd(data["wage"], data["edu"], alpha=1 - level / 100)
    np.testing.assert_allclose(found.difference, oracle.meandiffs, rtol=1e-9)
    np.testing.assert_allclose(found.difference - found.half_width, oracle.confint[:, 0], rtol=1e-8)
    np.testing.assert_allclose(found.difference + found.half_width, oracle.confint[:, 1], rtol=1e-8)
    # the distribution is integrated numerically, to about 1e-10 of itself
    np.testing.assert_allclose(found.p_value, oracle.pvalues, atol=1e-9)
