"""Leverage is that of the dense formulas, and bounds are never below it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.model_data import gathered, spec

from grille.server.errors import NumericError
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.ols import fit_ols
from grille.server.statistics.reml import fit_mixed

Floats = NDArray[np.float64]
ALWAYS_EXACT, NEVER_EXACT = (0.0, 0.0), (np.inf, np.inf)


def three(values: Floats) -> tuple[float, float]:
    ordered = np.sort(values)[::-1]
    return float(ordered[0]), float(ordered[:3].sum())


def hat(X: Floats) -> Floats:
    return np.diag(X @ np.linalg.solve(X.T @ X, X.T))


def deletion_leverage(X: Floats, V: Floats) -> Floats:
    W = np.linalg.inv(V)
    P = W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W)
    return 1 - np.diag(P) / np.diag(W)


@pytest.mark.parametrize("constant", [True, False])
def test_least_squares(constant: bool) -> None:
    rng = np.random.default_rng(2)
    x, f = rng.lognormal(sigma=1.5, size=300), rng.integers(0, 3, 300)
    model = spec("y", ["x", "i.f"], constant)
    moments, passes, _, _ = gathered(model, {"x": x, "y": rng.normal(size=300)}, {"f": f})
    fit = fit_ols(moments)
    X = np.column_stack([x, f == 1, f == 2] + ([np.ones(300)] if constant else [])).astype(float)
    exact = design_leverage(moments, fit.scaling, passes, enough=ALWAYS_EXACT)
    assert exact.exact
    assert (exact.largest, exact.three_largest) == pytest.approx(three(hat(X)), rel=1e-10)
    bound = design_leverage(moments, fit.scaling, passes, enough=NEVER_EXACT)
    assert not bound.exact
    assert bound.largest >= exact.largest
    assert bound.three_largest >= exact.three_largest


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.booleans(), st.booleans())
def test_multilevel_bounds_hold_and_the_exact_pass_is_the_deletion_leverage(
    seed: int, levels3: bool, constant: bool
) -> None:
    rng = np.random.default_rng(seed)
    cell = np.repeat(np.arange(12), rng.integers(1, 9, 12))
    rng.shuffle(cell)
    n = cell.size
    z = rng.normal(size=12)[cell]
    x = rng.standard_t(2, n)
    y = x + rng.normal(size=12)[cell] * rng.choice([0.1, 1, 10]) + rng.normal(size=n)
    groups = ("top", "mid") if levels3 else ("mid",)
    model = spec("y", ["x", "z"], constant)
    moments, passes, _, _ = gathered(model, {"x": x, "z": z, "y": y}, {"mid": cell, "top": cell // 3}, groups, rows=9)
    try:
        fit = fit_mixed(moments)
    except NumericError:
        return
    X = np.column_stack([x, z] + ([np.ones(n)] if constant else []))
    V = np.eye(n) + fit.ratios[0] * (cell[:, None] == cell)
    if levels3:
        V += fit.ratios[1] * (cell[:, None] // 3 == cell // 3)
    exact = design_leverage(moments, fit.scaling, passes, fit.ratios, ALWAYS_EXACT)
    plain, whitened = three(hat(X)), three(deletion_leverage(X, V))
    assert exact.largest == pytest.approx(max(plain[0], whitened[0]), rel=1e-7)
    assert exact.three_largest == pytest.approx(max(plain[1], whitened[1]), rel=1e-7)
    bound = design_leverage(moments, fit.scaling, passes, fit.ratios, NEVER_EXACT)
    assert bound.largest >= min(exact.largest, 1.0) * (1 - 1e-9)
    assert bound.three_largest >= exact.three_largest * (1 - 1e-9)


@pytest.mark.parametrize("groups", [(), ("mid",), ("top", "mid")])
def test_a_dummy_for_one_row_has_leverage_one(groups: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    cell = np.arange(400) % 20
    one = (np.arange(400) == 7).astype(float)
    y = rng.normal(size=400) + rng.normal(size=20)[cell]
    moments, passes, _, _ = gathered(spec("y", ["one"]), {"one": one, "y": y}, {"mid": cell, "top": cell // 4}, groups)
    if groups:
        fit = fit_mixed(moments)
        leverage = design_leverage(moments, fit.scaling, passes, fit.ratios)
    else:
        leverage = design_leverage(moments, fit_ols(moments).scaling, passes)
    assert leverage.exact
    assert leverage.largest == pytest.approx(1.0, abs=1e-9)


def test_a_plain_design_needs_no_second_pass() -> None:
    rng = np.random.default_rng(0)
    numbers = {"x": rng.normal(size=5000), "d": (rng.random(5000) < 0.3).astype(float), "y": rng.normal(size=5000)}
    moments = gathered(spec("y", ["x", "d"]), numbers)[0]

    def no_pass() -> object:
        raise AssertionError("the rows were read again")

    leverage = design_leverage(moments, fit_ols(moments).scaling, no_pass)  # type: ignore[arg-type]
    assert not leverage.exact
    assert leverage.largest < 0.2
