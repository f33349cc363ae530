"""What the registry holds: roles, projects, memberships, certificates."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member of a project may do."""

    RESEARCHER = "researcher"
    AUDITOR = "auditor"
    CUSTODIAN = "custodian"


@dataclass(frozen=True, slots=True)
class Project:
    """A project.

    Attributes:
        name: Its name.
        banks: Banks that it may use, ascending.
        policy: Disclosure profile (open, standard, strict) or the name of a file in the home's policies folder.
        created: When it was added, ISO 8601 UTC.
        ended: When it was ended, ISO 8601 UTC; None while it goes on.
    """

    name: str
    banks: tuple[str, ...]
    policy: str
    created: str
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's role in a project.

    Attributes:
        user: User name.
        project: Project name.
        role: Role.
        banks: The project's banks, ascending.
        ended: Whether the project has ended, after which only its auditors have a place in it.
    """

    user: str
    project: str
    role: Role
    banks: tuple[str, ...]
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that this server issued.

    Attributes:
        thumbprint: SHA-256 of the certificate, 64 hex digits.
        user: Whom it was issued to.
        issued: ISO 8601 UTC.
        expires: ISO 8601 UTC.
        revoked: ISO 8601 UTC, or None.
    """

    thumbprint: str
    user: str
    issued: str
    expires: str
    revoked: str | None
