"""What the gate does to tables of counts and to histograms."""

from __future__ import annotations

import dataclasses

import numpy as np
from support.gate_cases import (
    COUNTY,
    EVERYONE,
    RNG,
    SEX,
    UNITS,
    Silent,
    content_of,
    histogram,
    reason_of,
    rules_of,
)

from grille.server.blocks import Cell, Flag
from grille.server.commands.tables import TableView, count_tables
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.noise import noised_counts
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import (
    ReleasedCounts,
    ReleasedHistogram,
)


def test_cells_and_margins_of_a_table_are_noised_each_by_its_key(gate: Gate) -> None:
    evidence = UNITS.counts([COUNTY, SEX.astype(np.int64)])
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedCounts)
    assert released.content.n.tolist() == noised_counts(evidence.n, evidence.keys).tolist()
    assert released.content.axes == evidence.axes
    assert rules_of(released) == {"count_noise", "code_suppression"}


def test_small_cells_are_withheld_and_their_categories_dropped(gate: Gate) -> None:
    codes = COUNTY.copy()
    codes[:6] = 7
    codes[6:30] = 8
    evidence = UNITS.counts([codes])
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedCounts)
    assert "7" not in released.content.axes[0].codes
    assert "8" in released.content.axes[0].codes
    assert np.isfinite(released.content.n).all()
    assert rules_of(released) == {"count_noise", "code_suppression"}


def test_an_empty_cell_looks_like_one_of_few(gate: Gate) -> None:
    sex = SEX.astype(np.int64)
    # a cell of a category that has many: empty, or with one to four units, whatever their noise
    looks, remarks = set(), set()
    for unit in range(40):
        for few in (0, 1, 4):
            codes = COUNTY.copy()
            both = np.where(codes == 4, 0, sex)
            both[unit : unit + few], codes[unit : unit + few] = 1, 4
            released = Gate(Policy.standard(), Silent()).release(UNITS.counts([codes, both]), project="P")
            assert isinstance(released.content, ReleasedCounts)
            view = TableView(("freq", "rowpct"), False, None)
            tables = count_tables(dataclasses.replace(released.content, view=view))
            looks |= {table.rows[4][2] for table in tables}
            remarks.add(frozenset(rules_of(released)))
    assert looks == {Cell(None, Flag.SUPPRESSED)}
    assert remarks == {frozenset({"count_noise", "cell_suppression", "code_suppression"})}


def test_an_empty_bar_is_merged_like_a_low_one() -> None:
    edges = set()
    for few in (0, 1, 4):
        bars = EVERYONE % 8
        bars[: max(few, 1)] = 9
        evidence = histogram(bars, EVERYONE)
        if not few:
            n, keys = evidence.n.copy(), evidence.keys.copy()
            n[0, 9], keys[0, 9] = 0, 0
            evidence = dataclasses.replace(evidence, n=n, keys=keys)
        content = content_of(Gate(Policy.standard(), Silent()), evidence)
        edges.add(tuple((one.low, one.high) for one in content.bins))
    assert len(edges) == 1
    assert next(iter(edges))[-1][1] == 100.0


def test_sparse_tables_are_refused(gate: Gate) -> None:
    assert reason_of(gate, UNITS.counts([RNG.integers(0, 3000, UNITS.n)])) == "TABLE_TOO_SPARSE"
    few = np.minimum(COUNTY, 1)
    assert reason_of(gate, UNITS.counts([few, few, few, few])) == "TABLE_TOO_SPARSE"


def test_low_bins_are_merged_with_a_neighbour(gate: Gate) -> None:
    bars = EVERYONE % 10
    bars[bars == 9] = 8
    bars[:3] = 9
    released = gate.release(histogram(bars, EVERYONE), project="P")
    assert isinstance(released.content, ReleasedHistogram)
    bins = released.content.bins
    assert (bins[-1].low, bins[-1].high) == (80.0, 100.0)
    assert len(bins) == 9
    assert all(one.n >= 10 for one in bins)
    assert rules_of(released) == {"count_noise", "bin_merging", "open_bins"}


def test_low_bars_of_single_values_are_left_out(gate: Gate) -> None:
    bars = EVERYONE % 9
    bars[:3] = 9
    released = gate.release(histogram(bars, EVERYONE, discrete=True), project="P")
    assert isinstance(released.content, ReleasedHistogram)
    assert [one.low for one in released.content.bins] == [10.0 * bar for bar in range(9)]
    assert all(one.low == one.high for one in released.content.bins)
    assert rules_of(released) == {"count_noise", "cell_suppression"}


def test_histograms_need_percentiles_of_the_population_for_their_edges(gate: Gate) -> None:
    assert reason_of(gate, histogram(EVERYONE % 10, EVERYONE, population=999)) == "POPULATION_TOO_SMALL"
    assert reason_of(gate, histogram(EVERYONE % 31, EVERYONE)) == "TABLE_TOO_SPARSE"
    assert reason_of(gate, histogram(EVERYONE, EVERYONE[:4000], discrete=True)) == "TABLE_TOO_SPARSE"


def test_groups_without_bars_are_left_out(gate: Gate) -> None:
    codes = (EVERYONE >= 4).astype(np.int64)
    bars = EVERYONE % 5
    base = histogram(bars, EVERYONE)
    masks = [[(codes == code) & (bars == bar) for bar in range(5)] for code in (0, 1)]
    evidence = dataclasses.replace(
        base,
        group=UNITS.counts([codes]).axes[0],
        n=np.array([[mask.sum() for mask in row] for row in masks]),
        keys=np.array([[UNITS.count(mask).key for mask in row] for row in masks], dtype=np.uint64),
    )
    content = content_of(gate, evidence)
    assert content.group.codes == ("1",)
    assert {one.group for one in content.bins} == {0}
