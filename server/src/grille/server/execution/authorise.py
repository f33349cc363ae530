"""Authorise: the caller must still be a researcher of the session's project when the command starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from grille.server.errors import AccessDeniedError, GrilleError
from grille.server.execution.interface import Answer, Caller, CommandRun, Executor, Progress
from grille.server.execution.rights import Rights, rights_changed, without_rights
from grille.server.language.ast import Command
from grille.server.text import Text

RightsOf = Callable[[Caller, str], Rights | None]


class Authorise:
    """Asks the registry before every command, so that a withdrawn right ends open sessions too."""

    def __init__(self, inner: Executor[Answer], rights_of: RightsOf) -> None:
        """Wrap `inner`; `rights_of(caller, project)` is asked each time, and is None for who is no researcher of it."""
        self._inner = inner
        self._rights_of = rights_of

    def execute(self, run: CommandRun, progress: Progress) -> Answer:
        """Execute when the right still stands.

        Raises:
            AccessDeniedError: NOT_A_MEMBER, NOT_GRANTED, RIGHTS_CHANGED, COMMAND_NOT_GRANTED.
        """
        rights = self._rights_of(run.caller, run.session.project) if run.caller.user == run.session.user else None
        if rights is None:
            raise AccessDeniedError(
                "NOT_A_MEMBER",
                Text(
                    f"You are not a researcher of the project {run.session.project}.",
                    f"Du er ikke forsker i prosjektet {run.session.project}.",
                ),
                hint=Text("Ask the custodian.", "Spør forvalteren."),
            )
        if not rights.grants:
            raise without_rights(run.session.project)
        if not rights.cover(run.session.scope.banks):
            raise rights_changed()
        try:
            for name in commands_in(run.node):
                rights.demand_command(name)
        except GrilleError as error:
            raise error.at(run.node.head.name_span) from None
        return self._inner.execute(run, progress)


def commands_in(node: Command) -> Iterator[str]:
    """Yield the names of a command and of the command inside it, if there is one."""
    yield node.head.name
    inner = getattr(node, "inner", None)  # coefplot and its like
    if inner is not None:
        yield from commands_in(inner)
