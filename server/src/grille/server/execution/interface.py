"""What is executed, what comes of it, and the one interface that every step of execution has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import Evidence
from grille.server.disclosure.released import AppliedRule
from grille.server.engines.base import Frame
from grille.server.language.ast import Command as Node
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Text
from grille.v1 import results_pb2
from grille.v1.receipts_pb2 import Receipt

T = TypeVar("T", covariant=True)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: user name and SHA-256 thumbprint of the client certificate."""

    user: str
    thumbprint: str


@dataclass(frozen=True, slots=True)
class CommandRun:
    """One command of one script of one caller, who may wish to stop it.

    Attributes:
        session: Where it runs.
        caller: Who asks.
        node: The command.
        stop: The wish to stop.
        request: Id of the script's request; empty when it ends with its call.
        index: Place of the command among those of the script, from 1.
        total: Number of commands of the script.
        warn: Told what the caller should know beside the result.
    """

    session: Session
    caller: Caller
    node: Node
    stop: Stop
    request: str = ""
    index: int = 1
    total: int = 1
    warn: Callable[[Warned], None] = field(default=lambda _: None, repr=False)


@dataclass(frozen=True, slots=True)
class Warned:
    """Word to the caller beside a result: a stable key, and a sentence."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class Computation:
    """What the worker computed: not yet released. `judged`: it had conditions, in which few units counted as none."""

    command: str
    evidence: Evidence
    scope: Scope
    frames: Mapping[str, Frame]
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be sent, and the state of the session once it is recorded.

    Attributes:
        blocks: Encoded released blocks, in order.
        rules: Rules that touched the result.
        set_digests: SHA-256 of the sketch of each analysis set, hexadecimal, for the audit record.
        scope: Names after the command.
        frames: Data sets after the command.
        rows: Units behind the answer as the policy shows counts, so that what is charged for them tells no more.
        alarms: Kinds of alarms that the release raised, for the auditor.
    """

    blocks: tuple[results_pb2.Block, ...]
    rules: tuple[AppliedRule, ...]
    set_digests: tuple[str, ...]
    scope: Scope
    frames: Mapping[str, Frame] = field(repr=False)
    rows: int = 0
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outcome with its place in the audit log: an answer, or the error that took its place."""

    answer: Answer | None
    error: Exception | None
    record: int
    elapsed_ms: int
    receipt: Receipt | None = None


class Executor(Protocol[T]):
    """Executes a command, or one concern of it around an inner executor."""

    def execute(self, run: CommandRun, progress: Progress) -> T:
        """Execute; raises GrilleError."""
