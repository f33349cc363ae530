"""The commands grille-server project show, grant, revoke and end: who may use what, and for how long."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")]
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="A researcher of it.")]


def add_grants(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to the group `project`."""
    _add_show(app, terminal)
    _add_changes(app, terminal)


def _add_show(app: typer.Typer, terminal: Terminal) -> None:
    @app.command("show")
    def show(home: HomeArgument, project: ProjectArgument) -> None:
        """Show a project, its members and what is granted to them."""
        from grille.server.operations.grants import grants_of
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        found = registry.project(project)
        state = Text(f"ended {found.ended}", f"avsluttet {found.ended}") if found.ended else Text("open", "åpent")
        banks = ", ".join(found.banks)
        terminal.say(
            Text(
                f"{found.name}: {banks}; policy {found.policy}; added {found.created}; {state.en}",
                f"{found.name}: {banks}; regelsett {found.policy}; lagt til {found.created}; {state.no}",
            )
        )
        members = (one for user in registry.users() for one in registry.memberships(user) if one.project == project)
        terminal.table(
            (Text("member", "medlem"), Text("role", "rolle")), ((one.user, str(one.role)) for one in members)
        )
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        heads = ("grant rettighet", "user bruker", "banks banker", "variables variabler", "commands kommandoer",
                 "from fra", "until til", "now nå")  # fmt: skip
        terminal.table(
            [Text(*head.split()) for head in heads],
            (
                (
                    str(grant.number),
                    grant.user,
                    " ".join(grant.right.banks),
                    " ".join(grant.right.variables),
                    " ".join(grant.right.commands),
                    grant.since or "-",
                    grant.until or "-",
                    _yes(terminal, grant.in_force(today) and found.ended is None),
                )
                for grant in grants_of(registry, project)
            ),
        )
        registry.close()


def _add_changes(app: typer.Typer, terminal: Terminal) -> None:
    @app.command("grant")
    def grant(
        home: HomeArgument,
        project: ProjectArgument,
        user: UserArgument,
        bank: Annotated[list[str] | None, typer.Option(help="Bank or pattern; repeatable; default: all.")] = None,
        variable: Annotated[
            list[str] | None, typer.Option(help="Register variable or pattern, such as 'INNTEKT_*'; default: all.")
        ] = None,
        command: Annotated[list[str] | None, typer.Option(help="Command or pattern; default: all.")] = None,
        since: Annotated[str | None, typer.Option("--from", help="First day, 2027-01-31; default: today.")] = None,
        until: Annotated[str | None, typer.Option(help="Last day, 2027-12-31; default: no end.")] = None,
    ) -> None:
        """Grant a researcher banks, variables and commands for a period; grants add up."""
        from grille.server.execution.rights import Right
        from grille.server.operations.grants import add_grant
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        right = Right(*(tuple(given or ("*",)) for given in (bank, variable, command)))
        registry = Registry(Home.existing(home).control)
        try:
            made = add_grant(registry, project, user, right, since, until)
        finally:
            registry.close()
        what, where, how = (" ".join(patterns) for patterns in (right.variables, right.banks, right.commands))
        terminal.say(
            Text(
                f"Grant {made.number}: {user} may use {what} of {where} with {how} in {project}, "
                f"from {since or 'now'} until {until or 'further notice'}",
                f"Rettighet {made.number}: {user} kan bruke {what} i {where} med {how} i {project}, "
                f"fra {since or 'nå'} til {until or 'videre'}",
            )
        )

    @app.command("revoke")
    def revoke(
        home: HomeArgument,
        project: ProjectArgument,
        user: UserArgument,
        number: Annotated[int | None, typer.Option("--grant", help="Number of the grant; default: all.")] = None,
    ) -> None:
        """Take grants back at once, also from open sessions."""
        from grille.server.operations.grants import revoke_grants
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        try:
            count = revoke_grants(registry, project, user, number)
        finally:
            registry.close()
        terminal.say(Text(f"Revoked {count} grant(s) of {user}.", f"Trakk tilbake {count} rettighet(er) for {user}."))

    @app.command("end")
    def end(home: HomeArgument, project: ProjectArgument) -> None:
        """End a project at once: nobody may work in it any more; its auditors can go on reading its records."""
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        try:
            registry.end_project(project)
        finally:
            registry.close()
        terminal.say(Text(f"Ended the project {project}.", f"Avsluttet prosjektet {project}."))


def _yes(terminal: Terminal, value: bool) -> str:
    return (Text("yes", "ja") if value else Text("no", "nei")).in_language(terminal.language)
