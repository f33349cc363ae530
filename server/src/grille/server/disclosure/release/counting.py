"""Counts as a policy shows them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import AnalysisSet, UnitCount
from grille.server.disclosure.noise import noised, noised_counts
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.texts import refusal


def shown_count(count: UnitCount, policy: Policy) -> int:
    """Return a count with noise, or as it is when the policy is open."""
    return noised(count.n, count.key) if policy.protects else count.n


def shown_counts(n: NDArray[np.int64], keys: NDArray[np.uint64], policy: Policy) -> NDArray[np.int64]:
    """Return counts (cells,) with noise, or as they are when the policy is open."""
    return noised_counts(n, keys) if policy.protects else n.astype(np.int64)


def require_units(analysis_set: AnalysisSet, policy: Policy) -> None:
    """Raise DisclosureError TOO_FEW_UNITS for a set of fewer than cell_min units, exact or noised; also for none."""
    if policy.protects and min(analysis_set.units.n, shown_count(analysis_set.units, policy)) < policy.cell_min:
        raise refusal("TOO_FEW_UNITS", policy)
