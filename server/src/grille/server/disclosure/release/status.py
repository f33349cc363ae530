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

# narrow no-break space
_GROUP = "\u202f"


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
            words = f"<{policy.cell_min}"
        else:
            counts[name] = shown
            words = f"{shown:,}".replace(",", _GROUP)
        text = Text(text.en.replace(f"{{{name}}}", words), text.no.replace(f"{{{name}}}", words))
    rules = (applied("count_noise", policy),) if policy.protects and evidence.counts else ()
    return ReleasedStatus(evidence.key, text, counts), rules
