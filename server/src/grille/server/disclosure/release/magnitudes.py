"""Release of means, deviations, sums, percentiles and the like over the cells of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import MagnitudeEvidence, MagnitudeVariable
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.admission import Admission
from grille.server.disclosure.release.cell_sets import admitted_cells
from grille.server.disclosure.release.counting import shown_counts
from grille.server.disclosure.release.variable import cells_of, released_variable
from grille.server.disclosure.released import AppliedRule, ReleasedMagnitudes
from grille.server.disclosure.rules.cells import magnitude_cells_shown
from grille.server.disclosure.rules.codes import has_gaps, without_unshown_codes
from grille.server.disclosure.rules.complement import complement_cells_shown
from grille.server.disclosure.rules.dominance import undominated
from grille.server.disclosure.rules.sparse import table_is_dense
from grille.server.disclosure.rules.variation import varies
from grille.server.disclosure.texts import applied, refusal

Mask = NDArray[np.bool_]


def release_magnitudes(
    evidence: MagnitudeEvidence, policy: Policy, admission: Admission
) -> tuple[ReleasedMagnitudes, tuple[AppliedRule, ...]]:
    """Judge statistics over cells, then withhold cells, noise counts and round.

    A cell is withheld for one variable (NaN) or for all (`suppressed`); an empty cell looks like a small one.

    Raises:
        DisclosureError: TOO_FEW_UNITS, TABLE_TOO_SPARSE or TOO_MANY_PARTITIONS; DOMINATED or SETS_TOO_CLOSE, when no
            cell is left.
    """
    noised = [shown_counts(variable.n, variable.keys, policy) for variable in evidence.variables]
    touched: set[str] = set()
    if policy.protects:
        shown = _shown(evidence, noised, policy, admission, touched)
    else:
        shown = [variable.n > 0 for variable in evidence.variables]
    variables = tuple(
        released_variable(variable, counts, cells, policy)
        for variable, counts, cells in zip(evidence.variables, noised, shown, strict=True)
    )
    visible = np.any(shown, axis=0)
    suppressed = ~visible if policy.protects else np.zeros_like(visible)
    pruned = without_unshown_codes(evidence.axes, evidence.positions, visible)
    if evidence.axes:
        touched.add("code_suppression")
    if has_gaps(pruned, visible):
        touched.add("cell_suppression")
    content = ReleasedMagnitudes(
        pruned.axes,
        pruned.positions,
        tuple(cells_of(variable, pruned.kept) for variable in variables),
        suppressed[pruned.kept],
        evidence.view,
        policy.number_digits if policy.protects else None,
        policy.protects,
    )
    return content, _rules(evidence, policy, touched)


def _shown(
    evidence: MagnitudeEvidence,
    noised: list[NDArray[np.int64]],
    policy: Policy,
    admission: Admission,
    touched: set[str],
) -> list[Mask]:
    """Return, per variable, the cells that every rule and the ledger let through."""
    large = [
        magnitude_cells_shown(variable.n, counts, policy)
        for variable, counts in zip(evidence.variables, noised, strict=True)
    ]
    if evidence.analysis_set.units.n < policy.cell_min or not np.any(large):
        raise refusal("TOO_FEW_UNITS", policy)
    inner = (evidence.positions >= 0).all(axis=1)
    units = np.max([variable.n for variable in evidence.variables], axis=0)
    if not table_is_dense(units[inner], _largest_keys(evidence)[inner], len(evidence.axes), policy):
        raise refusal("TABLE_TOO_SPARSE", policy)
    dominated = [cells & ~_even(variable, policy) for variable, cells in zip(evidence.variables, large, strict=True)]
    even = [cells & ~uneven for cells, uneven in zip(large, dominated, strict=True)]
    if not np.any(even):
        raise refusal("DOMINATED", policy)
    shown = [
        complement_cells_shown(evidence.positions, variable.n, cells, uneven, policy)
        for variable, cells, uneven in zip(evidence.variables, even, dominated, strict=True)
    ]
    admitted = admitted_cells(evidence, shown, admission)
    if not np.any(admitted):
        raise refusal("SETS_TOO_CLOSE", policy)
    stages = (
        ("dominance", large, even),
        ("secondary_suppression", even, shown),
        ("differencing", shown, admitted),
    )
    touched |= {rule for rule, before, after in stages if np.any(np.array(before) & ~np.array(after))}
    return admitted


def _largest_keys(evidence: MagnitudeEvidence) -> NDArray[np.uint64]:
    """Return, per cell, the key of the variable with most units."""
    most = np.argmax([variable.n for variable in evidence.variables], axis=0)
    keys: NDArray[np.uint64] = np.choose(most, [variable.keys for variable in evidence.variables])
    return keys


def _even(variable: MagnitudeVariable, policy: Policy) -> Mask:
    if variable.binary:
        return np.ones(len(variable.n), dtype=np.bool_)
    return undominated(variable.total, variable.largest, variable.second, policy) & varies(
        variable.sd, variable.largest
    )


def _rules(evidence: MagnitudeEvidence, policy: Policy, touched: set[str]) -> tuple[AppliedRule, ...]:
    if not policy.protects:
        return ()
    continuous = any(not variable.binary for variable in evidence.variables)
    rules = ["count_noise"]
    if any(variable.binary for variable in evidence.variables):
        rules.append("shares_from_noised_counts")
    if continuous:
        rules.append("winsorising")
    if evidence.sums:
        rules.append("sum_from_noised_count")
    if continuous:
        rules.append("rounding")
        if any(variable.percentiles for variable in evidence.variables):
            rules.append("percentile_smoothing")
    if any(variable.mean_only for variable in evidence.variables):
        rules.append("mean_alone")
    order = ("cell_suppression", "dominance", "secondary_suppression", "differencing", "code_suppression")
    rules += [rule for rule in order if rule in touched]
    return tuple(applied(rule, policy) for rule in rules)
