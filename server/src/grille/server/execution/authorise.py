"""Authorise: the caller must still be a researcher of the session's project when the command starts."""

from __future__ import annotations

from collections.abc import Callable

from grille.server.errors import AccessDeniedError
from grille.server.execution.interface import Answer, Caller, CommandRun, Executor, Progress
from grille.server.text import Text

MayResearch = Callable[[Caller, str], bool]


class Authorise:
    """Asks the registry before every command, so that a withdrawn right ends open sessions too."""

    def __init__(self, inner: Executor[Answer], may_research: MayResearch) -> None:
        """Wrap `inner`; `may_research(caller, project)` is asked each time."""
        self._inner = inner
        self._may_research = may_research

    def execute(self, run: CommandRun, progress: Progress) -> Answer:
        """Execute when the right still stands; raises AccessDeniedError NOT_A_MEMBER."""
        if run.caller.user != run.session.user or not self._may_research(run.caller, run.session.project):
            raise AccessDeniedError(
                "NOT_A_MEMBER",
                Text(
                    f"You are not a researcher of the project {run.session.project}.",
                    f"Du er ikke forsker i prosjektet {run.session.project}.",
                ),
                hint=Text("Ask the custodian.", "Spør forvalteren."),
            )
        return self._inner.execute(run, progress)
