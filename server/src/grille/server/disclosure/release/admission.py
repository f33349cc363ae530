"""The ledger as seen by one release: bound to a project and a policy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import AnalysisSet
from grille.server.disclosure.ledger import Ledger, Partition
from grille.server.disclosure.policy import Policy


def partition_of(analysis_set: AnalysisSet, keys: NDArray[np.uint64]) -> Partition | None:
    """Return the division of a set into cells with these keys, in any order; None for a single cell.

    Risk: the noise of many tables over one set, averaged, shrinks until the exact count of the set appears.
    Source: Fraser and Wooton (2005), A proposed method for confidentialising tabular output to protect against
    differencing, on repeated independent noise.
    """
    cells = np.sort(keys.ravel())
    if cells.size < 2:
        return None
    return Partition(analysis_set, hashlib.sha256(cells.astype("<u8").tobytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class Admission:
    """Ledger, project and policy of a release."""

    ledger: Ledger
    project: str
    policy: Policy

    def together(self, sets: Sequence[AnalysisSet], partition: Partition | None = None) -> None:
        """Record all sets or raise DisclosureError SETS_TOO_CLOSE; see Ledger.admit."""
        if self.policy.protects:
            self.ledger.admit(self.project, sets, self.policy, partition)

    def apart(self, sets: Sequence[AnalysisSet], partition: Partition | None = None) -> list[bool]:
        """Record the sets that are not too close to others; see Ledger.admit_separately."""
        if not self.policy.protects:
            return [True] * len(sets)
        return self.ledger.admit_separately(self.project, sets, self.policy, partition)

    def acceptable(self, sets: Sequence[AnalysisSet]) -> list[bool]:
        """Say which sets `apart` would record; see Ledger.acceptable."""
        if not self.policy.protects:
            return [True] * len(sets)
        return self.ledger.acceptable(self.project, sets, self.policy)
