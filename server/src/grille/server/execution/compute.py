"""Compute: bind the command to the session's scope, then run it in the session's worker."""

from __future__ import annotations

from collections.abc import Callable

from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError
from grille.server.execution.interface import CommandRun, Computation, Progress


class Compute:
    """The innermost step. Its result is evidence, which only the gate turns into an answer."""

    def __init__(self, timeout_seconds: float, policy_of: Callable[[str], Policy]) -> None:
        """Give each command at most `timeout_seconds`; `policy_of(project)` is the policy as it stands now."""
        self._timeout = timeout_seconds
        self._policy_of = policy_of

    def execute(self, run: CommandRun, progress: Progress) -> Computation:
        """Bind and compute; raises the GrilleError of either."""
        node = run.node
        try:
            bound = COMMANDS[node.head.name].bind(node, run.session.scope)
            policy = self._policy_of(run.session.project)
            computed = run.session.compute(bound.name, bound.plan, policy, progress, self._timeout, run.stop)
        except GrilleError as error:
            raise error.at(node.head.name_span) from None
        return Computation(bound.name, computed.evidence, bound.scope, computed.frames, computed.judged)
