"""What a run gave, as the formats see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from grille.v1.analysis_pb2 import CommandAccepted, CommandFailed, CommandWarning
from grille.v1.errors_pb2 import ERROR_CATEGORY_DISCLOSURE, ErrorDetail
from grille.v1.receipts_pb2 import Receipt
from grille.v1.results_pb2 import AppliedRule, Block

TEXTBLOCK = "textblock"
TWIN = "synthetic_twin"
"""Key of the remark by which the server marks a result of a synthetic twin."""


class Status(StrEnum):
    """How a command ended."""

    OK = "ok"
    REFUSED = "refused"
    ERROR = "error"


@dataclass(slots=True)
class CommandResult:
    """One command of a script and what came of it.

    Attributes:
        line: First line of the command in the script, from 1; 0 when the failure belongs to no line.
        command: Its name; empty when the script was not understood.
        source: The command as written.
        status: How it ended; OK until a failure is seen.
        elapsed_ms: Time in the server, in milliseconds.
        blocks: Pieces of the result, in order.
        rules: Disclosure rules that touched it.
        warnings: Word of the server beside the result.
        error: What went wrong, if anything.
        receipt: The server's proof of the result; None when it sent none.
    """

    line: int
    command: str
    source: str
    status: Status = Status.OK
    elapsed_ms: int = 0
    blocks: list[Block] = field(default_factory=list)
    rules: list[AppliedRule] = field(default_factory=list)
    warnings: list[CommandWarning] = field(default_factory=list)
    error: ErrorDetail | None = None
    receipt: Receipt | None = None

    @property
    def echo(self) -> str:
        """The source to show above the result; empty when the result is a text, which is its own source."""
        return "" if self.command == TEXTBLOCK and self.error is None else self.source

    @property
    def figures(self) -> bool:
        """Whether the result holds a table or a plot, and is more than word of how a step went."""
        return any(block.WhichOneof("kind") in ("table", "plot") for block in self.blocks)

    def fail(self, error: ErrorDetail, elapsed_ms: int = 0) -> CommandResult:
        """Mark this command as refused or failed and return it."""
        refused = error.category == ERROR_CATEGORY_DISCLOSURE
        self.status = Status.REFUSED if refused else Status.ERROR
        self.error = error
        self.elapsed_ms = elapsed_ms
        return self


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank in the version that the session linked."""

    name: str
    version: int


@dataclass(slots=True)
class Run:
    """A whole run: the session, its banks, the script and the results so far."""

    session: str
    script: str
    name: str
    banks: tuple[Bank, ...] = ()
    results: list[CommandResult] = field(default_factory=list)
    twin: bool = False

    @property
    def on_twin(self) -> bool:
        """Whether the session, or any result by its own mark, is of a synthetic twin."""
        return self.twin or any(block.key == TWIN for result in self.results for block in result.blocks)

    @property
    def answered(self) -> bool:
        """Whether every command was answered."""
        return all(result.status is Status.OK for result in self.results)


def opened(accepted: CommandAccepted) -> CommandResult:
    """Return the still empty result of a command that the server has started."""
    return CommandResult(line=accepted.line, command=accepted.command, source=accepted.source)


def unparsed(failed: CommandFailed, script: str) -> CommandResult:
    """Return the result of a script that failed before its first command."""
    line = failed.error.span.line if failed.error.HasField("span") else 0
    lines = script.splitlines()
    source = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return CommandResult(line=line, command="", source=source).fail(failed.error, failed.elapsed_ms)
