"""What the server process and a session's worker say to each other over their pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grille.server.disclosure.evidence import Evidence, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Frame
from grille.server.errors import GrilleError


@dataclass(frozen=True, slots=True)
class AttachedBank:
    """A bank file to attach before the engine is locked: name in the engine, path, key."""

    name: str
    path: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """All that a worker is told at its start.

    Attributes:
        database: Path of the session's own encrypted database file.
        database_key: Its key.
        temporary: Folder for encrypted spill files.
        memory_limit: Such as "2GB"; what the engine reads again and again stays in memory up to this limit.
        threads: Threads of the engine.
        banks: Every bank version that the project may use.
    """

    database: str
    database_key: str = field(repr=False)
    temporary: str
    memory_limit: str
    threads: int
    banks: tuple[AttachedBank, ...]


@dataclass(frozen=True, slots=True)
class Compute:
    """Run a bound command under a policy; the worker keeps no state but its files, so data sets come with it."""

    request: int
    command: str
    plan: Any
    frames: Mapping[str, Frame]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop the request if it is running."""

    request: int


@dataclass(frozen=True, slots=True)
class Close:
    """Leave."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has opened its files and locked its engine."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """The request has entered a phase, such as "reading"."""

    request: int
    phase: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The request has a part of a condition that holds for these units; the worker waits to hear which it counts as."""

    request: int
    bank: str
    unit_type: str
    units: UnitCount
    sketch: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Likened:
    """The sketch of the units for which the part that was judged last counts as holding, or why it is not known."""

    request: int
    sketch: tuple[int, ...] = ()
    error: GrilleError | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """The request is done; `judged` tells whether it had conditions whose parts were judged (commands/settling.py)."""

    request: int
    evidence: Evidence
    frames: Mapping[str, Frame]
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The request, or the start (request 0), has failed."""

    request: int
    error: GrilleError
