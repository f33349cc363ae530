"""What an overview consists of. Holds no set size and no result: an auditor has no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Step:
    """A command in the log, in short.

    Attributes:
        record: Number of its record.
        time: ISO 8601 UTC.
        project: Project.
        user: User name.
        command: Name of the command.
        outcome: answered, refused or failed.
        reason: Reason of a refusal or failure.
        sets: Digests of its analysis sets.
    """

    record: int
    time: str
    project: str
    user: str
    command: str
    outcome: str
    reason: str
    sets: tuple[str, ...]


@dataclass(slots=True)
class Activity:
    """What one user has done in one project.

    Attributes:
        project: Project.
        user: User name.
        sessions: Sessions opened, twins left out, as in all that follows.
        commands: Commands run.
        released: Commands that released figures about a set of units.
        sets: Different sets of units among them, by digest.
        refused: Refusals of disclosure control, by reason.
        failed: Commands that failed otherwise.
        on_twins: Commands run on synthetic twins.
        first: Time of the first record.
        last: Time of the last one.
    """

    project: str
    user: str
    sessions: int = 0
    commands: int = 0
    released: int = 0
    sets: set[str] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    on_twins: int = 0
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class ReleasedSet:
    """A set of the ledger; the size is used to find patterns and never shown.

    Attributes:
        project: Project.
        bank: Bank.
        unit_type: Unit type.
        digest: SHA-256 of its sketch, hex, as in audit records.
        label: What it was released for.
        released_at: First release.
        size: Exact number of units.
        partition: Digest of the cells into which it was divided, or None.
    """

    project: str
    bank: str
    unit_type: str
    digest: str
    label: str
    released_at: datetime
    size: int = field(repr=False)
    partition: str | None = None


@dataclass(frozen=True, slots=True)
class Divided:
    """A set of units that was released in several divisions; their noise could be averaged."""

    project: str
    bank: str
    unit_type: str
    digest: str
    ways: int
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two released sets that differ by hardly more than the policy allows, by digest."""

    project: str
    bank: str
    unit_type: str
    digests: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A pattern that an auditor should look at.

    Attributes:
        kind: Stable key, such as SHRINKING_SETS.
        project: Project; empty when it belongs to none.
        users: Who took part.
        records: Numbers of the records to look at.
        text: What was seen.
    """

    kind: str
    project: str
    users: tuple[str, ...]
    records: tuple[int, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole: activities by project and user, divided sets, near pairs, alarms; all sorted.

    `projects` holds the number of different sets that each project has released about, by the ledger.
    """

    activities: tuple[Activity, ...]
    projects: Mapping[str, int]
    divided: tuple[Divided, ...]
    near: tuple[NearPair, ...]
    alarms: tuple[Alarm, ...]
