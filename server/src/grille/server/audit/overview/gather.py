"""Reads records once and keeps what an overview needs of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from grille.server.audit.overview.model import Activity, Step
from grille.server.audit.record import Event, Outcome


@dataclass(slots=True)
class Gathered:
    """What was found in the records.

    Attributes:
        activities: By project and user.
        steps: Commands on registers that were answered with figures or refused, in the order of the log.
        denied: Records of refused access, by user.
        loosened: Records of policies that became looser, with what they are for and the keys.
    """

    activities: dict[tuple[str, str], Activity] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    denied: dict[str, list[int]] = field(default_factory=dict)
    loosened: list[tuple[int, str, str, str]] = field(default_factory=list)


def gather(records: Iterable[Mapping[str, Any]], projects: Set[str] | None = None, user: str = "") -> Gathered:
    """Read records.

    Args:
        records: Fields of the records, in order.
        projects: Only those of these projects, and of none; None means all.
        user: Only those of this user; empty means all.
    """
    found = Gathered()
    for fields in records:
        project, subject = fields.get("project", ""), fields.get("subject", "")
        if (projects is not None and project and project not in projects) or (user and subject not in (user, "")):
            continue
        match fields.get("event"):
            case Event.COMMAND:
                _command(found, fields)
            case Event.SESSION_OPENED:
                if not _on_twin(fields):
                    _activity(found, fields).sessions += 1
            case Event.ACCESS_DENIED:
                found.denied.setdefault(str(fields.get("subject", "")), []).append(int(fields["sequence"]))
            case Event.POLICY_CHANGED:
                detail = fields.get("detail", {})
                if detail.get("looser"):
                    place = int(fields["sequence"]), str(fields.get("project", ""))
                    found.loosened.append((*place, str(detail.get("what", "")), str(detail["looser"])))
    return found


def _command(found: Gathered, fields: Mapping[str, Any]) -> None:
    activity = _activity(found, fields)
    if _on_twin(fields):
        activity.on_twins += 1
        return
    outcome, sets = str(fields.get("outcome", "")), tuple(fields.get("analysis_sets", ()))
    reason = str(fields.get("reason", ""))
    activity.commands += 1
    if outcome == Outcome.REFUSED:
        activity.refused[reason] = activity.refused.get(reason, 0) + 1
    elif outcome == Outcome.FAILED:
        activity.failed += 1
    elif sets:
        activity.released += 1
        activity.sets.update(sets)
    if outcome == Outcome.REFUSED or (outcome == Outcome.ANSWERED and sets):
        name = str(fields.get("command") or str(fields.get("source", "")).split(" ", 1)[0])
        found.steps.append(
            Step(
                int(fields["sequence"]),
                str(fields.get("time", "")),
                activity.project,
                activity.user,
                name,
                outcome,
                reason,
                sets,
            )
        )


def _activity(found: Gathered, fields: Mapping[str, Any]) -> Activity:
    key = str(fields.get("project", "")), str(fields.get("subject", ""))
    activity = found.activities.setdefault(key, Activity(*key))
    time = str(fields.get("time", ""))
    activity.first = activity.first or time
    activity.last = time
    return activity


def _on_twin(fields: Mapping[str, Any]) -> bool:
    return bool(fields.get("detail", {}).get("twin") == "yes")
