"""Release of histograms."""

from __future__ import annotations

import dataclasses

import numpy as np

from grille.server.disclosure.evidence import Axis, HistogramEvidence, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.admission import Admission, partition_of
from grille.server.disclosure.release.counting import require_units, shown_count
from grille.server.disclosure.released import AppliedRule, ReleasedBin, ReleasedHistogram
from grille.server.disclosure.rules.histogram import Run, merged_bins
from grille.server.disclosure.rules.percentiles import percentiles_shown
from grille.server.disclosure.rules.sparse import table_is_dense
from grille.server.disclosure.texts import applied, refusal


def release_histogram(
    evidence: HistogramEvidence, policy: Policy, admission: Admission
) -> tuple[ReleasedHistogram, tuple[AppliedRule, ...]]:
    """Judge a histogram, then noise its bars and merge the low ones.

    Bars of single values are left out when low, not merged: the ends of a merged bar would be values of few units.
    Empty bars are treated as low ones.

    Raises:
        DisclosureError: TOO_FEW_UNITS, POPULATION_TOO_SMALL, TABLE_TOO_SPARSE, TOO_MANY_PARTITIONS or SETS_TOO_CLOSE.
    """
    if policy.protects:
        _judge(evidence, policy)
    runs = [_runs(evidence, group, policy) for group in range(len(evidence.n))]
    shown = [[run for run in row if not policy.protects or run.noised >= policy.cell_min] for row in runs]
    if policy.protects and not any(shown):
        raise refusal("TOO_FEW_UNITS", policy)
    filled = evidence.keys[evidence.n > 0]
    admission.together((evidence.analysis_set,), partition_of(evidence.analysis_set, filled))
    groups = [group for group, row in enumerate(shown) if row]
    bins = tuple(
        ReleasedBin(
            place,
            float(evidence.edges[run.first]),
            float(evidence.edges[run.last + (0 if evidence.discrete else 1)]),
            run.noised,
        )
        for place, group in enumerate(groups)
        for run in shown[group]
    )
    axis = _groups(evidence.group, groups)
    rules = []
    if policy.protects:
        rules.append(applied("count_noise", policy))
        if any(run.first < run.last for row in shown for run in row):
            rules.append(applied("bin_merging", policy))
        if evidence.discrete or evidence.group is not None:
            rules.append(applied("cell_suppression", policy))
        if not evidence.discrete:
            rules.append(applied("open_bins", policy))
    return ReleasedHistogram(evidence.variable, axis, evidence.discrete, bins, evidence.view), tuple(rules)


def _judge(evidence: HistogramEvidence, policy: Policy) -> None:
    require_units(evidence.analysis_set, policy)
    if not evidence.discrete and not percentiles_shown(np.array([evidence.population]), 0.01, policy)[0]:
        raise refusal("POPULATION_TOO_SMALL", policy)
    dimensions = 1 if evidence.group is None else 2
    if evidence.discrete and not table_is_dense(evidence.n.ravel(), evidence.keys.ravel(), dimensions, policy):
        raise refusal("TABLE_TOO_SPARSE", policy)
    if not evidence.discrete and evidence.n.shape[1] > policy.bins_max:
        raise refusal("TABLE_TOO_SPARSE", policy)


def _runs(evidence: HistogramEvidence, group: int, policy: Policy) -> tuple[Run, ...]:
    def noise(n: int, key: int) -> int:
        return shown_count(UnitCount(n, key), policy)

    n, keys = evidence.n[group], evidence.keys[group]
    if policy.protects and not evidence.discrete:
        return merged_bins(np.arange(len(n)), n, keys, noise, policy)
    filled = np.flatnonzero(n > 0).tolist()
    return tuple(Run(bar, bar, int(n[bar]), int(keys[bar]), noise(int(n[bar]), int(keys[bar]))) for bar in filled)


def _groups(axis: Axis | None, groups: list[int]) -> Axis | None:
    if axis is None:
        return None
    return dataclasses.replace(
        axis, codes=tuple(axis.codes[i] for i in groups), labels=tuple(axis.labels[i] for i in groups)
    )
