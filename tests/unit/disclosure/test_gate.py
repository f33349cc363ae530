"""The gate: what it refuses, what it changes, and that nothing is released without it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.unit_sets import Units

from grille.server.blocks import Flag, Markdown
from grille.server.disclosure.evidence import (
    DesignColumn,
    Evidence,
    Figure,
    FigureKind,
    FigureTable,
    GroupLevel,
    HistogramEvidence,
    PublicEvidence,
    Sensitivity,
    StatusEvidence,
    UnitCount,
)
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.noise import noised, noised_counts
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import (
    Content,
    Released,
    ReleasedCounts,
    ReleasedHistogram,
    ReleasedMagnitudes,
    ReleasedModel,
    ReleasedPublic,
    ReleasedStatus,
)
from grille.server.disclosure.rules.rounding import significant
from grille.server.disclosure.texts import REFUSALS, RULES, applied, refusal
from grille.server.errors import DisclosureError
from grille.server.text import Text, same

UNITS = Units(6_000)
RNG = np.random.default_rng(11)
WAGE = RNG.gamma(4.0, 100_000.0, UNITS.n)
SEX = (RNG.random(UNITS.n) < 0.5).astype(np.float64)
COUNTY = RNG.integers(0, 5, UNITS.n)
EVERYONE = np.arange(UNITS.n)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite", b"g" * 32)
    yield opened
    opened.close()


@pytest.fixture
def gate(ledger: Ledger) -> Gate:
    return Gate(Policy.standard(), ledger)


def reason_of(gate: Gate, evidence: Evidence) -> str | None:
    try:
        gate.release(evidence, project="P")
    except DisclosureError as error:
        return error.reason
    return None


def content_of(gate: Gate, evidence: Evidence) -> Any:
    return gate.release(evidence, project="P").content


def rules_of(released: Released[Content]) -> set[str]:
    return {rule.rule for rule in released.rules}


# who may release


def test_released_cannot_be_made_elsewhere() -> None:
    with pytest.raises(TypeError, match="only the gate"):
        Released(ReleasedPublic(()), (), token=object())
    with pytest.raises(TypeError):
        Released(ReleasedPublic(()), ())  # type: ignore[call-arg]


def test_presenting_keeps_a_result_released_with_its_rules(gate: Gate) -> None:
    released = gate.release(UNITS.counts([COUNTY]), project="P")
    block = Markdown("x", same("x"))
    presented = released.present(lambda content: (block,))
    assert presented.content == (block,)
    assert presented.rules == released.rules
    assert isinstance(presented, Released)


def test_public_blocks_pass_unchanged(gate: Gate) -> None:
    blocks = (Markdown("help", same("text")),)
    released = gate.release(PublicEvidence(blocks), project="P")
    assert released.content == ReleasedPublic(blocks)
    assert released.rules == ()


# data sets


def status(**changes: Any) -> StatusEvidence:
    text = Text("{kept} kept, {gone} gone.", "{kept} beholdt, {gone} borte.")
    base = StatusEvidence("kept", text, {"kept": UNITS.count(EVERYONE[:5_000]), "gone": UNITS.count([])})
    return dataclasses.replace(base, **changes)


def test_counts_of_a_status_are_noised_in_numbers_and_words(gate: Gate) -> None:
    content = content_of(gate, status())
    assert isinstance(content, ReleasedStatus)
    kept = noised(5_000, UNITS.count(EVERYONE[:5_000]).key)
    assert content.counts == {"kept": kept, "gone": 0}
    assert content.text.en == f"{kept // 1000}\u202f{kept % 1000:03d} kept, 0 gone."
    assert content.text.no.endswith("0 borte.")


def test_small_counts_of_a_status_are_told_as_small() -> None:
    shown = set()
    for first in range(0, 400, 7):
        with_few = status(counts={"kept": UNITS.count(EVERYONE[first : first + 7]), "gone": UNITS.count([])})
        content = Gate(Policy.standard(), None).release(with_few, project="P").content  # type: ignore[arg-type]
        assert isinstance(content, ReleasedStatus)
        shown.add((content.text.en, content.counts.get("kept", -1)))
    assert shown == {("<10 kept, 0 gone.", -1), *((f"{n} kept, 0 gone.", n) for n in (10, 11, 12))}


@pytest.mark.parametrize("n,reason", [(0, "POPULATION_TOO_SMALL"), (999, "POPULATION_TOO_SMALL"), (1000, None)])
def test_small_populations_are_refused(gate: Gate, n: int, reason: str | None) -> None:
    assert reason_of(gate, status(population=UNITS.count(EVERYONE[:n]))) == reason


@pytest.mark.parametrize(
    "selected,left,reason",
    [(9, 5_991, "CONDITION_TOO_NARROW"), (5_991, 9, "CONDITION_TOO_NARROW"), (10, 5_990, None), (0, 6_000, None)],
)
def test_narrow_conditions_are_refused(gate: Gate, selected: int, left: int, reason: str | None) -> None:
    touched = ((UnitCount(3000, 1), UnitCount(3000, 2)), (UnitCount(selected, 3), UnitCount(left, 4)))
    assert reason_of(gate, status(touched=touched)) == reason


# counts


def test_cells_and_margins_of_a_table_are_noised_each_by_its_key(gate: Gate) -> None:
    evidence = UNITS.counts([COUNTY, SEX.astype(np.int64)])
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedCounts)
    assert released.content.n.tolist() == noised_counts(evidence.n, evidence.keys).tolist()
    assert released.content.axes == evidence.axes
    assert rules_of(released) == {"count_noise"}


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
    assert rules_of(released) == {"count_noise", "cell_suppression", "code_suppression"}


def test_cells_that_look_empty_are_released_as_zero(gate: Gate) -> None:
    codes = COUNTY.copy()
    sex = SEX.astype(np.int64)
    # one unit in a cell of a category that has many: shown as 0 or withheld by its noise, never as 1
    found = set()
    for unit in range(40):
        both = np.where(codes == 4, 0, sex)
        both[unit], codes[unit] = 1, 4
        evidence = UNITS.counts([codes, both])
        content = content_of(Gate(Policy.standard(), Silent()), evidence)
        place = np.flatnonzero((content.positions == [4, 1]).all(axis=1))
        found.add(content.n[place[0]] if not np.isnan(content.n[place[0]]) else None)
        codes = COUNTY.copy()
    assert found <= {0.0, None}
    assert 0.0 in found


class Silent(Ledger):
    """A ledger for tests of single releases, which remembers nothing."""

    def __init__(self) -> None:
        pass

    def admit(self, *_: Any) -> None:
        pass

    def admit_separately(self, project: str, sets: Any, policy: Policy) -> list[bool]:
        return [True] * len(sets)

    acceptable = admit_separately


def test_sparse_tables_are_refused(gate: Gate) -> None:
    assert reason_of(gate, UNITS.counts([RNG.integers(0, 3000, UNITS.n)])) == "TABLE_TOO_SPARSE"
    few = np.minimum(COUNTY, 1)
    assert reason_of(gate, UNITS.counts([few, few, few, few])) == "TABLE_TOO_SPARSE"


# histograms


def histogram(
    bars: np.ndarray, members: np.ndarray, *, discrete: bool = False, population: int = 6_000
) -> HistogramEvidence:
    top = int(bars.max()) + 1
    masks = [[(bars == bar) & UNITS.mask(members) for bar in range(top)]]
    return HistogramEvidence(
        analysis_set=UNITS.set(members),
        variable=("x", same("x")),
        group=None,
        edges=np.arange(top + (0 if discrete else 1)) * 10.0,
        discrete=discrete,
        n=np.array([[mask.sum() for mask in row] for row in masks], dtype=np.int64),
        keys=np.array([[UNITS.count(mask).key for mask in row] for row in masks], dtype=np.uint64),
        population=population,
    )


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


# magnitudes


def test_means_are_rounded_sums_are_noised_and_counts_are_noised(gate: Gate) -> None:
    evidence = UNITS.magnitudes({"wage": WAGE}, probabilities=(0.01, 0.5, 0.99), gini=True)
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedMagnitudes)
    exact, (shown,) = evidence.variables[0], released.content.variables
    n = noised(UNITS.n, UNITS.count(EVERYONE).key)
    assert shown.n.tolist() == [n]
    assert shown.mean.tolist() == significant(exact.mean, 5).tolist()
    assert shown.sd.tolist() == significant(exact.sd, 5).tolist()
    assert shown.total.tolist() == significant(exact.mean * n, 5).tolist()
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
    assert {"cell_suppression", "dominance"} <= rules_of(released)
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


# models


@pytest.mark.parametrize(
    "changes,reason",
    [
        ({}, None),
        ({"residual_df": 9}, "MODEL_TOO_SMALL"),
        ({"parameters": 101}, "MODEL_TOO_SMALL"),
        ({"r2": 0.991}, "FIT_TOO_GOOD"),
        ({"r2": math.nan}, "FIT_TOO_GOOD"),
        ({"lineage_violation": True}, "FIT_TOO_GOOD"),
        ({"columns": (DesignColumn("d", 9),)}, "DESIGN_COLUMN_RARE"),
        ({"outcome_rarer_units": 9}, "DESIGN_COLUMN_RARE"),
        ({"columns": (DesignColumn("d", 50, (1, 9)),)}, "GROUP_COLUMN_RARE"),
        ({"leverage": (0.21, 0.3)}, "UNIT_ISOLATED"),
        ({"icc": 0.99}, "GROUPS_DETERMINE_OUTCOME"),
    ],
)
def test_models_are_refused_by_rule(gate: Gate, changes: dict[str, Any], reason: str | None) -> None:
    assert reason_of(gate, UNITS.model(EVERYONE[:1000], **changes)) == reason


def test_figures_of_models_are_noised_and_rounded(gate: Gate) -> None:
    members = EVERYONE[:1000]
    released = gate.release(UNITS.model(members), project="P")
    assert isinstance(released.content, ReleasedModel)
    model, coefficients = released.content.tables
    n = noised(1000, UNITS.count(members).key)
    assert [row[1].value for row in model.rows] == [n, n - 3]
    assert [cell.value for cell in coefficients.rows[0]] == ["x", 1234.6, 0.046]
    assert [cell.value for cell in coefficients.rows[1]] == ["_cons", -0.00012346, 0.001]
    assert rules_of(released) == {"count_noise", "model_rounding"}


def test_the_constant_is_hidden_when_a_combination_is_small(gate: Gate) -> None:
    released = gate.release(UNITS.model(EVERYONE[:1000], smallest_combination=4), project="P")
    assert isinstance(released.content, ReleasedModel)
    constant = released.content.tables[1].rows[1]
    assert constant[0].value == "_cons"
    assert [(cell.value, cell.flag) for cell in constant[1:]] == [(None, Flag.SUPPRESSED)] * 2
    assert "constant_hidden" in rules_of(released)
    assert "constant_hidden" not in rules_of(gate.release(UNITS.model(EVERYONE[2000:3000]), project="P"))


def test_small_groups_are_told_as_small_and_few_groups_are_remarked(gate: Gate) -> None:
    small, large = UNITS.count(EVERYONE[:7]), UNITS.count(EVERYONE[:400])
    table = FigureTable(
        "groups",
        same("Groups"),
        (("variable", same("Variable")), ("min", same("Min")), ("max", same("Max")), ("mean", same("Mean"))),
        (
            (
                Figure(FigureKind.LABEL, "county"),
                Figure(FigureKind.COUNT, UnitCount(4, 1)),
                Figure(FigureKind.COUNT, large),
                Figure(FigureKind.MEAN_SIZE, 125.0),
            ),
        ),
    )
    members = EVERYONE[:1000]
    evidence = UNITS.model(
        members, groups=(GroupLevel("county", 8, small, large, public=False),), icc=0.1, tables=(table,)
    )
    released = gate.release(evidence, project="P")
    assert isinstance(released.content, ReleasedModel)
    row = released.content.tables[0].rows[0]
    assert (row[1].value, row[1].flag) == (None, Flag.BELOW_THRESHOLD)
    assert row[2].value == noised(large.n, large.key)
    n = noised(1000, UNITS.count(members).key)
    assert row[3].value == significant(np.array([125.0 * n / 1000]), 5)[0]
    assert [key for key, _ in released.content.notices] == ["few_groups"]
    assert "group_size" in rules_of(released)


def test_boundary_and_missing_figures_keep_their_marks(gate: Gate) -> None:
    table = FigureTable(
        "random_effects",
        same("Random effects"),
        (("variable", same("V")), ("variance", same("Variance")), ("std_error", same("SE"))),
        (
            (
                Figure(FigureKind.LABEL, "county", label=same("County")),
                Figure(FigureKind.ESTIMATE, 0.0, boundary=True),
                Figure(FigureKind.ESTIMATE, None),
            ),
        ),
    )
    content = content_of(gate, UNITS.model(EVERYONE[:1000], tables=(table,)))
    label, variance, error = content.tables[0].rows[0]
    assert label.label == same("County")
    assert (variance.value, variance.flag) == (0.0, Flag.BOUNDARY)
    assert (error.value, error.flag) == (None, Flag.NOT_AVAILABLE)


# the profile open


def test_open_shows_public_data_exactly_and_nothing_else(ledger: Ledger) -> None:
    gate, public = Gate(Policy.open(), ledger), Sensitivity("PUBLIC")
    evidence = UNITS.counts([COUNTY], EVERYONE[:20])
    released = gate.release(evidence, project="P", sensitivity=public)
    assert isinstance(released.content, ReleasedCounts)
    assert released.content.n.tolist() == evidence.n.tolist()
    assert released.rules == ()
    for level in ("NONPUBLIC", "PERSON_GENERAL", "PERSON_SPECIAL"):
        with pytest.raises(DisclosureError, match="NOT_PUBLIC"):
            gate.release(evidence, project="P", sensitivity=Sensitivity(level))  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match="NOT_PUBLIC"):
        gate.release(evidence, project="P")


def test_open_shows_models_and_means_in_full_precision(ledger: Ledger) -> None:
    gate, public = Gate(Policy.open(), ledger), Sensitivity("PUBLIC")
    model = gate.release(UNITS.model(EVERYONE[:20], r2=1.0), project="P", sensitivity=public).content
    assert isinstance(model, ReleasedModel)
    assert model.tables[0].rows[0][1].value == 20
    assert model.tables[1].rows[0][1].value == 1234.56789
    evidence = UNITS.magnitudes({"wage": WAGE, "man": SEX}, members=EVERYONE[:3])
    means = gate.release(evidence, project="P", sensitivity=public).content
    assert isinstance(means, ReleasedMagnitudes)
    for shown, exact in zip(means.variables, evidence.variables, strict=True):
        assert shown.mean.tolist() == exact.mean.tolist()
    assert list(ledger.entries("P", "no.test", "PERSON")) == []


# the ledger behind the gate


Maker = Callable[[np.ndarray], Evidence]
MAKERS: dict[str, Maker] = {
    "counts": lambda members: UNITS.counts([COUNTY], members),
    "histogram": lambda members: histogram(COUNTY, members),
    "means": lambda members: UNITS.magnitudes({"wage": WAGE}, members=members),
    "model": lambda members: UNITS.model(members),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("earlier", MAKERS)
def test_every_kind_of_result_counts_against_every_kind(gate: Gate, earlier: str, kind: str) -> None:
    base = EVERYONE[:4000]
    assert reason_of(gate, MAKERS[earlier](base)) is None
    assert reason_of(gate, MAKERS[kind](base[1:])) == "SETS_TOO_CLOSE"
    assert reason_of(gate, MAKERS[kind](base)) is None
    assert reason_of(gate, MAKERS[kind](base[10:])) is None


@pytest.mark.parametrize("kind", MAKERS)
def test_a_refused_result_leaves_no_trace_in_the_ledger(gate: Gate, ledger: Ledger, kind: str) -> None:
    assert reason_of(gate, MAKERS[kind](EVERYONE[:9])) is not None
    assert list(ledger.entries("P", "no.test", "PERSON")) == []


# texts


def test_every_text_is_complete_in_both_languages_and_holds_only_policy_numbers() -> None:
    policy = Policy.standard()
    for reason in REFUSALS:
        error = refusal(reason, policy)
        assert error.hint is not None
        for text in (error.message, error.hint):
            assert text.en.endswith(".")
            assert text.no.endswith(".")
            assert "{" not in text.en + text.no
    for rule in RULES:
        detail = applied(rule, policy).detail
        assert "{" not in detail.en + detail.no
