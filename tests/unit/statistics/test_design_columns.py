"""Terms expand to the columns that the researcher expects, by name and value."""

from __future__ import annotations

import numpy as np
import pytest
from support.model_data import gathered, in_batches, spec

from grille.server.errors import NumericError
from grille.server.plan.aggregates import FactorLevels
from grille.server.statistics.design import MOST_COLUMNS, expand, fill, level_text
from grille.server.statistics.ols import fit_ols

LEVELS = FactorLevels({"a": (0.0, 1.0), "b": (1.0, 2.0, 3.0), "s": ("H", "L", "M")})


@pytest.mark.parametrize(
    "terms, names",
    [
        (["x", "c.z"], ["x", "z"]),
        (["i.b"], ["i.b=2", "i.b=3"]),
        (["i.s"], ["i.s=L", "i.s=M"]),
        (["i.a#i.b"], ["i.a=1#i.b=2", "i.a=1#i.b=3"]),
        (["i.a##i.b"], ["i.a=1", "i.b=2", "i.b=3", "i.a=1#i.b=2", "i.a=1#i.b=3"]),
        (["c.x#c.z"], ["c.x#c.z"]),
        (["c.x##c.x"], ["x", "c.x#c.x"]),
        (["i.b#c.x"], ["i.b=2#c.x", "i.b=3#c.x"]),
        (["i.a##c.x"], ["i.a=1", "x", "i.a=1#c.x"]),
        (["i.b", "i.a##i.b"], ["i.b=2", "i.b=3", "i.a=1", "i.a=1#i.b=2", "i.a=1#i.b=3"]),
        (["i.a#i.b", "i.b#i.a"], ["i.a=1#i.b=2", "i.a=1#i.b=3"]),
    ],
)
def test_terms_expand_in_order_without_repeats(terms: list[str], names: list[str]) -> None:
    assert expand(spec("y", terms), LEVELS).names == (*names, "_cons")
    assert expand(spec("y", terms, constant=False), LEVELS).names == tuple(names)


def test_three_factors_crossed_in_full_have_every_order() -> None:
    names = expand(spec("y", ["i.a##c.x##c.z"]), LEVELS).names
    assert names == ("i.a=1", "x", "z", "i.a=1#c.x", "i.a=1#c.z", "c.x#c.z", "i.a=1#c.x#c.z", "_cons")


def test_needed_names_are_listed_once() -> None:
    model = spec("y", ["x", "i.a##c.x", "i.b"])
    assert model.numbers == ("x", "y")
    assert model.factors == ("a", "b")


def test_columns_hold_products_of_indicators_and_numbers() -> None:
    x, a, s = np.array([1.5, 2.0, 3.0]), np.array([0, 1, 1]), np.array(["L", "H", "L"])
    passes, levels = in_batches({"x": x, "y": [7, 8, 9]}, {"a": a, "s": s})
    design = expand(spec("y", ["x", "i.a##i.s", "i.a#c.x", "c.x#c.x"]), levels)
    block = fill(design, next(passes()), np.empty((7, 5)))
    assert design.names[:-1] == ("x", "i.a=1", "i.s=L", "i.a=1#i.s=L", "i.a=1#c.x", "c.x#c.x")
    np.testing.assert_array_equal(block, [x, [0, 1, 1], [1, 0, 1], [0, 0, 1], [0, 2, 3], [2.25, 4, 9], [7, 8, 9]])


@pytest.mark.parametrize("level, text", [(2.0, "2"), (0.5, "0.5"), (-1.0, "-1"), ("0301", "0301")])
def test_levels_read_as_written(level: str | float, text: str) -> None:
    assert level_text(level) == text


def test_collinear_and_empty_columns_are_dropped_in_order() -> None:
    rng = np.random.default_rng(0)
    n = 200
    x = rng.normal(1e5, 1, n)
    a, b = rng.integers(0, 2, n), rng.integers(0, 3, n)
    b[(a == 1) & (b == 2)] = 1  # an empty combination
    numbers = {"x": x, "twice": 2 * x + 5, "fixed": np.full(n, 3.7), "y": rng.normal(size=n)}
    model = spec("y", ["fixed", "x", "twice", "i.a##i.b"])
    fit = fit_ols(gathered(model, numbers, {"a": a, "b": b})[0])
    assert fit.terms == ("x", "i.a=1", "i.b=1", "i.b=2", "i.a=1#i.b=1", "_cons")
    assert fit.dropped == ("fixed", "twice", "i.a=1#i.b=2")


def test_without_a_constant_a_constant_column_stays() -> None:
    rng = np.random.default_rng(0)
    numbers = {"one": np.ones(50), "x": rng.normal(size=50), "y": rng.normal(size=50)}
    fit = fit_ols(gathered(spec("y", ["one", "x"], constant=False), numbers)[0])
    assert fit.terms == ("one", "x")


@pytest.mark.parametrize("terms", [["i.a"], ["i.b#i.c"], ["i.b##i.c##i.d"]])
def test_a_design_has_a_largest_number_of_columns(terms: list[str]) -> None:
    many = tuple(float(level) for level in range(MOST_COLUMNS + 2))
    some = tuple(float(level) for level in range(40))
    levels = FactorLevels({"a": many, "b": some, "c": some, "d": some})
    with pytest.raises(NumericError, match="TOO_MANY_COLUMNS"):
        expand(spec("y", terms), levels)
    assert len(expand(spec("y", ["i.a"]), FactorLevels({"a": many[:-1]})).columns) == MOST_COLUMNS
