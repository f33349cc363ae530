"""Results do not depend on units, origins, the order of rows or the size of batches."""

from __future__ import annotations

import numpy as np
import pytest
from support.model_data import gathered, spec

from grille.server.statistics.reml import fit_mixed

RNG = np.random.default_rng(11)
MID = np.repeat(np.arange(80), RNG.integers(1, 40, 80))
N = MID.size
X, Z = RNG.normal(size=N), RNG.normal(size=80)[MID]
Y = X - 0.5 * Z + 0.6 * RNG.normal(size=80)[MID] + 0.5 * RNG.normal(size=8)[MID // 10] + RNG.normal(size=N)


@pytest.mark.parametrize("groups", [("mid",), ("top", "mid")])
def test_units_and_origins_change_only_what_they_must(groups: tuple[str, ...]) -> None:
    factors = {"mid": MID, "top": MID // 10}
    plain = fit_mixed(gathered(spec("y", ["x", "z"]), {"x": X, "z": Z, "y": Y}, factors, groups)[0])
    moved = {"x": 1e6 + 0.01 * X, "z": 500 * Z - 3e4, "y": 1e5 * Y + 1e7}
    other = fit_mixed(gathered(spec("y", ["x", "z"]), moved, factors, groups)[0])
    np.testing.assert_allclose(other.z[:2], plain.z[:2], rtol=1e-8)
    np.testing.assert_allclose(other.coefficients[:2], plain.coefficients[:2] * [1e7, 200], rtol=1e-8)
    np.testing.assert_allclose(other.ratios, plain.ratios, rtol=1e-7)
    assert other.lr_test.chi2 == pytest.approx(plain.lr_test.chi2, rel=1e-8)
    assert other.wald_total is not None
    assert plain.wald_total is not None
    assert other.wald_total.chi2 == pytest.approx(plain.wald_total.chi2, rel=1e-8)
    assert other.r2_marginal == pytest.approx(plain.r2_marginal, rel=1e-8)


def test_the_order_of_rows_and_the_batches_do_not_matter() -> None:
    order = RNG.permutation(N)
    numbers, factors = {"x": X, "z": Z, "y": Y}, {"mid": MID, "top": MID // 10}
    model = spec("y", ["x", "z"])
    plain = fit_mixed(gathered(model, numbers, factors, ("top", "mid"), rows=10**6)[0])
    shuffled = fit_mixed(
        gathered(
            model,
            {name: values[order] for name, values in numbers.items()},
            {name: values[order] for name, values in factors.items()},
            ("top", "mid"),
            rows=101,
        )[0]
    )
    np.testing.assert_allclose(shuffled.coefficients, plain.coefficients, rtol=1e-11)
    np.testing.assert_allclose(shuffled.std_errors, plain.std_errors, rtol=1e-9)
    assert shuffled.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-13)


def test_marginal_and_conditional_r2_are_shares_of_the_estimated_variance() -> None:
    """Nakagawa and Schielzeth (2013), equations 26 and 30."""
    fit = fit_mixed(gathered(spec("y", ["x", "z"]), {"x": X, "z": Z, "y": Y}, {"mid": MID}, ("mid",))[0])
    fixed = np.var(fit.coefficients[0] * X + fit.coefficients[1] * Z, ddof=1)
    between = fit.levels[0].variance
    total = fixed + between + fit.residual_variance
    assert fit.r2_marginal == pytest.approx(fixed / total, rel=1e-10)
    assert fit.r2_conditional == pytest.approx((fixed + between) / total, rel=1e-10)
    assert fit.levels[0].icc == pytest.approx(between / (between + fit.residual_variance), rel=1e-12)
