"""Rules for models, on both sides of each number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grille.server.disclosure.evidence import DesignColumn, GroupLevel, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.constant import constant_is_shown
from grille.server.disclosure.rules.fit import fit_is_imperfect
from grille.server.disclosure.rules.groups import correlation_is_moderate, group_columns_are_common, groups_are_few
from grille.server.disclosure.rules.isolation import nobody_is_isolated
from grille.server.disclosure.rules.rarity import columns_are_common, outcome_is_common
from grille.server.disclosure.rules.support import model_is_supported

POLICY = Policy.standard()


@pytest.mark.parametrize(
    "units,parameters,df,good",
    [
        (110, 11, 99, True),
        (99, 3, 96, False),
        (110, 12, 98, False),
        (1000, 90, 10, True),
        (1000, 90, 9, False),
        (0, 3, -3, False),
    ],
)
def test_support(units: int, parameters: int, df: int, good: bool) -> None:
    counts = [UnitCount(units, int(key)) for key in np.random.default_rng(1).integers(0, 2**63, 200)]
    assert {model_is_supported(one, parameters, df, POLICY) for one in counts} == {good}


def test_whether_one_unit_more_is_in_a_model_does_not_decide() -> None:
    shares = []
    for units in range(100, 110):
        counts = [UnitCount(units, int(key)) for key in np.random.default_rng(1).integers(0, 2**63, 400)]
        shares.append(np.mean([model_is_supported(one, 2, units - 2, POLICY) for one in counts]))
    assert 0 < shares[0] < shares[-1] < 1
    assert max(np.diff(shares)) < 0.3


@pytest.mark.parametrize("rarer,good", [(10, True), (9, False), (0, False)])
def test_rare_columns_and_outcomes(rarer: int, good: bool) -> None:
    columns = (DesignColumn("_cons", 0, constant=True), DesignColumn("d", rarer))
    assert columns_are_common(columns, POLICY) is good
    assert outcome_is_common(rarer, POLICY) is good


@pytest.mark.parametrize(
    "leverage,good",
    [
        ((0.2, 0.5), True),
        ((0.201, 0.3), False),
        ((0.19, 0.501), False),
        ((math.nan, 0.1), False),
        ((0.1, math.nan), False),
    ],
)
def test_isolation(leverage: tuple[float, float], good: bool) -> None:
    assert nobody_is_isolated(leverage, POLICY) is good


@pytest.mark.parametrize(
    "r2,lineage,good", [(0.99, False, True), (0.9901, False, False), (0.1, True, False), (math.nan, False, False)]
)
def test_fit(r2: float, lineage: bool, good: bool) -> None:
    assert fit_is_imperfect(r2, lineage, POLICY) is good


@pytest.mark.parametrize("smallest,shown", [(None, True), (5, True), (4, False), (1, False)])
def test_constant(smallest: int | None, shown: bool) -> None:
    assert constant_is_shown(smallest, POLICY) is shown


@pytest.mark.parametrize(
    "groups,good", [(None, True), ((10, 1), True), ((9, 10), True), ((9, 9), False), ((1, 500), True), ((1, 9), False)]
)
def test_group_level_columns(groups: tuple[int, int] | None, good: bool) -> None:
    assert group_columns_are_common((DesignColumn("d", 500, groups),), POLICY) is good


@pytest.mark.parametrize("number,few", [(9, True), (10, False)])
def test_few_groups_are_told(number: int, few: bool) -> None:
    level = GroupLevel("county", number, UnitCount(50, 1), UnitCount(90, 2), public=True)
    assert groups_are_few((level,), POLICY) is few
    assert groups_are_few((), POLICY) is False


@pytest.mark.parametrize("icc,good", [(None, True), (0.98, True), (0.981, False), (math.nan, False)])
def test_intraclass_correlation(icc: float | None, good: bool) -> None:
    assert correlation_is_moderate(icc, POLICY) is good
