"""Release of tables of counts."""

from __future__ import annotations

import numpy as np

from grille.server.disclosure.evidence import CountEvidence
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.admission import Admission, partition_of
from grille.server.disclosure.release.counting import require_units, shown_counts
from grille.server.disclosure.released import AppliedRule, ReleasedCounts
from grille.server.disclosure.rules.cells import count_cells_shown
from grille.server.disclosure.rules.codes import has_gaps, without_unshown_codes
from grille.server.disclosure.rules.sparse import table_is_dense
from grille.server.disclosure.texts import applied, refusal


def release_counts(
    evidence: CountEvidence, policy: Policy, admission: Admission
) -> tuple[ReleasedCounts, tuple[AppliedRule, ...]]:
    """Judge a table of counts, then noise and suppress its cells.

    A small cell is withheld, and so is an empty one, that none be told from few.

    Raises:
        DisclosureError: TOO_FEW_UNITS, TABLE_TOO_SPARSE, TOO_MANY_PARTITIONS or SETS_TOO_CLOSE.
    """
    noised = shown_counts(evidence.n, evidence.keys, policy)
    if not policy.protects:
        exact = noised.astype(np.float64)
        return ReleasedCounts(evidence.axes, evidence.positions, exact, evidence.view, protected=False), ()
    require_units(evidence.analysis_set, policy)
    inner = (evidence.positions >= 0).all(axis=1)
    if not table_is_dense(evidence.n[inner], evidence.keys[inner], len(evidence.axes), policy):
        raise refusal("TABLE_TOO_SPARSE", policy)
    shown = count_cells_shown(noised, policy)
    if not shown.any():
        raise refusal("TOO_FEW_UNITS", policy)
    admission.together((evidence.analysis_set,), partition_of(evidence.analysis_set, evidence.keys[inner]))
    n = np.where(shown, noised.astype(np.float64), np.nan)
    pruned = without_unshown_codes(evidence.axes, evidence.positions, shown)
    # which remarks are made follows from what is shown alone: that a small cell was there must not show
    rules = [applied("count_noise", policy)]
    if has_gaps(pruned, shown):
        rules.append(applied("cell_suppression", policy))
    if evidence.axes:
        rules.append(applied("code_suppression", policy))
    return ReleasedCounts(pruned.axes, pruned.positions, n[pruned.kept], evidence.view), tuple(rules)
