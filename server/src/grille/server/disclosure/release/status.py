"""Release of the answers of commands that prepare data."""

from __future__ import annotations

from collections.abc import Mapping

from grille.server.disclosure.evidence import StatusEvidence, Touch, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_count
from grille.server.disclosure.released import AppliedRule, ReleasedStatus
from grille.server.disclosure.rules.condition import Effect, condition_effect, is_few
from grille.server.disclosure.rules.population import population_is_large
from grille.server.disclosure.texts import ALL_OR_NEARLY, FEW_OR_NONE, applied, refusal
from grille.server.text import Text

# Norwegian numbers are grouped by a blank that does not break, as in the tables (Språkrådet).
_NO_BREAK = "\u00a0"


def release_status(evidence: StatusEvidence, policy: Policy) -> tuple[ReleasedStatus, tuple[AppliedRule, ...]]:
    """Judge a preparation command and fill its noised counts into its sentence.

    A count below cell_min is shown as such, and none is not told from few.

    Raises:
        DisclosureError: POPULATION_TOO_SMALL; CONDITION_TOO_NARROW, when a condition took effect otherwise than this
            policy wants, as when it was changed meanwhile.
    """
    if any(one.effect != condition_effect(one.selected, one.left, policy) for one in evidence.touched):
        raise refusal("CONDITION_TOO_NARROW", policy)
    if policy.protects and evidence.population is not None and not population_is_large(evidence.population, policy):
        raise refusal("POPULATION_TOO_SMALL", policy)
    counts = {}
    text = evidence.text
    for name, exact in evidence.counts.items():
        count = _all_when_few_are_left(name, exact, evidence.counts, policy) if policy.protects else exact
        shown = shown_count(count, policy)
        if policy.protects and shown < policy.cell_min:
            english = norwegian = f"<{policy.cell_min}"
        else:
            counts[name] = shown
            english = f"{shown:,}"
            norwegian = english.replace(",", _NO_BREAK)
        text = Text(text.en.replace(f"{{{name}}}", english), text.no.replace(f"{{{name}}}", norwegian))
    rules = []
    if policy.protects and evidence.counts:
        rules.append(applied("count_noise", policy))
    if policy.protects and evidence.touched:
        rules.append(applied("few_as_none", policy))
    return ReleasedStatus(evidence.key, text, counts, _remarks(evidence.touched)), tuple(rules)


def _all_when_few_are_left(name: str, count: UnitCount, counts: Mapping[str, UnitCount], policy: Policy) -> UnitCount:
    """Return the count of all units for a count `missing` of all but few: equal noise would tell that none is left."""
    everything = counts.get(name.replace("missing", "units"))
    if not name.startswith("missing") or everything is None:
        return count
    left = UnitCount(everything.n - count.n, (everything.key - count.key) % 2**64)
    return everything if is_few(left, policy.condition_min) else count


def _remarks(touched: tuple[Touch, ...]) -> tuple[tuple[str, Text], ...]:
    remarks = []
    for one in touched:
        if one.what is None or one.effect == Effect.AS_WRITTEN:
            continue
        key = "few_or_none" if one.effect == Effect.NOBODY else "all_or_nearly"
        ending = FEW_OR_NONE if one.effect == Effect.NOBODY else ALL_OR_NEARLY
        remarks.append((key, Text(f"{one.what.en} {ending.en}", f"{one.what.no} {ending.no}")))
    return tuple(remarks)
