"""The commands grille-server project and user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.cli_certificates import add_certificates
from grille.server.operations.cli_grants import add_grants
from grille.server.operations.cli_logins import add_logins
from grille.server.operations.cli_quotas import LimitOption, add_quotas, set_quotas
from grille.server.operations.terminal import Terminal
from grille.server.text import Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]


def add_administration(app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `app`."""
    project_app = _add_projects(app, terminal)
    add_grants(project_app, terminal)
    add_quotas(project_app, terminal)
    user_app = _add_users(app, terminal)
    add_certificates(user_app, terminal)
    add_logins(user_app, terminal)


def _add_projects(app: typer.Typer, terminal: Terminal) -> typer.Typer:
    project_app = typer.Typer(no_args_is_help=True, help="Projects: who works on which banks under which policy.")
    app.add_typer(project_app, name="project")

    @project_app.command("add")
    def add(
        home: HomeArgument,
        name: Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")],
        bank: Annotated[list[str], typer.Option(help="Bank that it may use; repeatable.")],
        policy: Annotated[
            str | None,
            typer.Option(
                help="Profile (open, standard, strict) or path of a policy file, no looser than the banks' policies; "
                "default: standard, or what the banks ask for."
            ),
        ] = None,
        quota: LimitOption = None,
    ) -> None:
        """Add a project."""
        from grille.server.execution.quotas import parse_limit
        from grille.server.operations.home import Home
        from grille.server.operations.projects import add_project

        limits = [parse_limit(text) for text in quota or ()]
        made = add_project(Home.existing(home), name, bank, policy)
        if limits:
            set_quotas(home, name, quota or ())
        banks = ", ".join(made.banks)
        terminal.say(
            Text(
                f"Added project {made.name}: {banks}; policy {made.policy}\n"
                f"Next: grille-server user add {home} NAME --project {made.name} --role researcher --out NAME.grille",
                f"La til prosjektet {made.name}: {banks}; regelsett {made.policy}\n"
                f"Neste: grille-server user add {home} NAVN --project {made.name} --role researcher --out NAVN.grille",
            )
        )

    @project_app.command("list")
    def list_(home: HomeArgument) -> None:
        """List the projects."""
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        terminal.table(
            (
                Text("project", "prosjekt"),
                Text("policy", "regelsett"),
                Text("banks", "banker"),
                Text("added", "lagt til"),
                Text("ended", "avsluttet"),
            ),
            ((p.name, p.policy, ", ".join(p.banks), p.created, (p.ended or "-")[:10]) for p in registry.projects()),
        )
        registry.close()

    return project_app


def _add_users(app: typer.Typer, terminal: Terminal) -> typer.Typer:
    user_app = typer.Typer(no_args_is_help=True, help="Users, their memberships and certificates.")
    app.add_typer(user_app, name="user")

    @user_app.command("add")
    def add(
        home: HomeArgument,
        name: Annotated[str, typer.Argument(metavar="NAME", help="User name.")],
        project: Annotated[str, typer.Option(help="Project.")],
        role: Annotated[str, typer.Option(help="researcher, auditor or custodian.")] = "researcher",
        out: Annotated[Path | None, typer.Option(help="File of the credentials; default NAME.grille.")] = None,
        days: Annotated[int, typer.Option(help="Days until the certificate expires.")] = 365,
        server: Annotated[
            str | None, typer.Option(metavar="HOST:PORT", help="Address in the bundle; default: the configured one.")
        ] = None,
        without_grants: Annotated[
            bool, typer.Option("--without-grants", help="Grant a new researcher nothing; see project grant.")
        ] = False,
    ) -> None:
        """Make a user a member of a project and issue credentials, also new ones for an old member.

        A new researcher may use all that the project has, unless --without-grants says otherwise.
        """
        from grille.server.operations.credentials import issue_credentials
        from grille.server.operations.home import Home
        from grille.server.operations.projects import parse_role

        target = out or Path(f"{name}.grille")
        made = issue_credentials(
            Home.existing(home),
            name,
            project,
            parse_role(role),
            target,
            days=days,
            server=server,
            grants_all=not without_grants,
        )
        terminal.say(
            Text(
                f"Wrote {target}: {made.user}, {made.role} of {made.project}, server {made.server}, "
                f"valid until {made.expires[:10]}. It holds a private key: hand it over safely.\n"
                f"Next: grille login {target}",
                f"Skrev {target}: {made.user}, {made.role} i {made.project}, tjener {made.server}, "
                f"gyldig til {made.expires[:10]}. Den inneholder en privat nøkkel: overlever den trygt.\n"
                f"Neste: grille login {target}",
            )
        )

    @user_app.command("list")
    def list_(home: HomeArgument) -> None:
        """List the users, their projects, valid certificates and logins."""
        from grille.server.operations.home import Home
        from grille.server.operations.logins import subject_of
        from grille.server.operations.projects import valid_until
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        terminal.table(
            (
                Text("user", "bruker"),
                Text("projects", "prosjekter"),
                Text("valid until", "gyldig til"),
                Text("login", "pålogging"),
            ),
            (
                (
                    user,
                    ", ".join(f"{m.project} ({m.role})" for m in registry.memberships(user)) or "-",
                    valid_until(registry.certificates(user)) or "-",
                    subject_of(registry, user) or "-",
                )
                for user in registry.users()
            ),
        )
        registry.close()

    @user_app.command("remove")
    def remove(
        home: HomeArgument,
        name: Annotated[str, typer.Argument(metavar="NAME", help="User name.")],
        project: Annotated[str, typer.Option(help="Project.")],
    ) -> None:
        """End a membership; the user's credentials stay valid for other projects."""
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        registry.remove_member(name, project)
        registry.close()
        terminal.say(Text(f"{name} is no longer a member of {project}.", f"{name} er ikke lenger medlem av {project}."))

    @user_app.command("revoke")
    def revoke(home: HomeArgument, name: Annotated[str, typer.Argument(metavar="NAME", help="User name.")]) -> None:
        """Revoke every certificate of a user at once, also on a running server."""
        from grille.server.operations.home import Home
        from grille.server.operations.registry import Registry

        registry = Registry(Home.existing(home).control)
        count = registry.revoke(name)
        registry.close()
        terminal.say(
            Text(f"Revoked {count} certificate(s) of {name}.", f"Trakk tilbake {count} sertifikat(er) for {name}.")
        )

    return user_app
