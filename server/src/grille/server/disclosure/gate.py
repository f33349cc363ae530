"""The gate: the only place where evidence becomes a released result."""

from __future__ import annotations

from grille.server.disclosure.evidence import (
    CountEvidence,
    Evidence,
    FigureSetsEvidence,
    HistogramEvidence,
    MagnitudeEvidence,
    ModelEvidence,
    NoAnswerEvidence,
    PublicEvidence,
    Sensitivity,
    StatusEvidence,
)
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.admission import Admission
from grille.server.disclosure.release.counts import release_counts
from grille.server.disclosure.release.figure_sets import release_figure_sets
from grille.server.disclosure.release.histogram import release_histogram
from grille.server.disclosure.release.magnitudes import release_magnitudes
from grille.server.disclosure.release.model import no_answer, release_model
from grille.server.disclosure.release.status import release_status
from grille.server.disclosure.released import _GATE, AppliedRule, Content, Released, ReleasedPublic
from grille.server.disclosure.texts import applied, refusal

MOST_SENSITIVE = Sensitivity("PERSON_SPECIAL")
FEW_AS_NONE = "few_as_none"


class Gate:
    """Releases results under one policy. Safe for threads, as the ledger is."""

    def __init__(self, policy: Policy, ledger: Ledger) -> None:
        """Make a gate.

        Args:
            policy: Of the project, already checked against that of its banks.
            ledger: Of the server, shared by all gates.
        """
        self.policy = policy
        self._ledger = ledger

    def release(
        self,
        evidence: Evidence,
        *,
        project: str,
        sensitivity: Sensitivity = MOST_SENSITIVE,
        conditions: bool = False,
    ) -> Released[Content]:
        """Judge evidence, record its sets in the ledger, and return what may be shown.

        The ledger is written, and on disk, before this returns. A refusal records no set of its result; at most the
        union of a table's cells, which makes later answers stricter, never looser.

        Args:
            evidence: What a command computed.
            project: Project whose earlier releases count.
            sensitivity: Highest level of the register variables behind the evidence; matters to the profile open only.
            conditions: Whether the command had conditions, in which few units counted as none.

        Raises:
            DisclosureError: When a rule refuses; reason and texts are those of texts.REFUSALS.
        """
        if not (self.policy.protects or sensitivity.level == "PUBLIC" or isinstance(evidence, PublicEvidence)):
            raise refusal("NOT_PUBLIC", self.policy)
        content, rules = self._judged(evidence, Admission(self._ledger, project, self.policy))
        if conditions and self.policy.protects and all(rule.rule != FEW_AS_NONE for rule in rules):
            rules = (*rules, applied(FEW_AS_NONE, self.policy))
        return Released(content, rules, token=_GATE)

    def divisions(self, evidence: Evidence, project: str) -> int:
        """Return in how many ways the units of evidence were divided in releases so far; 0 when it has no set."""
        if isinstance(evidence, CountEvidence | HistogramEvidence | MagnitudeEvidence):
            return self._ledger.divisions(project, evidence.analysis_set)
        return 0

    def _judged(self, evidence: Evidence, admission: Admission) -> tuple[Content, tuple[AppliedRule, ...]]:
        match evidence:
            case PublicEvidence():
                return ReleasedPublic(evidence.blocks), ()
            case StatusEvidence():
                return release_status(evidence, self.policy)
            case CountEvidence():
                return release_counts(evidence, self.policy, admission)
            case HistogramEvidence():
                return release_histogram(evidence, self.policy, admission)
            case MagnitudeEvidence():
                return release_magnitudes(evidence, self.policy, admission)
            case ModelEvidence():
                return release_model(evidence, self.policy, admission)
            case FigureSetsEvidence():
                return release_figure_sets(evidence, self.policy, admission)
            case NoAnswerEvidence():
                raise no_answer(evidence, self.policy)
