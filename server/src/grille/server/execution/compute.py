"""Compute: bind the command to the session's scope, then run it in the session's worker."""

from __future__ import annotations

from grille.server.commands.whitelist import COMMANDS
from grille.server.errors import GrilleError
from grille.server.execution.interface import CommandRun, Computation, Progress


class Compute:
    """The innermost step. Its result is evidence, which only the gate turns into an answer."""

    def __init__(self, timeout_seconds: float) -> None:
        """Give each command at most `timeout_seconds`."""
        self._timeout = timeout_seconds

    def execute(self, run: CommandRun, progress: Progress) -> Computation:
        """Bind and compute; raises the GrilleError of either."""
        node = run.node
        try:
            bound = COMMANDS[node.head.name].bind(node, run.session.scope)
            computed = run.session.compute(bound.name, bound.plan, progress, self._timeout, run.stop)
        except GrilleError as error:
            raise error.at(node.head.name_span) from None
        return Computation(bound.name, computed.evidence, bound.scope, computed.frames)
