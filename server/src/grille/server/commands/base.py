"""What a command is: a specification, and four steps from syntax tree to blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from grille.server.blocks import Block
from grille.server.commands.scope import Scope
from grille.server.disclosure.evidence import Evidence
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Engine, Frame
from grille.server.language.ast import Command as Node
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option: name, syntax as shown in help, one line."""

    name: str
    syntax: str
    summary: Text


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """What help shows of a command and what binding checks options against."""

    name: str
    group: Text
    summary: Text
    syntax: str
    options: tuple[OptionSpec, ...] = ()
    examples: tuple[str, ...] = ()
    details: Text | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A command whose names and types are known good.

    Attributes:
        name: Command name.
        plan: The command's own frozen dataclass: all that compute needs. Picklable.
        scope: Scope after the command, were it to succeed.
    """

    name: str
    plan: Any
    scope: Scope


@dataclass(frozen=True, slots=True)
class Workspace:
    """What compute may use.

    Attributes:
        engine: The session's engine, with every linked bank attached.
        frames: Data sets by name.
        progress: Tell what is being done, such as "reading"; never a figure that depends on the data.
        memo: What earlier commands found out about stored columns, which never change: keys name their tables.
        policy: Of the project: what a condition does to few units is decided before the gate sees it.
    """

    engine: Engine
    frames: Mapping[str, Frame]
    progress: Callable[[str], None]
    memo: MutableMapping[tuple[str, ...], Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy.standard)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What compute gives: evidence for the gate, and the data sets after the command, taken over only on release."""

    evidence: Evidence
    frames: Mapping[str, Frame]


class Command(Protocol):
    """A command of the whitelist. One module per command holds an instance named COMMAND."""

    spec: CommandSpec

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check names, types and options against the scope; touches no data. Raises GrilleError with a span."""

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Run on the rows, in the session's worker process."""

    def present(self, content: Any) -> tuple[Block, ...]:
        """Turn released content into blocks, in the server process."""
