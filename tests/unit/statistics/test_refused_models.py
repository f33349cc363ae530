"""Models without an answer are refused with the reason and advice in both languages."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike
from support.model_data import gathered, spec

from grille.server.errors import InternalError, NumericError
from grille.server.statistics.ols import ClusterVariable, fit_ols
from grille.server.statistics.reml import MixedResult, fit_mixed
from grille.server.statistics.uncertainty import wald_test

N = 120
RNG = np.random.default_rng(5)
Y = RNG.normal(size=N)
X = RNG.normal(size=N)
G = np.arange(N) % 10


def mixed(
    terms: list[str],
    groups: dict[str, ArrayLike],
    numbers: dict[str, ArrayLike] | None = None,
    factors: dict[str, ArrayLike] | None = None,
    constant: bool = True,
) -> MixedResult:
    named = {"x": X, "y": Y} | (numbers or {})
    return fit_mixed(gathered(spec("y", terms, constant), named, dict(groups) | (factors or {}), tuple(groups))[0])


def reason(*arguments: object, **named: object) -> str:
    with pytest.raises(NumericError) as caught:
        mixed(*arguments, **named)  # type: ignore[arg-type]
    assert caught.value.message.en.endswith(".")
    assert caught.value.message.no != caught.value.message.en
    assert caught.value.hint is not None
    return caught.value.reason


def test_one_group() -> None:
    assert reason(["x"], {"g": np.zeros(N)}) == "SINGLE_GROUP"


def test_one_top_group() -> None:
    assert reason(["x"], {"h": np.zeros(N), "g": G}) == "SINGLE_GROUP"


def test_groups_of_one() -> None:
    assert reason(["x"], {"g": np.arange(N)}) == "SINGLETON_GROUPS"


def test_middle_groups_of_one() -> None:
    assert reason(["x"], {"h": G, "g": np.arange(N)}) == "SINGLETON_GROUPS"


def test_one_middle_group_in_every_top_group() -> None:
    assert reason(["x"], {"h": G, "g": G + 100}) == "LEVELS_NOT_SEPARABLE"


def test_levels_in_the_wrong_order() -> None:
    mid = np.arange(N) // 4
    assert reason(["x"], {"g": mid, "h": mid // 5}) == "LEVELS_NOT_SEPARABLE"


def test_the_group_variable_as_a_factor_too() -> None:
    assert reason(["x", "i.g"], {"g": G}) == "GROUP_COLUMNS_EXHAUST_GROUPS"


def test_the_top_group_variable_as_a_factor_too() -> None:
    mid = np.arange(N) % 30
    assert reason(["i.h"], {"h": mid // 8, "g": mid}) == "GROUP_COLUMNS_EXHAUST_GROUPS"


def test_the_middle_group_variable_as_a_factor_too() -> None:
    mid = np.arange(N) % 20
    assert reason(["i.g"], {"h": mid // 4, "g": mid}) == "GROUP_COLUMNS_EXHAUST_GROUPS"


def test_a_regressor_that_combines_the_groups_hidden_in_others() -> None:
    """x2 - x is constant within groups; with two groups that leaves nothing between them."""
    two = np.arange(N) % 2
    assert reason(["x", "x2"], {"g": two}, {"x2": X + two}) == "GROUP_COLUMNS_EXHAUST_GROUPS"


def test_a_constant_outcome() -> None:
    assert reason(["x"], {"g": G}, {"y": np.full(N, 0.1)}) == "NO_VARIATION"


def test_an_outcome_that_the_regressors_determine() -> None:
    assert reason(["x"], {"g": G}, {"y": 3 * X + 1}) == "NO_VARIATION"


def test_fewer_rows_than_coefficients() -> None:
    numbers = {f"x{j}": RNG.normal(size=6) for j in range(6)} | {"y": RNG.normal(size=6)}
    model = spec("y", [f"x{j}" for j in range(6)])
    with pytest.raises(NumericError) as caught:
        fit_ols(gathered(model, numbers)[0])
    assert caught.value.reason == "TOO_FEW_ROWS"


def test_no_row_left_within_groups() -> None:
    numbers = {"x": RNG.normal(size=4), "y": RNG.normal(size=4)}
    with pytest.raises(NumericError) as caught:
        fit_mixed(gathered(spec("y", ["x"]), numbers, {"g": [0, 0, 1, 2]}, ("g",))[0])
    assert caught.value.reason == "TOO_FEW_ROWS"


def test_a_model_without_any_column() -> None:
    with pytest.raises(NumericError) as caught:
        fit_ols(gathered(spec("y", ["c"], constant=False), {"c": np.zeros(N), "y": Y})[0])
    assert caught.value.reason == "NO_COLUMNS"


def test_one_cluster() -> None:
    moments, passes, _, _ = gathered(spec("y", ["x"]), {"x": X, "y": Y}, {"c": np.zeros(N)})
    with pytest.raises(NumericError) as caught:
        fit_ols(moments, 95, "cluster", passes, ClusterVariable("c", 1))
    assert caught.value.reason == "TOO_FEW_CLUSTERS"


def test_fewer_clusters_than_slopes_have_errors_but_no_joint_test() -> None:
    numbers = {f"x{j}": RNG.normal(size=N) for j in range(5)} | {"y": Y}
    moments, passes, _, _ = gathered(spec("y", [f"x{j}" for j in range(5)]), numbers, {"c": np.arange(N) % 3})
    fit = fit_ols(moments, 95, "cluster", passes, ClusterVariable("c", 3))
    assert fit.f is None
    assert fit.f_p_value is None
    assert (fit.std_errors > 0).all()


@pytest.mark.parametrize(
    "covariance", [[[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.1], [0.1, np.nan]]]
)
def test_a_joint_test_with_a_singular_covariance(covariance: list[list[float]]) -> None:
    with pytest.raises(NumericError) as caught:
        wald_test(np.ones(2), np.array(covariance))
    assert caught.value.reason == "SINGULAR_COVARIANCE"


def test_moments_without_groups_are_a_fault_of_the_caller() -> None:
    with pytest.raises(InternalError):
        fit_mixed(gathered(spec("y", ["x"]), {"x": X, "y": Y})[0])


def test_an_outcome_constant_within_groups_stops_at_the_cap() -> None:
    z = np.random.default_rng(1).normal(size=10)
    fit = mixed(["x"], {"g": G}, {"y": z[G]})
    assert fit.levels[0].at_cap
    assert not fit.levels[0].at_zero
    assert fit.levels[0].icc == pytest.approx(1.0)
    assert fit.levels[0].variance_error is None
