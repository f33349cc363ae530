"""Robust and clustered standard errors do not tell one unit's residual, nor whether a cluster of few exists."""

from __future__ import annotations

import numpy as np
import pytest
from support.few_units import DATA, above, reason
from support.fixtures import banks, bench, engine
from support.small_bank import truth
from support.workbench import Workbench

__all__ = ["banks", "bench", "engine"]


@pytest.mark.parametrize("count", [0, 1, 5, 9])
def test_a_second_cluster_of_few_units_looks_like_none(bench: Workbench, count: int) -> None:
    made = DATA + f"generate g = wage > {above(count)}\n"
    assert reason(bench, made + "regress wage man age, cluster(g)") == "TOO_FEW_CLUSTERS"


def test_a_small_cluster_is_not_isolated_by_fitting_another_one_in_full(bench: Workbench) -> None:
    """Every column is multiplied with `old`, so the scores of the old add up to 0, and those of the rest mirror it."""
    made = DATA + f"generate old = age > 50\ngenerate g = old + 2 * (wage > {above(2)})\n"
    assert reason(bench, made + "regress wage old##c.born, cluster(g)") == "UNIT_ISOLATED"


def test_a_robust_error_is_not_made_up_by_one_outlier(bench: Workbench) -> None:
    """One unit is far out in a regressor and in the outcome, both within what a model may have."""
    wage, born = truth().wage[2022], truth().born
    target = int(np.flatnonzero(~np.isnan(wage))[50])
    bump = f"1 / (1 + 1000 * (abs(wage - {float(wage[target])!r}) + abs(born - {born[target]})))"
    made = DATA + f"generate bump = {bump}\ngenerate x = age + 200 * bump\n"
    made += "generate y = born - 100 * int(born / 100) + man + 60 * bump\n"
    assert reason(bench, made + "regress y x, robust") == "UNIT_ISOLATED"
    assert reason(bench, "regress y x") is None  # the design is harmless: it is the error that is not


@pytest.mark.parametrize(
    "line",
    [
        "regress wage man age, robust",
        "regress wage man age, cluster(born)",
        "regress wage man c.age##c.age, cluster(decade)",
        "regress-mml wage man by decade, se(robust)",
    ],
)
def test_honest_errors_are_answered(bench: Workbench, line: str) -> None:
    assert reason(bench, DATA + "generate decade = int(born / 1000)\n" + line) is None
