"""Noise cannot be averaged away by asking again, nor undone with other printed numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.gate_cases import COUNTY, EVERYONE, SEX, UNITS, WAGE, content_of, reason_of

from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.noise import noised
from grille.server.text import same


def test_the_same_table_many_times_has_the_same_noise(gate: Gate) -> None:
    evidence = UNITS.counts([COUNTY])
    answers = {tuple(content_of(gate, evidence).n.tolist()) for _ in range(100)}
    assert len(answers) == 1


def test_logically_equal_filters_and_other_names_have_the_same_noise(gate: Gate) -> None:
    adult = WAGE >= 300_000
    one = content_of(gate, UNITS.counts([COUNTY], adult)).n
    two = content_of(gate, UNITS.counts([COUNTY], ~(WAGE < 300_000))).n
    # the total of a table, the n of a mean and of a model on one set are one number
    total = content_of(gate, UNITS.magnitudes({"copy": WAGE}, members=adult)).variables[0].n[0]
    model = content_of(gate, UNITS.model(adult)).tables[0].rows[0][1].value
    assert one.tolist() == two.tolist()
    assert one[-1] == total == model


def test_neighbouring_sets_have_independent_noise() -> None:
    noises = []
    for size in range(500, 5_500):
        noises.append(noised(size, UNITS.count(EVERYONE[:size]).key) - size)
    series = np.array(noises)
    assert abs(np.corrcoef(series[:-1], series[1:])[0, 1]) < 0.05
    assert series.var() == pytest.approx(4, rel=0.1)


def test_the_mean_of_a_binary_variable_gives_no_exact_count(gate: Gate) -> None:
    shown = content_of(gate, UNITS.magnitudes({"man": SEX})).variables[0]
    ones = noised(int(SEX.sum()), UNITS.count(SEX == 1).key)
    assert round(shown.mean[0] * shown.n[0]) == ones
    assert shown.total[0] == ones


def test_averaging_the_noise_of_many_tables_over_one_set_is_stopped(gate: Gate) -> None:
    rng = np.random.default_rng(8)
    answered = [reason_of(gate, UNITS.counts([rng.integers(0, 3, UNITS.n)])) for _ in range(33)]
    assert answered == [None] * 30 + ["TOO_MANY_PARTITIONS"] * 3
    # control: the tables that the project has, under any name and order of categories, stay free
    again = np.random.default_rng(8).integers(0, 3, UNITS.n)
    assert reason_of(gate, UNITS.counts([2 - again])) is None


def linear_model(n: int, r2: float, df_model: int) -> tuple[FigureTable, dict[str, float]]:
    df = n - df_model - 1
    total = 1e9
    exact = {
        "r2": r2,
        "r2_adj": 1 - (1 - r2) * (n - 1) / df,
        "f": (r2 / df_model) / ((1 - r2) / df),
        "ss_resid": (1 - r2) * total,
        "rmse": math.sqrt((1 - r2) * total / df),
    }
    kinds = {
        "r2_adj": FigureKind.ADJUSTED_R2,
        "f": FigureKind.F_STATISTIC,
        "rmse": FigureKind.RESIDUAL_SCALE,
        "ss_resid": FigureKind.PER_UNIT,
    }
    rows = tuple(
        (Figure(FigureKind.LABEL, key), Figure(kinds.get(key, FigureKind.ESTIMATE), value))
        for key, value in exact.items()
    )
    return FigureTable("model", same("Model"), (("statistic", same("S")), ("value", same("V"))), rows), exact


@pytest.mark.parametrize("n", [150, 1_000, 4_000])
def test_printed_figures_of_a_model_give_the_noised_number_of_units(gate: Gate, n: int) -> None:
    for offset in range(0, 1_500, 100):
        members = EVERYONE[offset : offset + n]
        noisy = noised(n, UNITS.count(members).key)
        if noisy != n:
            break
    table, exact = linear_model(n, 0.37, 2)
    evidence = UNITS.model(members, tables=(table,), residual_df=n - 3)
    shown = {row[0].value: row[1].value for row in content_of(gate, evidence).tables[0].rows}
    by_f = shown["f"] * 2 * (1 - shown["r2"]) / shown["r2"] + 3
    by_rmse = shown["ss_resid"] / shown["rmse"] ** 2 + 3
    assert by_f == pytest.approx(noisy, rel=2e-4)
    assert by_rmse == pytest.approx(noisy, rel=2e-4)
    # adjusted R2 is that of the noised number too, as far as five digits tell
    assert shown["r2_adj"] == pytest.approx(1 - (1 - 0.37) * (noisy - 1) / (noisy - 3), abs=1e-5)
    # control: the figures stay useful
    assert all(shown[key] == pytest.approx(value, rel=0.07) for key, value in exact.items())
