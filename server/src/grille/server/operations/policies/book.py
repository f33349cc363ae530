"""Which policy is in force for a bank or a project, by the files of a home and the changes that were signed."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.policy_file import load_policy, written
from grille.server.errors import AccessDeniedError, GrilleError, InternalError
from grille.server.operations.home import Home
from grille.server.operations.policies.chain import Chain
from grille.server.operations.policies.changes import canonical
from grille.server.operations.policies.state import State
from grille.server.operations.registry import Project
from grille.server.operations.secret_files import make_private_folder, write_secret
from grille.server.text import Text, same

PROFILES = ("open", "standard", "strict")


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy in force.

    Attributes:
        policy: Its numbers.
        limit: For a bank, what was approved; for a project, what its banks ask for.
        origins: For each key, where its value comes from.
    """

    policy: Policy
    limit: Policy
    origins: Mapping[str, Text]


class PolicyBook:
    """The policies of a home. Every question reads the files, so that a change on disk is seen at once."""

    def __init__(self, home: Home) -> None:
        """Read the policies of `home`."""
        self._home = home
        self.chain = Chain(home.policies)

    @property
    def bank_folder(self) -> Path:
        """Folder of the banks' files."""
        return self._home.policies / "banks"

    def state(self) -> State:
        """Return what the signed changes add up to; raises POLICY_CHANGES_DAMAGED."""
        return self.chain.state()

    def bank(self, bank: str) -> InForce:
        """Return the policy of a bank: its file, which may be tighter than what was approved and never looser.

        Raises:
            AccessDeniedError: POLICY_UNSIGNED, when the file is looser.
            TypeMismatchError: POLICY_INVALID.
            InternalError: POLICY_CHANGES_DAMAGED, POLICY_MISSING.
        """
        approved = self.state().approved(bank)
        path = self.bank_folder / f"{bank}.toml"
        changed = Text(f"change {approved.number}", f"endring {approved.number}")
        origins = _origins(approved.policy, changed)
        if not path.exists():
            return InForce(approved.policy, approved.policy, origins)
        policy = _loaded(path)
        looser = ", ".join(policy.looser_keys(approved.policy))
        if looser:
            raise AccessDeniedError(
                "POLICY_UNSIGNED",
                Text(
                    f"policies/banks/{path.name} is looser than what custodians have signed, in: {looser}.",
                    f"policies/banks/{path.name} er løsere enn det forvaltere har signert, for: {looser}.",
                ),
                hint=Text(
                    "A bank's policy is loosened by two signatures: grille-server policy set HOME --bank BANK POLICY",
                    "En banks regler løsnes med to signaturer: grille-server policy set HOME --bank BANK POLICY",
                ),
            )
        own = {key: same(f"banks/{path.name}") for key in _differing(policy, approved.policy)}
        return InForce(policy, approved.policy, {**origins, **own})

    def limit(self, banks: Iterable[str]) -> Policy:
        """Return the policy that is as tight as those of all these banks."""
        return functools.reduce(Policy.joined, [self.bank(bank).policy for bank in banks])

    def project(self, project: Project) -> InForce:
        """Return the policy of a project, which must not be looser than that of any of its banks.

        Raises:
            AccessDeniedError: POLICY_LOOSER, and what `bank` raises.
            TypeMismatchError: POLICY_INVALID.
            InternalError: POLICY_MISSING.
        """
        if project.policy in PROFILES:
            policy, origin = Policy.named(project.policy), same("")
        else:
            policy, origin = _loaded(self._home.policies / project.policy), same(project.policy)
        self.check(policy, project.banks)
        return InForce(policy, self.limit(project.banks), _origins(policy, origin))

    def check(self, policy: Policy, banks: Iterable[str]) -> None:
        """Check that a project on these banks may have a policy; raises POLICY_LOOSER, which names the bank."""
        for bank in banks:
            limit = self.bank(bank).policy
            try:
                limit.tightened(policy)
            except AccessDeniedError as error:
                keys = ", ".join(limit.forbidden_keys(policy))
                raise AccessDeniedError(
                    error.reason,
                    Text(
                        f"The project's policy is looser than that of the bank {bank} in: {keys}.",
                        f"Prosjektets regler er løsere enn de for banken {bank} for: {keys}.",
                    ),
                    hint=error.hint,
                ) from None

    def make_files(self, banks: Iterable[str]) -> None:
        """Make the file of each bank that has none: the approved policy, with every number and what is tighter."""
        if not self.bank_folder.is_dir():
            make_private_folder(self.bank_folder)
        for bank in banks:
            path = self.bank_folder / f"{bank}.toml"
            if not path.exists():
                write_secret(path, written(self.state().approved(bank).policy, heading(bank)).encode())


def heading(bank: str) -> str:
    """Return the comment at the top of a bank's file."""
    return f"Policy of the bank {bank}. Tighter numbers count at once; looser ones need two signatures."


@functools.lru_cache(maxsize=64)
def digest(policy: Policy) -> str:
    """Return the SHA-256 of a policy's profile and numbers, hex."""
    return hashlib.sha256(canonical(dataclasses.asdict(policy))).hexdigest()


def differences(before: Policy, after: Policy) -> tuple[str, ...]:
    """Return what changed, such as "cell_min 10 -> 20"."""
    pairs = ((item.name, getattr(before, item.name), getattr(after, item.name)) for item in dataclasses.fields(Policy))
    return tuple(f"{key} {old} -> {new}" for key, old, new in pairs if old != new)


def _origins(policy: Policy, changed: Text) -> dict[str, Text]:
    """Return for each key the profile, or `changed` where the value is not the profile's."""
    usual = Policy.named(policy.profile)
    profile = Text(f"profile {policy.profile}", f"profilen {policy.profile}")
    differing = _differing(policy, usual)
    return {item.name: changed if item.name in differing else profile for item in dataclasses.fields(Policy)}


def _differing(one: Policy, other: Policy) -> tuple[str, ...]:
    names = (item.name for item in dataclasses.fields(Policy))
    return tuple(name for name in names if getattr(one, name) != getattr(other, name))


def _loaded(path: Path) -> Policy:
    try:
        return load_policy(path, may_loosen_profile=True)
    except OSError as error:
        raise _missing(path, error) from None


def _missing(path: Path, error: OSError) -> GrilleError:
    why = error.strerror or type(error).__name__
    return InternalError(
        "POLICY_MISSING",
        Text(f"The policy file {path.name} cannot be read: {why}.", f"Regelfilen {path.name} kan ikke leses: {why}."),
        hint=Text("Restore it from your backup.", "Hent den tilbake fra sikkerhetskopien."),
    )
