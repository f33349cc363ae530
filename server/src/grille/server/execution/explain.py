"""Checking a script without running it: every problem, and the rules that each command will meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grille.server.commands.base import Bound
from grille.server.commands.meets import meets_of
from grille.server.commands.scope import Scope
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.meeting import RuleToMeet, rules_to_meet
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError
from grille.server.execution.authorise import commands_in
from grille.server.language.ast import Command as Node
from grille.server.language.layout import decode
from grille.server.language.parser import parse_recovering


@dataclass(frozen=True, slots=True)
class Explained:
    """A command and the rules that it will meet."""

    node: Node
    rules: tuple[RuleToMeet, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        commands: Number of commands in the script.
        problems: Every problem, in the order of the script.
        bound: Commands without a problem of their own, with their plans, in the order of the script.
    """

    commands: int
    problems: tuple[GrilleError, ...]
    bound: tuple[tuple[Node, Bound], ...]

    def explained(self, policy: Policy) -> tuple[Explained, ...]:
        """Return the commands with the rules of a policy that they will meet."""
        return tuple(self._explained(policy))

    def _explained(self, policy: Policy) -> Iterator[Explained]:
        for node, bound in self.bound:
            yield Explained(node, rules_to_meet(meets_of(bound.name, bound.plan), policy))


def check_script(script: bytes, scope: Scope, demand: Callable[[str], None]) -> Checked:
    """Parse and bind a script; a command that has a problem leaves the scope as it was for those after it.

    Args:
        script: The script, UTF-8.
        scope: Scope before it.
        demand: Raises when the caller may not use the command of that name.
    """
    try:
        parsed, problems = parse_recovering(decode(script))
    except GrilleError as error:
        return Checked(0, (error,), ())
    bound = []
    for node in parsed.commands:
        try:
            for name in commands_in(node):
                demand(name)
            one = COMMANDS[node.head.name].bind(node, scope)
        except GrilleError as error:
            problems.append(error.at(node.head.name_span))
            continue
        scope = one.scope
        bound.append((node, one))
    problems.sort(key=lambda problem: problem.span.start if problem.span else 0)
    return Checked(len(parsed.commands), tuple(problems), tuple(bound))
