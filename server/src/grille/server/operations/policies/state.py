"""What the changes of a home add up to: its custodians and the approved policy of each bank."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.policy_file import parse_policy
from grille.server.errors import AccessDeniedError, GrilleError, TypeMismatchError
from grille.server.operations.policies.changes import Change, SignedChange
from grille.server.text import Text

SIGNATURES = 2
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Approved:
    """A bank's policy as it was approved, and the number of the change that did it."""

    policy: Policy
    number: int


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that counts: who signed it, and when it was put in."""

    change: Change
    signers: tuple[str, ...]
    time: str


@dataclass(frozen=True, slots=True)
class State:
    """The state after some changes.

    Attributes:
        number: How many there are.
        digest: SHA-256 of the line of the last one, hex.
        custodians: Public keys (PEM) of the enrolled custodians by name.
        banks: Approved policies by bank; a bank without one has the profile standard.
        changes: All changes, in order.
        digests: Digest of each line, in order.
    """

    number: int = 0
    digest: str = GENESIS
    custodians: Mapping[str, str] = field(default_factory=dict)
    banks: Mapping[str, Approved] = field(default_factory=dict)
    changes: tuple[Applied, ...] = ()
    digests: tuple[str, ...] = ()

    def approved(self, bank: str) -> Approved:
        """Return the approved policy of a bank."""
        return self.banks.get(bank, Approved(Policy.standard(), 0))

    def loosened(self, change: Change) -> tuple[str, ...]:
        """Return the keys in which a change of a bank's policy is looser than what is approved now."""
        return _policy(change).looser_keys(self.approved(change.subject).policy)

    def signatures_needed(self, change: Change) -> int:
        """Return how many enrolled custodians must sign a change, besides one who is enrolled by it.

        Tightening needs none. The first custodians are enrolled without others; from then on it needs two of them.
        """
        match change.kind:
            case "begin":
                return 0
            case "enrol":
                return SIGNATURES if len(self.custodians) >= SIGNATURES else 0
            case "retire":
                return SIGNATURES
            case "bank":
                return SIGNATURES if self.loosened(change) else 0

    def after(self, signed: SignedChange, line: bytes, time: str) -> State:
        """Return the state after one more change.

        Args:
            signed: The change.
            line: Its line in the file, without the end of line.
            time: When it was put in, ISO 8601 UTC.

        Raises:
            AccessDeniedError: SIGNATURES_NEEDED, SIGNATURE_INVALID, CHANGE_OUTDATED.
            TypeMismatchError: CUSTODIAN_EXISTS, UNKNOWN_CUSTODIAN, or what the policy suffers from.
        """
        change = signed.change
        if (change.number, change.previous) != (self.number + 1, self.digest):
            raise outdated()
        signers = self._signers(signed)
        needed = self.signatures_needed(change)
        if len(signers - {change.subject} if change.kind == "enrol" else signers) < needed:
            raise signatures_needed(needed, self.loosened(change) if change.kind == "bank" else ())
        custodians, banks = dict(self.custodians), dict(self.banks)
        match change.kind:
            case "begin" if self.number > 0:
                raise outdated()
            case "enrol":
                self._check_new(change, signers)
                custodians[change.subject] = change.content
            case "retire":
                if custodians.pop(change.subject, None) is None:
                    raise _unknown(change.subject)
            case "bank":
                banks[change.subject] = Approved(_policy(change), change.number)
        digest = hashlib.sha256(line).hexdigest()
        return replace(
            self,
            number=change.number,
            digest=digest,
            custodians=custodians,
            banks=banks,
            changes=(*self.changes, Applied(change, tuple(sorted(signers)), time)),
            digests=(*self.digests, digest),
        )

    def _signers(self, signed: SignedChange) -> set[str]:
        keys = dict(self.custodians)
        if signed.change.kind == "enrol":
            keys[signed.change.subject] = signed.change.content
        found: set[str] = set()
        for signature in signed.signatures:
            if signature.custodian not in keys:
                raise _unknown(signature.custodian)
            if not signature.is_of(signed.change, public_key(keys[signature.custodian])):
                raise AccessDeniedError(
                    "SIGNATURE_INVALID",
                    Text(
                        f"The signature of {signature.custodian} is not valid for this change.",
                        f"Signaturen til {signature.custodian} er ikke gyldig for denne endringen.",
                    ),
                )
            found.add(signature.custodian)
        return found

    def _check_new(self, change: Change, signers: set[str]) -> None:
        key = public_key(change.content).public_bytes_raw()
        known = {public_key(one).public_bytes_raw() for one in self.custodians.values()}
        if change.subject in self.custodians or key in known:
            raise TypeMismatchError(
                "CUSTODIAN_EXISTS",
                Text(
                    f"{change.subject}, or this key, is enrolled already.",
                    f"{change.subject}, eller denne nøkkelen, er allerede innført.",
                ),
            )
        if change.subject not in signers:
            raise signatures_needed(1, ())


def public_key(pem: str) -> Ed25519PublicKey:
    """Return the Ed25519 public key in PEM text; raises TypeMismatchError KEY_INVALID."""
    with contextlib.suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(pem.encode())
        if isinstance(key, Ed25519PublicKey):
            return key
    raise TypeMismatchError(
        "KEY_INVALID",
        Text("This is not an Ed25519 public key in PEM.", "Dette er ikke en offentlig Ed25519-nøkkel i PEM."),
        hint=Text("Make one with: grille-server policy key FILE", "Lag en med: grille-server policy key FIL"),
    )


def outdated() -> GrilleError:
    """Return the error for a change that was made for another home, or before another change."""
    return AccessDeniedError(
        "CHANGE_OUTDATED",
        Text(
            "The change was made for another home, or another change was put in since.",
            "Endringen er laget for et annet hjem, eller en annen endring er kommet til siden.",
        ),
        hint=Text("Make it and have it signed anew.", "Lag den og få den signert på nytt."),
    )


def _policy(change: Change) -> Policy:
    return parse_policy(change.content.encode(), change.subject, may_loosen_profile=True)


def signatures_needed(needed: int, looser: tuple[str, ...]) -> GrilleError:
    """Return the error for a change that lacks signatures; `looser` are the keys of a bank that it loosens."""
    keys = ", ".join(looser)
    why = (f" It is looser in: {keys}.", f" Den er løsere for: {keys}.") if looser else ("", "")
    return AccessDeniedError(
        "SIGNATURES_NEEDED",
        Text(
            f"The change needs valid signatures of {needed} enrolled custodian(s).{why[0]}",
            f"Endringen trenger gyldige signaturer fra {needed} innførte forvalter(e).{why[1]}",
        ),
        hint=Text(
            "Write it with --out CHANGE, have each sign it (grille-server policy sign CHANGE --key FILE --name NAME), "
            "then: grille-server policy apply HOME CHANGE",
            "Skriv den med --out CHANGE, la hver signere (grille-server policy sign CHANGE --key FIL --name NAVN), "
            "så: grille-server policy apply HOME CHANGE",
        ),
    )


def _unknown(name: str) -> GrilleError:
    return TypeMismatchError(
        "UNKNOWN_CUSTODIAN",
        Text(f"{name} is not an enrolled custodian.", f"{name} er ikke en innført forvalter."),
        hint=Text("See: grille-server policy custodians HOME", "Se: grille-server policy custodians HOME"),
    )
