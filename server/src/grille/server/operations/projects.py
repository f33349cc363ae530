"""Adding projects: the bank must exist and the policy must be valid before the registry knows of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from grille.server.catalog.banks import list_banks, near_names
from grille.server.errors import UnknownNameError
from grille.server.operations.home import Home
from grille.server.operations.names import parse_name
from grille.server.operations.registry import Certificate, Project, Registry, Role
from grille.server.operations.secret_files import write_secret
from grille.server.text import Text

PROFILES = ("open", "standard", "strict")


def add_project(home: Home, name: str, banks: Sequence[str], policy: str | None) -> Project:
    """Add a project.

    Args:
        home: Home of the server.
        name: Project name.
        banks: Banks that it may use; each must exist.
        policy: Profile name, or path of a policy file, which is checked and copied into the home. None: the profile
            standard, or what its banks ask for when that is tighter.

    Raises:
        TypeMismatchError: NAME_INVALID, PROJECT_EXISTS, or what the policy file suffers from.
        UnknownNameError: UNKNOWN_BANK, UNKNOWN_POLICY.
        AccessDeniedError: POLICY_LOOSER, when the policy is looser than that of a bank.
    """
    from grille.server.disclosure.policy import Policy
    from grille.server.disclosure.policy_file import written
    from grille.server.operations.policies.book import PolicyBook
    from grille.server.operations.policies.setting import project_heading, read_policy

    parse_name(name, Text("The project name", "Prosjektnavnet"))
    check_banks(home, banks)
    book = PolicyBook(home)
    registry = Registry(home.control)
    try:
        if policy is None and banks and not book.limit(banks).forbidden_keys(Policy.standard()):
            policy = "standard"
        if policy is None and banks:
            content = written(Policy.standard().joined(book.limit(banks)), project_heading(name)).encode()
        else:
            numbers, content = read_policy(policy or "standard", project_heading(name))
            book.check(numbers, banks)
        book.make_files(banks)
        if policy in PROFILES:
            return registry.add_project(name, banks, policy)
        copy = home.policies / f"{name}.toml"
        made = registry.add_project(name, banks, copy.name, before_commit=lambda: write_secret(copy, content))
    finally:
        registry.close()
    return made


def check_banks(home: Home, banks: Iterable[str]) -> None:
    """Check that banks exist; raises UnknownNameError UNKNOWN_BANK."""
    known = list_banks(home.banks)
    for bank in banks:
        if bank not in known:
            raise _unknown_bank(bank, known)


def parse_role(text: str) -> Role:
    """Return the role called `text`.

    Raises:
        UnknownNameError: UNKNOWN_ROLE.
    """
    try:
        return Role(text)
    except ValueError:
        roles = ", ".join(Role)
        raise UnknownNameError(
            "UNKNOWN_ROLE",
            Text(f"There is no role {text}.", f"Det finnes ingen rolle {text}."),
            hint=Text(f"Roles: {roles}.", f"Roller: {roles}."),
        ) from None


def valid_until(certificates: Sequence[Certificate]) -> str | None:
    """Return the last day (ISO 8601) on which one of the certificates is valid, or None."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return max((c.expires[:10] for c in certificates if c.revoked is None and c.expires > now), default=None)


def _unknown_bank(bank: str, known: Iterable[str]) -> UnknownNameError:
    names = ", ".join(near_names(bank, known) or sorted(known))
    return UnknownNameError(
        "UNKNOWN_BANK",
        Text(f"There is no bank {bank} in this home.", f"Det finnes ingen bank {bank} i dette hjemmet."),
        hint=Text(f"Banks: {names}.", f"Banker: {names}.")
        if names
        else Text(
            "Make one first: grille-server bank synthesize ...", "Lag en først: grille-server bank synthesize ..."
        ),
    )
