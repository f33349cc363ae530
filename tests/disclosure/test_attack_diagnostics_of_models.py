"""Margins and tests of residuals of a regression do not give one unit's outcome, and are shown of honest data."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from support.gate_cases import EVERYONE, UNITS, Silent
from support.model_data import gathered, spec

from grille.server.commands.regress_extras import HETEROSKEDASTICITY, reset_table, spread_table
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import ReleasedModel
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.ols import fit_ols
from grille.server.statistics.residual_tests import residual_tests

Floats = NDArray[np.float64]
N = 6000


def rows(seed: int, *, reach: float = 0.0, outlier: float = 0.0) -> dict[str, Floats]:
    """Rows with a target, row 0: `reach` standard deviations out in x, `outlier` ones off its expected outcome."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=N), rng.normal(size=N)
    noise = rng.normal(size=N)
    if reach:
        x[0] = reach
    if outlier:
        noise[0] = outlier
    return {"x": x, "z": z, "y": 5.0 + x + 0.5 * z + noise}


def asked(data: dict[str, Floats]) -> tuple[bool, dict[str, float | None]]:
    """Ask for the tests; return whether the model itself is allowed, and the statistic of each test."""
    moments, passes, _, _ = gathered(spec("y", ["x", "z"]), data, rows=500)
    fit = fit_ols(moments)
    leverage = design_leverage(moments, fit.scaling, passes)
    reset, spread = residual_tests(
        moments, fit.scaling, fit.scaled_coefficients, passes, reset=True, heteroskedasticity=True
    )
    assert reset is not None
    assert spread is not None
    tables = (reset_table(reset), spread_table(spread, tuple(HETEROSKEDASTICITY)))
    evidence = UNITS.model(EVERYONE[:N], r2=fit.r2, leverage=(leverage.largest, leverage.three_largest), tables=tables)
    content = Gate(Policy.standard(), Silent()).release(evidence, project="P").content
    assert isinstance(content, ReleasedModel)
    found = {str(row[0].value): row[1].value for table in content.tables for row in table.rows}
    return leverage.largest <= 0.2, found  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(10))
def test_reset_does_not_tell_how_far_a_unit_with_an_extreme_prediction_is_off(seed: int) -> None:
    allowed, found = asked(rows(seed, reach=20.0, outlier=15.0))
    assert allowed  # the leverage of the unit is within the limit of the model: the powers are what isolates it
    assert found["ov"] is None


@pytest.mark.parametrize("seed", range(10))
def test_tests_of_equal_variance_do_not_tell_the_residual_of_an_outlier(seed: int) -> None:
    _, found = asked(rows(seed, reach=6.0, outlier=40.0))
    assert [found[key] for key in HETEROSKEDASTICITY] == [None, None, None]


def test_honest_data_are_answered() -> None:
    answers = [asked(rows(seed))[1] for seed in range(100, 140)]
    shares = {key: np.mean([answer[key] is not None for answer in answers]) for key in answers[0]}
    assert min(shares.values()) >= 0.99, shares
