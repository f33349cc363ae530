"""The command grille-server project quota, and the option --quota."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Language, Text

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--quota",
        metavar="KEY=NUMBER",
        help="What a member may use: commands, releases, cpu-seconds, rows-thousand (a day) or disk-mib; 0: no limit.",
    ),
]


def set_quotas(home: Path, project: str, limits: Sequence[str], defaults: Sequence[str] = ()) -> None:
    """Set quotas of a project.

    Args:
        home: Home of the server.
        project: Its name.
        limits: Each as KEY=NUMBER.
        defaults: Keys that go back to the server's default.

    Raises:
        TypeMismatchError: QUOTA_INVALID.
        UnknownNameError: UNKNOWN_QUOTA, UNKNOWN_PROJECT.
    """
    from grille.server.execution.quotas import Quota, parse_limit
    from grille.server.execution.usage import UsageBook
    from grille.server.operations.home import Home
    from grille.server.operations.registry import Registry

    found = Home.existing(home)
    changes: dict[Quota, int | None] = dict(parse_limit(text) for text in limits)
    changes.update({parse_limit(f"{key}=0")[0]: None for key in defaults})
    registry = Registry(found.control)
    try:
        registry.project(project)
    finally:
        registry.close()
    if changes:
        book = UsageBook(found.usage)
        book.set_limits(project, changes)
        book.close()


def add_quotas(project_app: typer.Typer, terminal: Terminal) -> None:
    """Add the command to `project_app`."""

    @project_app.command("quota")
    def quota(
        home: HomeArgument,
        project: Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")],
        quotas: LimitOption = None,
        default: Annotated[
            list[str] | None, typer.Option(metavar="KEY", help="Go back to the server's default for this quota.")
        ] = None,
    ) -> None:
        """Show or set what each member may use of a project; a running server heeds it at once."""
        set_quotas(home, project, quotas or (), default or ())
        heads = (
            Text("quota", "kvote"),
            Text("limit", "grense"),
            Text("set in", "satt i"),
            Text("used today", "brukt i dag"),
            Text("what", "hva"),
        )
        terminal.table(heads, _rows(home, project, terminal.language))


def _rows(home: Path, project: str, language: Language) -> Iterator[tuple[str, ...]]:
    from grille.server.execution.quotas import LABELS, Quota
    from grille.server.execution.usage import UsageBook
    from grille.server.operations.config import load_config
    from grille.server.operations.home import Home

    found = Home.existing(home)
    config = load_config(found.config)
    general = config.quotas_strict if _profile(found.path, project) == "strict" else config.quotas
    book = UsageBook(found.usage)
    own, users = book.limits(project), book.users(project)
    for kind in Quota:
        limit = own.get(kind, getattr(general, kind.value))
        used = [(user, book.used(user, project, kind)) for user in users if kind is not Quota.DISK_MIB]
        shown = [f"{user} {-(-n // 1000) if kind is Quota.CPU_SECONDS else n}" for user, n in used]
        place = Text("project", "prosjektet") if kind in own else Text("config.toml", "config.toml")
        yield (
            kind.value,
            str(limit) if limit else "-",
            place.in_language(language),
            ", ".join(shown) or "-",
            LABELS[kind].in_language(language),
        )
    book.close()


def _profile(home: Path, project: str) -> str:
    from grille.server.disclosure.policy_file import load_policy
    from grille.server.operations.home import Home
    from grille.server.operations.projects import PROFILES
    from grille.server.operations.registry import Registry

    found = Home.existing(home)
    registry = Registry(found.control)
    policy = registry.project(project).policy
    registry.close()
    return policy if policy in PROFILES else load_policy(found.policies / policy).profile
