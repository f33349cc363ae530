"""What the gate does to means, sums and percentiles."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from support.gate_cases import (
    COUNTY,
    EVERYONE,
    RNG,
    SEX,
    UNITS,
    WAGE,
    content_of,
    reason_of,
    rules_of,
)

from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import (
    ReleasedMagnitudes,
)
from grille.server.disclosure.rules.resolution import resolved_deviations, resolved_means
from grille.server.disclosure.rules.rounding import significant


def test_means_are_rounded_sums_are_noised_and_counts_are_noised(gate: Gate) -> None:
    evidence = UNITS.magnitudes({"wage": WAGE}, probabilities=(0.01, 0.5, 0.99), gini=True, sums=True)
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedMagnitudes)
    exact, (shown,) = evidence.variables[0], released.content.variables
    n = noised(UNITS.n, UNITS.count(EVERYONE).key)
    assert shown.n.tolist() == [n]
    resolved = resolved_means(exact.mean, exact.sd, np.array([n]), exact.limits[:2])
    assert shown.mean.tolist() == significant(resolved, 5).tolist()
    assert shown.sd.tolist() == significant(resolved_deviations(exact.sd, np.array([n]), exact.limits[:2]), 5).tolist()
    assert shown.total.tolist() == significant(resolved * n, 5).tolist()
    assert exact.gini is not None
    assert shown.gini is not None
    assert shown.gini.tolist() == significant(exact.gini, 5).tolist()
    assert {q: values.tolist() for q, values in shown.percentiles.items()} == {
        q: significant(values, 3).tolist() for q, values in exact.percentiles.items()
    }
    assert shown.limits == tuple(significant(np.array(exact.limits[:2]), 3))
    assert not released.content.suppressed.any()
    assert rules_of(released) == {
        "count_noise",
        "winsorising",
        "sum_from_noised_count",
        "rounding",
        "percentile_smoothing",
    }


def test_the_rule_on_sums_is_named_where_sums_are_shown(gate: Gate) -> None:
    for values in (WAGE, SEX):
        for sums in (False, True):
            released = gate.release(UNITS.magnitudes({"x": values}, sums=sums), project="P")
            assert ("sum_from_noised_count" in rules_of(released)) is sums


def test_strict_shows_three_digits(ledger: Ledger) -> None:
    evidence = UNITS.magnitudes({"wage": WAGE})
    shown = content_of(Gate(Policy.strict(), ledger), evidence).variables[0]
    assert shown.mean.tolist() == significant(evidence.variables[0].mean, 3).tolist()


def test_a_binary_variable_shows_nothing_but_its_noised_share(gate: Gate) -> None:
    evidence = UNITS.magnitudes({"man": SEX}, probabilities=(0.25, 0.5, 0.75), gini=True)
    shown = content_of(gate, evidence).variables[0]
    ones = noised(int(SEX.sum()), UNITS.count(SEX == 1).key)
    n = noised(UNITS.n, UNITS.count(EVERYONE).key)
    share = ones / n
    assert shown.mean.tolist() == significant(np.array([share]), 5).tolist()
    assert shown.sd.tolist() == significant(np.array([math.sqrt(share * (1 - share) * n / (n - 1))]), 5).tolist()
    assert shown.total.tolist() == significant(np.array([float(ones)]), 5).tolist()
    assert shown.gini.tolist() == significant(np.array([1 - share]), 5).tolist()
    assert shown.percentiles[0.25].tolist() == [0.0]
    assert shown.percentiles[0.75].tolist() == [1.0]


def test_percentiles_without_ten_units_beyond_are_withheld(gate: Gate) -> None:
    evidence = UNITS.magnitudes({"wage": WAGE}, members=EVERYONE[:300], probabilities=(0.01, 0.05, 0.5))
    shown = content_of(gate, evidence).variables[0]
    assert math.isnan(shown.percentiles[0.01][0])
    assert not math.isnan(shown.percentiles[0.05][0])


def test_small_and_dominated_and_constant_cells_are_withheld(gate: Gate) -> None:
    codes, wage = COUNTY + 3, WAGE.copy()
    codes[:6], codes[6:26], codes[26:46] = 0, 1, 2
    wage[6:26], wage[100:300] = 0.0, 0.0
    wage[6] = 900_000.0
    wage[26:46] = 300_000.0
    evidence = UNITS.magnitudes({"wage": wage}, [codes])
    released = gate.release(evidence, project="P")
    content = released.content
    assert isinstance(content, ReleasedMagnitudes)
    assert {"code_suppression", "dominance"} <= rules_of(released)
    # whole categories, so they are gone from the axis too
    assert not {"0", "1", "2"} & set(content.axes[0].codes)
    assert np.isfinite(content.variables[0].mean).all()


def test_a_cell_withheld_in_a_shown_category_is_marked(gate: Gate) -> None:
    sex = SEX.astype(np.int64)
    sex[(COUNTY == 2) & (np.cumsum(COUNTY == 2) > 6)] = 0
    evidence = UNITS.magnitudes({"wage": WAGE}, [COUNTY, sex])
    released = gate.release(evidence, project="P")
    content = released.content
    assert isinstance(content, ReleasedMagnitudes)
    cell = int(np.flatnonzero((content.positions == [2, 1]).all(axis=1))[0])
    assert math.isnan(content.variables[0].mean[cell])
    assert {"cell_suppression", "secondary_suppression"} <= rules_of(released)
    # and neither margin over it stands over an otherwise complete line
    for line in ([2, -1], [-1, 1]):
        axis = line.index(-1)
        others = [
            place
            for place in range(len(content.positions))
            if content.positions[place][1 - axis] == line[1 - axis] and content.positions[place][axis] >= 0
        ]
        assert np.isnan(content.variables[0].mean[others]).sum() >= 2


def test_one_variable_may_be_withheld_beside_another(gate: Gate) -> None:
    rare = np.full(UNITS.n, np.nan)
    rare[:5] = WAGE[:5]
    released = gate.release(UNITS.magnitudes({"wage": WAGE, "rare": rare}), project="P")
    content = released.content
    assert isinstance(content, ReleasedMagnitudes)
    assert math.isnan(content.variables[1].mean[0])
    assert math.isnan(content.variables[1].n[0])
    assert all(math.isnan(limit) for limit in content.variables[1].limits)
    assert not math.isnan(content.variables[0].mean[0])
    assert not content.suppressed[0]


def test_a_figure_that_one_unit_dominates_is_refused(gate: Gate) -> None:
    wealth = np.zeros(UNITS.n)
    wealth[:500] = 1.0
    wealth[0] = 1e9
    evidence = UNITS.magnitudes({"wealth": wealth})
    heavy = dataclasses.replace(evidence.variables[0], largest=np.array([0.51]), total=np.array([1.0]))
    assert reason_of(gate, dataclasses.replace(evidence, variables=(heavy,))) == "DOMINATED"


def test_sparse_magnitude_tables_are_refused(gate: Gate) -> None:
    codes = RNG.integers(1, 3000, UNITS.n)
    codes[:100] = 0
    assert reason_of(gate, UNITS.magnitudes({"wage": WAGE}, [codes], margins=False)) == "TABLE_TOO_SPARSE"


def test_variables_with_nearly_the_same_units_are_not_shown_together(gate: Gate) -> None:
    other = WAGE.copy()
    other[:3] = np.nan
    released = gate.release(UNITS.magnitudes({"wage": WAGE, "other": other}), project="P")
    content = released.content
    assert isinstance(content, ReleasedMagnitudes)
    assert [math.isnan(variable.mean[0]) for variable in content.variables] == [False, True]
    assert "differencing" in rules_of(released)
