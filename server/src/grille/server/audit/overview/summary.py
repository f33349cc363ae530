"""Puts an overview together out of the records of a log and the sets of a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from grille.server.audit.overview import patterns
from grille.server.audit.overview.gather import gather
from grille.server.audit.overview.model import Alarm, Divided, NearPair, Overview, ReleasedSet, Step
from grille.server.text import Language


def overview_of(
    records: Iterable[Mapping[str, Any]],
    released: Sequence[ReleasedSet],
    near: Sequence[NearPair],
    *,
    projects: Set[str] | None = None,
    user: str = "",
) -> Overview:
    """Return the overview.

    Args:
        records: Fields of all records of the log, in order.
        released: Sets of the ledger, oldest first.
        near: Pairs of them that differ by hardly more than the least difference.
        projects: Only these projects; None means all.
        user: Only this user's commands; empty means all.
    """
    found = gather(records, projects, user)
    sets = [one for one in released if projects is None or one.project in projects]
    pairs = [one for one in near if projects is None or one.project in projects]
    divided = _divided(sets, found.steps)
    by_digest = {(one.project, one.digest): one for one in sets}
    alarms: list[Alarm] = [
        *patterns.refusals_in_a_row(found.steps),
        *patterns.close_refusals(found.steps),
        *patterns.shrinking_sets(found.steps, by_digest),
        *patterns.divided_often(divided, found.steps),
        *patterns.near_pairs(pairs, found.steps),
        *patterns.denials(found),
        *patterns.loosened_policies(found),
    ]
    numbers: dict[str, set[str]] = {}
    for one in sets:
        numbers.setdefault(one.project, set()).add(one.digest)
    return Overview(
        tuple(found.activities[key] for key in sorted(found.activities)),
        {name: len(digests) for name, digests in sorted(numbers.items())},
        divided,
        tuple(pairs),
        tuple(sorted(alarms, key=lambda alarm: (alarm.project, alarm.kind, alarm.records))),
    )


def document(overview: Overview, language: Language = Language.ENGLISH) -> dict[str, Any]:
    """Return an overview as JSON values; keys are the same in every language."""
    return {
        "projects": [{"project": name, "released_sets": number} for name, number in overview.projects.items()],
        "activities": [
            {
                "project": one.project,
                "user": one.user,
                "sessions": one.sessions,
                "commands": one.commands,
                "released": one.released,
                "sets": len(one.sets),
                "refused": dict(sorted(one.refused.items())),
                "failed": one.failed,
                "on_twins": one.on_twins,
                "first": one.first,
                "last": one.last,
            }
            for one in overview.activities
        ],
        "divided_sets": [
            {
                "project": one.project,
                "bank": one.bank,
                "unit_type": one.unit_type,
                "set": one.digest,
                "ways": one.ways,
                "users": list(one.users),
            }
            for one in overview.divided
        ],
        "near_differences": [
            {"project": one.project, "bank": one.bank, "unit_type": one.unit_type, "sets": list(one.digests)}
            for one in overview.near
        ],
        "alarms": [
            {
                "kind": one.kind,
                "project": one.project,
                "users": list(one.users),
                "records": list(one.records),
                "text": one.text.in_language(language),
            }
            for one in overview.alarms
        ],
    }


def _divided(released: Sequence[ReleasedSet], steps: Sequence[Step]) -> tuple[Divided, ...]:
    """Return the sets that were divided, those with most ways first."""
    ways: dict[tuple[str, str, str, str], set[str]] = {}
    for one in released:
        if one.partition is not None:
            ways.setdefault((one.project, one.bank, one.unit_type, one.digest), set()).add(one.partition)
    found = [
        Divided(*key, len(parts), tuple(sorted({s.user for s in steps if s.project == key[0] and key[3] in s.sets})))
        for key, parts in ways.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.ways, one.project, one.digest)))
