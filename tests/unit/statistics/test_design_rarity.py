"""Columns that tell few units or few groups apart are found."""

from __future__ import annotations

import numpy as np
from support.model_data import gathered, spec

from grille.server.statistics.rarity import column_rarity
from grille.server.statistics.scaling import scale_moments


def test_units_and_groups_off_the_commonest_value_are_counted_per_column() -> None:
    rng = np.random.default_rng(3)
    mid = np.arange(3000) % 30
    top = mid // 5
    numbers = {
        "x": rng.normal(size=3000),
        "rare": (np.arange(3000) < 4).astype(float),
        "of_two_middles": np.isin(mid, [3, 17]) * 0.1 + 0.7,
        "of_one_top": (top == 2) * 1.0,
        "own": rng.normal(size=30)[mid] / 3,
        "y": rng.normal(size=3000),
    }
    terms = ["x", "rare", "of_two_middles", "of_one_top", "own", "i.top#c.x"]
    moments = gathered(spec("y", terms), numbers, {"top": top, "mid": mid}, ("top", "mid"), rows=500)[0]
    found = {rarity.term: rarity for rarity in column_rarity(moments, scale_moments(moments))}
    assert found["x"].rarer_units == 2999
    assert found["x"].rarer_groups is None
    assert found["rare"].rarer_units == 4
    assert found["rare"].rarer_groups is None
    assert found["of_two_middles"].rarer_units == 200
    assert found["of_two_middles"].rarer_groups == (2, 100)
    assert found["of_one_top"].rarer_groups == (1, 500)
    assert found["own"].rarer_groups == (29, 100)
    assert found["i.top=1#c.x"].rarer_groups is None
    assert found["_cons"].constant


def test_the_smallest_of_the_rarer_groups_is_reported() -> None:
    sizes = [50, 50, 50, 3, 20]
    g = np.repeat(np.arange(5), sizes)
    numbers = {"z": np.isin(g, [3, 4]).astype(float), "y": np.arange(173.0)}
    moments = gathered(spec("y", ["z"]), numbers, {"g": g}, ("g",))[0]
    assert column_rarity(moments, scale_moments(moments))[0].rarer_groups == (2, 3)


def test_single_level_models_have_no_groups() -> None:
    moments = gathered(spec("y", ["x"]), {"x": np.arange(9.0), "y": np.arange(9.0) ** 2})[0]
    assert column_rarity(moments, scale_moments(moments))[0].rarer_groups is None
