"""Full likelihood, robust errors, models without terms, and searches that are given up."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2
from support.model_data import gathered, in_batches, spec

from grille.server.errors import NumericError
from grille.server.statistics.design import expand
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.nested import nested_problem
from grille.server.statistics.optimiser import minimise
from grille.server.statistics.reml import MixedResult, fit_mixed
from grille.server.statistics.scaling import scale_moments

Floats = NDArray[np.float64]


class Rows:
    """Nested rows with a design that the tests write out in full."""

    def __init__(self, seed: int = 4, constant: bool = True, tops: int = 12, spread: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        self.top_of = np.repeat(np.arange(tops), rng.integers(2, 5, tops))
        self.cell = np.repeat(np.arange(self.top_of.size), rng.integers(1, 9, self.top_of.size))
        rng.shuffle(self.cell)
        self.top = self.top_of[self.cell]
        self.x1 = 40 + 3 * rng.normal(size=self.cell.size)
        self.x2 = rng.normal(size=tops)[self.top]
        effects = spread * (rng.normal(size=tops)[self.top] + 0.6 * rng.normal(size=self.top_of.size)[self.cell])
        self.y = 7 + 0.2 * self.x1 + self.x2 + effects + rng.normal(size=self.cell.size) * (1 + 0.5 * (self.top % 3))
        self.constant = constant
        columns = [self.x1, self.x2] + ([np.ones(self.cell.size)] if constant else [])
        self.X = np.column_stack(columns)

    def fit(self, groups: tuple[str, ...], errors: str = "statsmodels", likelihood: str = "reml") -> MixedResult:
        numbers = {"x1": self.x1, "x2": self.x2, "y": self.y}
        moments, passes, _, _ = gathered(
            spec("y", ["x1", "x2"], self.constant), numbers, {"top": self.top, "mid": self.cell}, groups, rows=37
        )
        return fit_mixed(moments, 95.0, errors, likelihood, passes)  # type: ignore[arg-type]

    def indicators(self, groups: tuple[str, ...]) -> list[Floats]:
        """Lowest level first."""
        every = {"top": self.top, "mid": self.cell}
        return [(every[g][:, None] == np.unique(every[g])).astype(float) for g in reversed(groups)]

    def covariance(self, groups: tuple[str, ...], ratios: Floats) -> Floats:
        made = np.eye(self.y.size)
        for ratio, indicator in zip(ratios, self.indicators(groups), strict=True):
            made += ratio * indicator @ indicator.T
        return made


GROUPS = [("top",), ("top", "mid")]


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("likelihood", ["reml", "ml"])
def test_robust_errors_are_the_sandwich_of_dense_matrices(
    groups: tuple[str, ...], constant: bool, likelihood: str
) -> None:
    rows = Rows(constant=constant)
    fit = rows.fit(groups, "robust", likelihood)
    W = np.linalg.inv(rows.covariance(groups, fit.ratios))
    bread = np.linalg.inv(rows.X.T @ W @ rows.X)
    residual = rows.y - rows.X @ fit.coefficients
    labels = np.unique(rows.top)
    scores = [
        rows.X[rows.top == h].T @ W[np.ix_(rows.top == h, rows.top == h)] @ residual[rows.top == h] for h in labels
    ]
    meat = sum(np.outer(u, u) for u in scores)
    expected = bread @ meat @ bread * labels.size / (labels.size - 1)
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-8, atol=1e-10 * np.abs(expected).max())
    np.testing.assert_allclose(fit.std_errors, np.sqrt(np.diagonal(expected)), rtol=1e-9)
    assert fit.wald_coef is not None
    slopes = fit.coefficients[:2]
    assert fit.wald_coef.chi2 == pytest.approx(slopes @ np.linalg.solve(expected[:2, :2], slopes), rel=1e-7)
    assert fit.wald_total is None
    plain = rows.fit(groups, "statsmodels", likelihood)
    np.testing.assert_array_equal(fit.coefficients, plain.coefficients)
    assert fit.levels == plain.levels


@pytest.mark.parametrize("batch", [5, 1000])
def test_robust_errors_of_factors_are_those_of_their_indicators(batch: int) -> None:
    """Few and many rows per batch take different ways; a column that repeats another is left out of both."""
    rows = Rows(seed=6, tops=20)
    rng = np.random.default_rng(60)
    edu, sex = rng.integers(1, 5, rows.y.size), rng.integers(0, 2, rows.y.size)
    numbers = {"x1": rows.x1, "again": 2 * rows.x1 + 1, "y": rows.y}
    numbers |= {f"e{level}": (edu == level).astype(float) for level in (2, 3, 4)}
    numbers |= {f"s{level}": (edu == level) * sex * rows.x1 for level in (2, 3, 4)} | {"sex": sex.astype(float)}
    factors = {"top": rows.top, "mid": rows.cell, "edu": edu, "male": sex}
    fits = []
    for terms in (
        ["x1", "again", "i.edu", "i.male", "i.edu#i.male#c.x1"],
        ["x1", "e2", "e3", "e4", "sex", "s2", "s3", "s4"],
    ):
        moments, passes, _, _ = gathered(spec("y", terms), numbers, factors, ("top", "mid"), rows=batch)
        fits.append(fit_mixed(moments, errors="robust", passes=passes))
    assert fits[0].dropped == ("again",)
    np.testing.assert_allclose(fits[0].coefficients, fits[1].coefficients, rtol=1e-8)
    np.testing.assert_allclose(fits[0].std_errors, fits[1].std_errors, rtol=1e-8)


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("constant", [True, False])
def test_gls_errors_are_those_of_generalised_least_squares(groups: tuple[str, ...], constant: bool) -> None:
    rows = Rows(constant=constant)
    for likelihood in ("reml", "ml"):
        fit = rows.fit(groups, "gls", likelihood)
        W = np.linalg.inv(rows.covariance(groups, fit.ratios))
        expected = fit.residual_variance * np.linalg.inv(rows.X.T @ W @ rows.X)
        np.testing.assert_allclose(fit.std_errors, np.sqrt(np.diagonal(expected)), rtol=1e-8)


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("constant", [True, False])
def test_full_likelihood_is_the_normal_density(groups: tuple[str, ...], constant: bool) -> None:
    """The log-density of y at the estimates, with no larger one nearby; the LR test against least squares by ML."""
    rows = Rows(constant=constant)
    fit = rows.fit(groups, likelihood="ml")
    n = rows.y.size

    def log_density(ratios: Floats, s2: float, beta: Floats) -> float:
        V = s2 * rows.covariance(groups, ratios)
        residual = rows.y - rows.X @ beta
        quadratic = residual @ np.linalg.solve(V, residual)
        return float(-0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + quadratic))

    best = log_density(fit.ratios, fit.residual_variance, fit.coefficients)
    assert fit.log_likelihood == pytest.approx(best, rel=1e-11)
    for factor in (0.97, 1.03):
        assert log_density(fit.ratios, fit.residual_variance * factor, fit.coefficients) < best
        for k in range(fit.ratios.size):
            moved = fit.ratios.copy()
            moved[k] *= factor
            assert log_density(moved, fit.residual_variance, fit.coefficients) < best
        for j in range(fit.coefficients.size):
            beta = fit.coefficients.copy()
            beta[j] *= 2 - factor
            assert log_density(fit.ratios, fit.residual_variance, beta) < best
    beta, *_ = np.linalg.lstsq(rows.X, rows.y, rcond=None)
    s2 = float(((rows.y - rows.X @ beta) ** 2).mean())
    without = -0.5 * n * (np.log(2 * np.pi * s2) + 1)
    assert fit.lr_test.chi2 == pytest.approx(2 * (best - without), rel=1e-9)
    assert fit.lr_test.p_value == pytest.approx(chi2.sf(fit.lr_test.chi2, len(groups)), rel=1e-9)


def test_a_balanced_model_without_terms_has_the_anova_estimates() -> None:
    """Closed forms of one-way analysis of variance (Searle, Casella and McCulloch 1992, section 3.8 and 4.2)."""
    rng = np.random.default_rng(8)
    groups, size = 15, 6
    g = np.repeat(np.arange(groups), size)
    y = 3 + 2 * rng.normal(size=groups)[g] + rng.normal(size=g.size)
    moments, passes, _, _ = gathered(spec("y", []), {"y": y}, {"g": g}, ("g",))
    means = np.bincount(g, y) / size
    within = ((y - means[g]) ** 2).sum() / (groups * (size - 1))
    between = size * ((means - y.mean()) ** 2).sum()
    for likelihood, divisor in (("reml", groups - 1), ("ml", groups)):
        fit = fit_mixed(moments, likelihood=likelihood)  # type: ignore[arg-type]
        assert fit.terms == ("_cons",)
        assert fit.coefficients[0] == pytest.approx(y.mean(), rel=1e-12)
        assert fit.residual_variance == pytest.approx(within, rel=1e-8)
        assert fit.levels[0].variance == pytest.approx((between / divisor - within) / size, rel=1e-8)
        assert fit.std_errors[0] == pytest.approx(np.sqrt(between / divisor / g.size), rel=1e-8)
        assert fit.wald_coef is None
        assert fit.wald_total is not None
        assert fit.wald_total.df == 1
        assert fit.r2_marginal == 0.0
    robust = fit_mixed(moments, errors="robust", passes=passes)
    assert robust.wald_coef is None
    spread = np.sqrt(((means - y.mean()) ** 2).sum() / (groups - 1) / groups)  # of equal group means
    assert robust.std_errors[0] == pytest.approx(spread, rel=1e-9)
    leverage = design_leverage(moments, robust.scaling, passes, robust.ratios)
    assert 1 / g.size <= leverage.largest < 0.2


def test_three_levels_without_terms_have_the_nested_anova_estimates() -> None:
    rng = np.random.default_rng(9)
    tops, mids, size = 10, 4, 5
    top = np.repeat(np.arange(tops), mids * size)
    cell = np.repeat(np.arange(tops * mids), size)
    y = 2 * rng.normal(size=tops)[top] + rng.normal(size=tops * mids)[cell] + rng.normal(size=cell.size)
    fit = fit_mixed(gathered(spec("y", []), {"y": y}, {"h": top, "g": cell}, ("h", "g"))[0])
    cell_means, top_means = np.bincount(cell, y) / size, np.bincount(top, y) / (mids * size)
    residual = ((y - cell_means[cell]) ** 2).sum() / (tops * mids * (size - 1))
    middle = size * ((cell_means - np.repeat(top_means, mids)) ** 2).sum() / (tops * (mids - 1))
    highest = mids * size * ((top_means - y.mean()) ** 2).sum() / (tops - 1)
    assert fit.residual_variance == pytest.approx(residual, rel=1e-8)
    assert fit.levels[1].variance == pytest.approx((middle - residual) / size, rel=1e-8)
    assert fit.levels[0].variance == pytest.approx((highest - middle) / (mids * size), rel=1e-8)
    assert fit.wald_coef is None


def test_no_terms_and_no_constant_is_refused() -> None:
    rows = Rows()
    with pytest.raises(NumericError) as caught:
        fit_mixed(gathered(spec("y", [], constant=False), {"y": rows.y}, {"g": rows.top}, ("g",))[0])
    assert caught.value.reason == "NO_COLUMNS"


def test_robust_errors_with_as_many_slopes_as_groups_have_no_joint_test() -> None:
    rng = np.random.default_rng(10)
    names = [f"x{j}" for j in range(5)]
    numbers = {name: rng.normal(size=80) for name in names} | {"y": rng.normal(size=80)}
    factors = {"g": np.arange(80) % 4}
    moments, passes, _, _ = gathered(spec("y", names), numbers, factors, ("g",))
    fit = fit_mixed(moments, errors="robust", passes=passes)
    assert fit.wald_coef is None
    assert (fit.std_errors > 0).all()
    assert fit_mixed(moments).wald_coef is not None


def test_robust_errors_without_the_rows_are_a_fault_of_the_caller() -> None:
    rows = Rows()
    moments = gathered(spec("y", ["x1"]), {"x1": rows.x1, "y": rows.y}, {"g": rows.top}, ("g",))[0]
    with pytest.raises(ValueError, match="pass over the rows"):
        fit_mixed(moments, errors="robust")


@pytest.mark.parametrize("restricted", [True, False])
def test_a_search_cut_short_is_an_error_and_not_an_answer(restricted: bool) -> None:
    rows = Rows()
    passes, levels = in_batches({"x1": rows.x1, "y": rows.y}, {"top": rows.top, "mid": rows.cell})
    moments = collect_moments(passes, expand(spec("y", ["x1"]), levels), levels, ("top", "mid"))
    assert moments.groups is not None
    problem = nested_problem(moments, moments.groups, scale_moments(moments), restricted)
    optimum = minimise(problem)
    assert optimum.iterations > 2
    assert optimum.gradient_norm < 1e-6
    assert not any(optimum.at_zero)
    for limit in (1, optimum.iterations - 1):
        with pytest.raises(NumericError) as caught:
            minimise(problem, limit)
        assert caught.value.reason == "NOT_CONVERGED"
        assert f" {limit} iterations" in caught.value.message.en
        assert f" {limit} iterasjoner" in caught.value.message.no
        assert caught.value.hint is not None
    assert minimise(problem, optimum.iterations).iterations == optimum.iterations


def test_the_search_tells_how_it_ended() -> None:
    fit = Rows().fit(("top", "mid"))
    assert 1 <= fit.convergence.iterations <= 30
    assert fit.convergence.evaluations >= fit.convergence.iterations
    assert fit.convergence.gradient_norm < 1e-6
