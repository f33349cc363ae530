"""Grants: which banks, variables and commands of a project a researcher may use, from when and until when."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from grille.server.errors import TypeMismatchError, UnknownNameError
from grille.server.execution.rights import Right, Rights
from grille.server.operations.journal import note
from grille.server.operations.registry import Registry
from grille.server.text import Text

_PATTERN = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._*-]{0,127}\Z")


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as it is kept.

    Attributes:
        number: Its number in this home.
        user: Whom it was given.
        project: Project.
        right: What it allows.
        since: First day, ISO 8601; None from the beginning.
        until: Last day, ISO 8601; None without end.
        created: When it was given, ISO 8601 UTC.
    """

    number: int
    user: str
    project: str
    right: Right
    since: str | None
    until: str | None
    created: str

    def in_force(self, day: str) -> bool:
        """Say whether it holds on a day, ISO 8601."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def grants_of(registry: Registry, project: str, user: str | None = None) -> tuple[Grant, ...]:
    """Return the grants of a project, of one user or of all, oldest first."""
    rows = registry.read(
        "SELECT number, user, project, banks, variables, commands, since, until, created FROM grants"
        " WHERE project = ? AND user = ifnull(?, user) ORDER BY number",
        (project, user),
    )
    return tuple(_grant(row) for row in rows)


def rights_of(registry: Registry, project: str, user: str, day: str | None = None) -> Rights:
    """Return what a user may use in a project on a day, ISO 8601; today (UTC) when none is given."""
    today = day or datetime.datetime.now(datetime.UTC).date().isoformat()
    return Rights(tuple(grant.right for grant in grants_of(registry, project, user) if grant.in_force(today)))


def add_grant(
    registry: Registry, project: str, user: str, right: Right, since: str | None = None, until: str | None = None
) -> Grant:
    """Give a researcher of a project a right.

    Args:
        registry: The control file.
        project: Project.
        user: A researcher of it.
        right: What is allowed; banks must be the project's.
        since: First day, ISO 8601.
        until: Last day, ISO 8601.

    Raises:
        UnknownNameError: UNKNOWN_PROJECT, UNKNOWN_MEMBER when the user is no researcher of it, UNKNOWN_BANK.
        TypeMismatchError: PATTERN_INVALID, DATE_INVALID, PROJECT_ENDED.
    """
    found = registry.project(project)
    _check(right, found.banks, since, until)
    if found.ended is not None:
        raise TypeMismatchError(
            "PROJECT_ENDED", Text(f"The project {project} has ended.", f"Prosjektet {project} er avsluttet.")
        )
    with registry.change() as change:
        role = change.execute("SELECT role FROM memberships WHERE user = ? AND project = ?", (user, project)).fetchone()
        if role is None or role[0] != "researcher":
            raise UnknownNameError(
                "UNKNOWN_MEMBER",
                Text(f"{user} is no researcher of {project}.", f"{user} er ikke forsker i {project}."),
            )
        number = change.execute(
            "INSERT INTO grants (user, project, banks, variables, commands, since, until, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (user, project, *map(_list, (right.banks, right.variables, right.commands)), since, until, registry.now()),
        ).lastrowid
        note(change, "grant added", project, user, grant=str(number), **_said(right, since, until))
    return next(grant for grant in grants_of(registry, project, user) if grant.number == number)


def revoke_grants(registry: Registry, project: str, user: str, number: int | None) -> int:
    """Take back one grant of a user, or all of a project, and return how many there were.

    Raises:
        UnknownNameError: UNKNOWN_PROJECT, UNKNOWN_GRANT.
    """
    registry.project(project)
    with registry.change() as change:
        gone = change.execute(
            "DELETE FROM grants WHERE project = ? AND user = ? AND number = ifnull(?, number) RETURNING number",
            (project, user, number),
        ).fetchall()
        if not gone:
            raise UnknownNameError(
                "UNKNOWN_GRANT",
                Text(f"{user} has no such grant in {project}.", f"{user} har ingen slik rettighet i {project}."),
                hint=Text("See: grille-server project show", "Se: grille-server project show"),
            )
        numbers = ", ".join(str(one) for (one,) in sorted(gone))
        note(change, "grants revoked", project, user, grants=numbers)
    return len(gone)


def _check(right: Right, banks: Sequence[str], since: str | None, until: str | None) -> None:
    for pattern in (*right.banks, *right.variables, *right.commands):
        if not _PATTERN.match(pattern):
            raise TypeMismatchError(
                "PATTERN_INVALID",
                Text(f"{pattern!r} is no name or pattern.", f"{pattern!r} er ikke et navn eller mønster."),
                hint=Text("* stands for any text.", "* står for hvilken som helst tekst."),
            )
    for bank in right.banks:
        if not any(Rights((Right((bank,)),)).allows_bank(one) for one in banks):
            raise UnknownNameError(
                "UNKNOWN_BANK",
                Text(f"The project has no bank {bank}.", f"Prosjektet har ingen bank {bank}."),
                hint=Text(f"Banks: {', '.join(banks)}.", f"Banker: {', '.join(banks)}."),
            )
    for day in (since, until):
        if day is not None and not _is_day(day):
            raise TypeMismatchError(
                "DATE_INVALID",
                Text(f"{day!r} is no date.", f"{day!r} er ingen dato."),
                hint=Text("Write 2027-12-31.", "Skriv 2027-12-31."),
            )
    if since is not None and until is not None and until < since:
        raise TypeMismatchError("DATE_INVALID", Text("It would end before it begins.", "Den slutter før den begynner."))


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _said(right: Right, since: str | None, until: str | None) -> dict[str, str]:
    said = {"banks": right.banks, "variables": right.variables, "commands": right.commands}
    texts = {key: ", ".join(patterns) for key, patterns in said.items()}
    return texts | {key: day for key, day in (("since", since), ("until", until)) if day is not None}


def _list(patterns: Sequence[str]) -> str:
    return json.dumps(list(patterns))


def _grant(row: tuple[object, ...]) -> Grant:
    number, user, project, banks, variables, commands, since, until, created = row
    right = Right(*(tuple(json.loads(str(text))) for text in (banks, variables, commands)))
    return Grant(
        int(str(number)),
        str(user),
        str(project),
        right,
        None if since is None else str(since),
        None if until is None else str(until),
        str(created),
    )
