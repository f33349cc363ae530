"""The ledger as seen by one release: bound to a project and a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grille.server.disclosure.evidence import AnalysisSet
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy


@dataclass(frozen=True, slots=True)
class Admission:
    """Ledger, project and policy of a release."""

    ledger: Ledger
    project: str
    policy: Policy

    def together(self, sets: Sequence[AnalysisSet]) -> None:
        """Record all sets or raise DisclosureError SETS_TOO_CLOSE; see Ledger.admit."""
        if self.policy.protects:
            self.ledger.admit(self.project, sets, self.policy)

    def apart(self, sets: Sequence[AnalysisSet]) -> list[bool]:
        """Record the sets that are not too close to others; see Ledger.admit_separately."""
        if not self.policy.protects:
            return [True] * len(sets)
        return self.ledger.admit_separately(self.project, sets, self.policy)

    def acceptable(self, sets: Sequence[AnalysisSet]) -> list[bool]:
        """Say which sets `apart` would record; see Ledger.acceptable."""
        if not self.policy.protects:
            return [True] * len(sets)
        return self.ledger.acceptable(self.project, sets, self.policy)
