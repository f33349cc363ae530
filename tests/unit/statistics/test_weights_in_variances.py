"""How much rows and small clusters make up of robust variances, against numpy, and the attack that it stops."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from support.model_data import gathered, spec

from grille.server.statistics.ols import ClusterVariable, OlsResult, fit_ols
from grille.server.statistics.reml import fit_mixed

Floats = NDArray[np.float64]
N = 600


def data(seed: int = 1) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(1, 2, N), rng.normal(size=N)
    return {"x": x, "z": z, "y": 3 + x - z + rng.standard_t(3, N)}


def fitted(values: dict[str, Floats], groups: Floats | None, fewer: int = 10, constant: bool = True) -> OlsResult:
    factors = {} if groups is None else {"g": groups}
    moments, passes, levels, _ = gathered(spec("y", ["x", "z"], constant), values, factors)
    if groups is None:
        return fit_ols(moments, 95, "robust", passes)
    return fit_ols(moments, 95, "cluster", passes, ClusterVariable("g", len(levels.levels["g"]), fewer))


def influence(values: dict[str, Floats], constant: bool = True) -> Floats:
    """What each row adds to each coefficient, (p, rows)."""
    x = np.column_stack([values["x"], values["z"], *([np.ones(N)] if constant else [])])
    inverse = np.linalg.inv(x.T @ x)
    residual = values["y"] - x @ (inverse @ x.T @ values["y"])
    found: Floats = inverse @ (x * residual[:, None]).T
    return found


@pytest.mark.parametrize("constant", [True, False])
def test_rows_of_a_robust_variance(constant: bool) -> None:
    values = data()
    parts = np.sort(influence(values, constant) ** 2, axis=1)
    for weight, row in zip(fitted(values, None, constant=constant).weights, parts, strict=True):
        assert (weight.total, weight.largest, weight.second) == pytest.approx((row.sum(), row[-1], row[-2]), rel=1e-8)


def test_small_clusters_of_a_clustered_variance() -> None:
    values = data()
    groups = np.concatenate([np.repeat(np.arange(20.0), 28), np.repeat(np.arange(20.0, 30.0), 4)])
    sums = np.stack([influence(values)[:, groups == g].sum(axis=1) for g in range(30)], axis=1) ** 2
    for weight, row in zip(fitted(values, groups).weights, sums, strict=True):
        first = 20 + int(row[20:].argmax())
        expected = (row.sum(), row[first], np.delete(row, first).max())
        assert (weight.total, weight.largest, weight.second) == pytest.approx(expected, rel=1e-8)
    for weight, row in zip(fitted(values, groups, fewer=4).weights, sums, strict=True):
        assert (weight.total, weight.largest, weight.second) == pytest.approx((row.sum(), 0.0, 0.0), rel=1e-8)


def test_a_cluster_of_one_beside_one_other_would_tell_its_residual() -> None:
    values = data()
    groups = np.zeros(N)
    groups[17] = 1.0
    fit = fitted(values, groups)
    correction = np.sqrt(2 * (N - 1) / (N - 3))
    added = np.abs(influence(values)[:, 17])
    np.testing.assert_allclose(fit.std_errors, added * np.sqrt(2) * correction, rtol=1e-8)  # so it is, without the gate
    for weight in fit.weights:
        assert weight.largest + weight.second == pytest.approx(weight.total, rel=1e-9)


def test_classical_errors_have_no_weights() -> None:
    moments = gathered(spec("y", ["x"]), data())[0]
    assert fit_ols(moments).weights == ()


def test_small_top_groups_of_a_multilevel_model() -> None:
    values = data()
    top = np.concatenate([np.repeat([0, 1, 2], 198), np.repeat(3, 6)])
    moments, passes, _, _ = gathered(spec("y", ["x", "z"]), values, {"g": top}, ("g",))
    fit = fit_mixed(moments, errors="robust", passes=passes)
    x = np.column_stack([values["x"], values["z"], np.ones(N)])
    inverse = np.linalg.inv(np.eye(N) + fit.ratios[0] * (top[:, None] == top))
    residual = values["y"] - x @ fit.coefficients
    bread = np.linalg.inv(x.T @ inverse @ x)
    groups = [np.flatnonzero(top == g) for g in range(4)]
    scores = np.stack([x[rows].T @ inverse[np.ix_(rows, rows)] @ residual[rows] for rows in groups], axis=1)
    parts = (bread @ scores) ** 2
    for weight, row in zip(fit.weights, parts, strict=True):
        assert (weight.total, weight.largest, weight.second) == pytest.approx(
            (row.sum(), row[3], row[:3].max()), rel=1e-6
        )
