"""Compute: bind the command to the session's scope, then run it in the session's worker."""

from __future__ import annotations

from collections.abc import Callable

from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.condition_parts import ConditionParts
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError
from grille.server.execution.interface import CommandRun, Computation, Progress
from grille.server.sessions.messages import Judged
from grille.server.sessions.session import Session


class Compute:
    """The innermost step. Its result is evidence, which only the gate turns into an answer."""

    def __init__(
        self,
        timeout_seconds: float,
        policy_of: Callable[[str], Policy],
        parts_of: Callable[[Session], ConditionParts],
    ) -> None:
        """Give each command at most `timeout_seconds`.

        Args:
            timeout_seconds: Longest time of a command.
            policy_of: Policy of a project as it stands now.
            parts_of: The parts of conditions that count in a session.
        """
        self._timeout = timeout_seconds
        self._policy_of = policy_of
        self._parts_of = parts_of

    def execute(self, run: CommandRun, progress: Progress) -> Computation:
        """Bind and compute; raises the GrilleError of either."""
        node = run.node
        try:
            bound = COMMANDS[node.head.name].bind(node, run.session.scope)
            policy = self._policy_of(run.session.project)
            like = self._like(run.session, policy.difference_min)
            computed = run.session.compute(bound.name, bound.plan, policy, progress, self._timeout, run.stop, like)
        except GrilleError as error:
            raise error.at(node.head.name_span) from None
        return Computation(bound.name, computed.evidence, bound.scope, computed.frames, computed.judged)

    def _like(self, session: Session, below: int) -> Callable[[Judged], tuple[int, ...]]:
        parts = self._parts_of(session)

        def like(part: Judged) -> tuple[int, ...]:
            return parts.like(session.project, part.bank, part.unit_type, part.units, part.sketch, below)

        return like
