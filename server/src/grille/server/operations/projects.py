"""Adding projects: the bank must exist and the policy must be valid before the registry knows of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path

from grille.server.catalog.banks import list_banks, near_names
from grille.server.errors import UnknownNameError
from grille.server.operations.home import Home
from grille.server.operations.names import parse_name
from grille.server.operations.registry import Certificate, Project, Registry, Role
from grille.server.operations.secret_files import write_secret
from grille.server.text import Text

PROFILES = ("open", "standard", "strict")


def add_project(home: Home, name: str, banks: Sequence[str], policy: str) -> Project:
    """Add a project.

    Args:
        home: Home of the server.
        name: Project name.
        banks: Banks that it may use; each must exist.
        policy: Profile name, or path of a policy file, which is checked and copied into the home.

    Raises:
        TypeMismatchError: NAME_INVALID, PROJECT_EXISTS, or what the policy file suffers from.
        UnknownNameError: UNKNOWN_BANK, UNKNOWN_POLICY.
    """
    parse_name(name, Text("The project name", "Prosjektnavnet"))
    known = list_banks(home.banks)
    for bank in banks:
        if bank not in known:
            raise _unknown_bank(bank, known)
    registry = Registry(home.control)
    try:
        if policy in PROFILES:
            return registry.add_project(name, banks, policy)
        copy = home.policies / f"{name}.toml"
        content = _policy_content(Path(policy))
        made = registry.add_project(name, banks, copy.name, before_commit=lambda: write_secret(copy, content))
    finally:
        registry.close()
    return made


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


def _policy_content(path: Path) -> bytes:
    from grille.server.disclosure.policy import load_policy

    if not path.is_file():
        raise UnknownNameError(
            "UNKNOWN_POLICY",
            Text(
                f"{path} is neither a profile nor a policy file.", f"{path} er verken en profil eller en regelsettfil."
            ),
            hint=Text(f"Profiles: {', '.join(PROFILES)}.", f"Profiler: {', '.join(PROFILES)}."),
        )
    load_policy(path)
    return path.read_bytes()


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
