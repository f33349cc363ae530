"""Counts as a policy shows them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import AnalysisSet, UnitCount
from grille.server.disclosure.noise import noised_counts
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.rounding import rounded_counts
from grille.server.disclosure.texts import refusal


def shown_count(count: UnitCount, policy: Policy) -> int:
    """Return a count with noise, rounded to the policy's base, or as it is when the policy is open."""
    return int(shown_counts(np.array([count.n]), np.array([count.key % 2**64], dtype=np.uint64), policy)[0])


def shown_counts(n: NDArray[np.int64], keys: NDArray[np.uint64], policy: Policy) -> NDArray[np.int64]:
    """Return counts (cells,) with noise, rounded to the policy's base, or as they are when the policy is open."""
    if not policy.protects:
        return n.astype(np.int64)
    return rounded_counts(noised_counts(n, keys), policy)


def require_units(analysis_set: AnalysisSet, policy: Policy) -> None:
    """Raise DisclosureError TOO_FEW_UNITS for a set of fewer than cell_min units, exact or noised; also for none."""
    if policy.protects and min(analysis_set.units.n, shown_count(analysis_set.units, policy)) < policy.cell_min:
        raise refusal("TOO_FEW_UNITS", policy)
