"""Release of the answers of commands that prepare data."""

from __future__ import annotations

from grille.server.disclosure.evidence import StatusEvidence
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_count
from grille.server.disclosure.released import AppliedRule, ReleasedStatus
from grille.server.disclosure.rules.condition import condition_is_wide
from grille.server.disclosure.rules.population import population_is_large
from grille.server.disclosure.texts import applied, refusal
from grille.server.text import Text

# Norwegian numbers are grouped by a blank that does not break, as in the tables (Språkrådet).
_NO_BREAK = "\u00a0"


def release_status(evidence: StatusEvidence, policy: Policy) -> tuple[ReleasedStatus, tuple[AppliedRule, ...]]:
    """Judge a preparation command and fill its noised counts into its sentence.

    Raises:
        DisclosureError: CONDITION_TOO_NARROW or POPULATION_TOO_SMALL.
    """
    if policy.protects:
        if not all(condition_is_wide(selected.n, left.n, policy) for selected, left in evidence.touched):
            raise refusal("CONDITION_TOO_NARROW", policy)
        if evidence.population is not None and not population_is_large(evidence.population.n, policy):
            raise refusal("POPULATION_TOO_SMALL", policy)
    counts = {}
    text = evidence.text
    for name, count in evidence.counts.items():
        shown = shown_count(count, policy)
        if policy.protects and 0 < shown < policy.cell_min:
            english = norwegian = f"<{policy.cell_min}"
        else:
            counts[name] = shown
            english = f"{shown:,}"
            norwegian = english.replace(",", _NO_BREAK)
        text = Text(text.en.replace(f"{{{name}}}", english), text.no.replace(f"{{{name}}}", norwegian))
    rules = (applied("count_noise", policy),) if policy.protects and evidence.counts else ()
    return ReleasedStatus(evidence.key, text, counts), rules
