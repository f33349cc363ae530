"""Correlations and tests of normality neither isolate a unit nor give exact counts; honest questions are answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fixtures import banks, bench, engine
from support.gate_cases import reason_of
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import ModelEvidence
from grille.server.disclosure.gate import Gate
from grille.server.errors import GrilleError

__all__ = ["banks", "bench", "engine"]

DATA = START + (
    "import r/FODT as born\nimport r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\n"
    "generate man = sex == '1'\ngenerate year = int(born / 100)\n"
)
# arithmetic makes a peak at one wage that no condition may select; nobody else has just this one
TARGET = 3
PEAK = "generate peak = 1 / (1 + abs(wage - {wage:.2f}))\n"


@pytest.fixture
def data(bench: Workbench) -> Workbench:
    bench.run(DATA)
    return bench


def answer(gate: Gate, bench: Workbench, line: str) -> list[list[object]] | str:
    """Return the rows of the first table, or the reason of the refusal."""
    try:
        content = gate.release(bench.run(line), project="P").content
    except GrilleError as error:
        return error.reason
    return [[cell.value for cell in row] for row in content.tables[0].rows]


def test_a_peak_at_one_unit_has_no_correlation(gate: Gate, data: Workbench) -> None:
    wage = float(truth().wage[2022][TARGET])
    data.run(PEAK.format(wage=wage))
    assert answer(gate, data, "normaltest peak") == "DOMINATED"
    found = answer(gate, data, "correlate year peak")
    # winsorising leaves nothing of a peak that fewer than one in a hundred have
    exact = np.corrcoef(truth().born // 100, np.nan_to_num(1 / (1 + np.abs(truth().wage[2022] - wage))))[0, 1]
    assert found in ("DOMINATED", "VALUES_TOO_RARE") or abs(found[0][2] - exact) > 1e-3  # type: ignore[operator]


def test_control_variables_of_everybody_are_correlated_and_tested(gate: Gate, data: Workbench) -> None:
    assert reason_of(gate, data.run("correlate year wage man")) is None
    assert reason_of(gate, data.run("correlate year wage man, pairwise covariance")) is None
    assert reason_of(gate, data.run("normaltest year wage man")) is None


def test_two_dummies_that_differ_in_one_unit_are_not_both_correlated(gate: Gate, data: Workbench) -> None:
    known = truth()
    # the target alone has this year and this wage; sums of conditions are arithmetic, not a condition
    year, wage = int(known.born[TARGET] // 100), float(known.wage[2022][TARGET])
    data.run(
        f"generate one = (year < 1970) + 0\ngenerate two = one + (1 - 2 * one) * (wage == {wage}) * (year == {year})\n"
    )
    differ = int((np.abs(data.values("one").astype(float) - data.values("two").astype(float)) > 0).sum())
    assert 1 <= differ <= 9
    together = answer(gate, data, "correlate wage one two")
    assert together in ("DOMINATED", "SETS_TOO_CLOSE")
    assert isinstance(answer(gate, data, "correlate wage one"), list)
    assert answer(gate, data, "correlate wage two") == "SETS_TOO_CLOSE"
    # control: dummies that differ in many units
    data.run("generate three = (year < 1965) + 0")
    assert isinstance(answer(gate, data, "correlate wage three"), list)


def test_covariances_of_a_dummy_do_not_give_its_exact_count(gate: Gate, data: Workbench) -> None:
    known = truth()
    errors = []
    for limit in range(1945, 1996, 5):  # the noise of one count may be 0, that of eleven is not
        data.run(f"generate old{limit} = 2 * (year < {limit}) + 5")
        rows = answer(gate, data, f"correlate old{limit} year, covariance")
        variance = float(rows[0][1]) / 4  # type: ignore[arg-type]
        n = known.born.size
        side = -1 if (known.born // 100 < limit).mean() < 0.5 else 1
        share = 0.5 + side * np.sqrt(0.25 - variance * (n - 1) / n)
        errors.append(share * n - (known.born // 100 < limit).sum())
    # resolved to five digits the share of 3 000 units would give the count to about 0.1
    assert np.std(errors) > 1.0


@pytest.mark.parametrize("line", ["correlate year wage", "correlate year wage, pairwise obs", "normaltest wage"])
def test_replies_about_nobody_and_about_one_are_the_same(gate: Gate, data: Workbench, line: str) -> None:
    head, comma, options = line.partition(",")
    wage = float(truth().wage[2022][TARGET])
    for condition in (f"wage == {wage}", f"wage == {wage} & year < 1900", "year < 1900"):
        assert answer(gate, data, f"{head} if {condition}{comma}{options}") == "TOO_FEW_UNITS"


def test_values_too_large_to_compute_with_look_like_any_that_dominate(gate: Gate, data: Workbench) -> None:
    wage = float(truth().wage[2022][TARGET])
    for size in ("1e9", "1e307"):
        data.run(f"generate huge{size} = wage + {size} * ((wage == {wage}) + 0)")
        assert answer(gate, data, f"normaltest huge{size}") == "DOMINATED"
    assert isinstance(answer(gate, data, "normaltest wage"), list)


def test_comparing_groups_that_differ_in_one_unit_is_stopped(gate: Gate, data: Workbench) -> None:
    known = truth()
    early = float(known.wage[2021][TARGET])
    data.run(
        "import r/LONN 2021-12-31 as early\nreplace early = 0 if sysmiss(early)\ngenerate one = (year < 1970) + 0\n"
        f"generate two = one + (1 - 2 * one) * (early == {early})\n"
    )
    differ = data.values("one").astype(float) != data.values("two").astype(float)
    assert differ.sum() == 1
    assert isinstance(answer(gate, data, "anova wage one, posthoc"), list)
    assert answer(gate, data, "anova wage two, posthoc") == "SETS_TOO_CLOSE"
    # control: the same groups again, and groups that differ in many
    assert isinstance(answer(gate, data, "anova wage one, posthoc"), list)
    data.run("generate three = (year < 1960) + 0")
    assert isinstance(answer(gate, data, "anova wage three, posthoc"), list)


def test_a_group_that_one_unit_dominates_is_not_compared(gate: Gate, data: Workbench) -> None:
    wage = float(truth().wage[2022][TARGET])
    data.run(f"generate rich = wage * (1 + 1e3 * (wage == {wage}))\ngenerate old = year < 1965")
    evidence = data.run("anova rich old, posthoc")
    assert isinstance(evidence, ModelEvidence)
    # the rule on outcomes of models would refuse it first
    content = gate.release(replace(evidence, weights=()), project="P").content
    (posthoc,) = [table for table in content.tables if table.key == "posthoc"]
    assert all(cell.value is None for row in posthoc.rows for cell in row[1:])
    assert reason_of(gate, data.run("anova wage old, posthoc")) is None
