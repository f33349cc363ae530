"""The criterion and its derivatives are those of the dense covariance matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.model_data import gathered, spec

from grille.server.errors import NumericError
from grille.server.statistics.criterion import differentiate, evaluate
from grille.server.statistics.nested import nested_problem
from grille.server.statistics.scaling import scale_moments

Floats = NDArray[np.float64]


def dense(
    X: Floats, y: Floats, indicators: list[Floats], ratios: Floats, restricted: bool
) -> tuple[float, Floats, Floats]:
    """Criterion, gradient and Hessian from n x n matrices, in the plainest form."""
    n, p = X.shape
    V = np.eye(n) + sum(r * Z @ Z.T for r, Z in zip(ratios, indicators, strict=True))
    W = np.linalg.inv(V)
    K = X.T @ W @ X
    P = W - W @ X @ np.linalg.solve(K, X.T @ W)
    Q = y @ P @ y
    df = n - p if restricted else n
    T = P if restricted else W  # inside traces
    f = np.linalg.slogdet(V)[1] + df * (1 + np.log(2 * np.pi * Q / df))
    if restricted:
        f += np.linalg.slogdet(K)[1]
    size = len(indicators)
    gradient, hessian = np.empty(size), np.empty((size, size))
    D = [Z @ Z.T for Z in indicators]
    for k in range(size):
        gradient[k] = np.trace(T @ D[k]) - df * (y @ P @ D[k] @ P @ y) / Q
        for m in range(size):
            mixed = 2 * (y @ P @ D[k] @ P @ D[m] @ P @ y) / Q
            squared = (y @ P @ D[k] @ P @ y) * (y @ P @ D[m] @ P @ y) / Q**2
            hessian[k, m] = -np.trace(T @ D[k] @ T @ D[m]) + df * (mixed - squared)
    return float(f), gradient, hessian


@st.composite
def designs(draw: st.DrawFn) -> tuple[int, int, int, int, bool, list[float]]:
    levels = draw(st.integers(1, 2))
    ratio = st.one_of(st.just(0.0), st.floats(-4, 3).map(lambda e: 10.0**e))
    return (
        draw(st.integers(0, 2**31)),
        draw(st.integers(2, 6)),
        draw(st.integers(2, 5)),
        draw(st.integers(0, 3)),
        draw(st.booleans()),
        draw(st.lists(ratio, min_size=levels, max_size=levels)),
    )


@pytest.mark.parametrize("restricted", [True, False])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(design=designs())
def test_matches_the_dense_formula_on_random_nested_designs(
    restricted: bool, design: tuple[int, int, int, int, bool, list[float]]
) -> None:
    seed, tops, most_middles, covariates, constant, ratios = design
    rng = np.random.default_rng(seed)
    top_of = np.repeat(np.arange(tops), rng.integers(1, most_middles + 1, tops))
    cell = np.repeat(np.arange(top_of.size), rng.integers(1, 6, top_of.size))
    rng.shuffle(cell)
    n = cell.size
    columns = {f"x{j}": rng.normal(20 * rng.normal(), 10.0 ** rng.integers(-2, 3), n) for j in range(covariates)}
    y = rng.normal(size=n) + 5 + rng.normal(size=top_of.size)[cell]
    assume(covariates or constant)
    groups = ("top", "mid") if len(ratios) == 2 else ("mid",)
    model = spec("y", list(columns), constant)
    moments = gathered(model, columns | {"y": y}, {"top": top_of[cell], "mid": cell}, groups, rows=7)[0]
    assert moments.groups is not None
    try:
        scaling = scale_moments(moments)
        problem = nested_problem(moments, moments.groups, scaling, restricted)
    except NumericError:
        assume(False)
    ours = evaluate(problem, np.array(ratios))
    derivatives = differentiate(problem, ours)
    X = np.column_stack([columns[name] for name in scaling.terms if name in columns]) if covariates else None
    centred = (X - scaling.centre[:-1]) / scaling.scale[:-1] if X is not None else np.empty((n, 0))
    if constant:
        centred = np.column_stack([centred, np.ones(n)])
    # the dense formula itself loses as many digits as the condition number squared has
    assume(not centred.size or np.linalg.cond(centred) < 1e3)
    outcome = (y - scaling.centre[-1]) / scaling.scale[-1]
    indicators = [(cell[:, None] == np.arange(top_of.size)).astype(float)]
    if len(ratios) == 2:
        indicators.append((top_of[cell][:, None] == np.arange(tops)).astype(float))
    f, gradient, hessian = dense(centred, outcome, indicators, np.array(ratios), restricted)
    assert ours.criterion == pytest.approx(f, rel=1e-9, abs=1e-9)
    size = np.abs(gradient).max() + np.sqrt(np.diagonal(derivatives.fisher)).max()
    np.testing.assert_allclose(derivatives.gradient, gradient, rtol=1e-7, atol=1e-7 * size)
    np.testing.assert_allclose(derivatives.hessian, hessian, rtol=1e-6, atol=1e-6 * np.abs(derivatives.fisher).max())


@pytest.mark.parametrize("groups", [("mid",), ("top", "mid")])
def test_derivatives_match_differences_of_the_criterion(groups: tuple[str, ...]) -> None:
    rng = np.random.default_rng(3)
    cell = np.repeat(np.arange(40), rng.integers(1, 15, 40))
    numbers = {"x": rng.normal(size=cell.size), "y": rng.normal(size=cell.size) + rng.normal(size=40)[cell]}
    moments = gathered(spec("y", ["x"]), numbers, {"mid": cell, "top": cell // 4}, groups)[0]
    assert moments.groups is not None
    problem = nested_problem(moments, moments.groups, scale_moments(moments))
    ratios = np.array([0.7, 0.4])[: len(groups)]
    derivatives = differentiate(problem, evaluate(problem, ratios))
    for k in range(len(groups)):
        step = np.zeros(len(groups))
        step[k] = 1e-5
        above, below = evaluate(problem, ratios + step), evaluate(problem, ratios - step)
        slope = (above.criterion - below.criterion) / 2e-5
        assert derivatives.gradient[k] == pytest.approx(slope, rel=1e-5, abs=1e-5)
        bend = (differentiate(problem, above).gradient - differentiate(problem, below).gradient) / 2e-5
        np.testing.assert_allclose(derivatives.hessian[k], bend, rtol=1e-6)
