"""What a researcher may use in a project: the banks, variables and commands that were granted, and nothing else."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from grille.server.catalog.model import BankMetadata
from grille.server.errors import AccessDeniedError
from grille.server.text import Text

Banks = Mapping[str, Mapping[int, BankMetadata]]


@dataclass(frozen=True, slots=True)
class Right:
    """One grant, as patterns in which * stands for any text.

    Attributes:
        banks: Banks.
        variables: Register variables of those banks.
        commands: Commands of the language.
    """

    banks: tuple[str, ...] = ("*",)
    variables: tuple[str, ...] = ("*",)
    commands: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Rights:
    """The grants that are in force now; each widens what the others allow.

    Attributes:
        grants: None of them means no right at all.
    """

    grants: tuple[Right, ...]

    def allows_command(self, name: str) -> bool:
        """Say whether a command may be run."""
        return any(_fits(name, grant.commands) for grant in self.grants)

    def allows_variable(self, bank: str, name: str) -> bool:
        """Say whether a register variable may be used."""
        return any(_fits(bank, grant.banks) and _fits(name, grant.variables) for grant in self.grants)

    def allows_bank(self, bank: str) -> bool:
        """Say whether a bank may be linked."""
        return any(_fits(bank, grant.banks) for grant in self.grants)

    def narrowed(self, banks: Banks) -> Banks:
        """Return of the banks what may be used: what was not granted is as if it did not exist."""
        return {
            name: {number: self._narrowed(bank) for number, bank in versions.items()}
            for name, versions in banks.items()
            if self.allows_bank(name)
        }

    def cover(self, banks: Banks) -> bool:
        """Say whether all of the banks and of their variables may be used."""
        return all(
            self.allows_bank(name) and self._narrowed(bank) is bank
            for name, versions in banks.items()
            for bank in versions.values()
        )

    def _narrowed(self, bank: BankMetadata) -> BankMetadata:
        if any(_fits(bank.name, grant.banks) and "*" in grant.variables for grant in self.grants):
            return bank
        kept = {name: one for name, one in bank.variables.items() if self.allows_variable(bank.name, name)}
        return bank if len(kept) == len(bank.variables) else replace(bank, variables=kept)

    def demand_command(self, name: str) -> None:
        """Raise AccessDeniedError COMMAND_NOT_GRANTED unless a command may be run."""
        if not self.allows_command(name):
            raise AccessDeniedError(
                "COMMAND_NOT_GRANTED",
                Text(f"The command `{name}` was not granted to you.", f"Kommandoen `{name}` er ikke gitt deg."),
                hint=Text("Ask the custodian of the project.", "Spør prosjektets forvalter."),
            )


NO_RIGHTS = Rights(())


def without_rights(project: str) -> AccessDeniedError:
    """Return the error of a member to whom nothing is granted now."""
    return AccessDeniedError(
        "NOT_GRANTED",
        Text(
            f"No right in the project {project} is granted to you at this time.",
            f"Du har ingen rettigheter i prosjektet {project} nå.",
        ),
        hint=Text("Ask the custodian of the project.", "Spør prosjektets forvalter."),
    )


def rights_changed() -> AccessDeniedError:
    """Return the error of a session that was opened with more rights than its user has now."""
    return AccessDeniedError(
        "RIGHTS_CHANGED",
        Text(
            "Your rights are fewer now than when the session was opened.",
            "Du har færre rettigheter nå enn da økten ble åpnet.",
        ),
        hint=Text("Open a new session.", "Åpne en ny økt."),
    )


@functools.lru_cache(maxsize=65536)
def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
