"""A change that custodians sign: what it says, its bytes, and the document in which it travels between them."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from grille.server.errors import TypeMismatchError
from grille.server.text import Text

Kind = Literal["begin", "enrol", "retire", "bank"]
KINDS = ("begin", "enrol", "retire", "bank")
FORMAT = "grille-policy-change-1"
LARGEST_DOCUMENT = 256 * 1024
_DOMAIN = b"grille policy change 1\x00"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the policies of a home.

    Attributes:
        number: Its place among all changes of the home, from 1.
        previous: SHA-256 of the line of the change before, hex; it binds the change to this home and this moment.
        kind: begin (the first, a random number), enrol or retire a custodian, or a bank's policy.
        subject: Name of the custodian or bank.
        content: PEM of the custodian's public key, or TOML text of the policy.
        before: The policy that it takes the place of, as TOML text, so that it can be judged where it is signed.
    """

    number: int
    previous: str
    kind: Kind
    subject: str
    content: str
    before: str = ""

    def fields(self) -> dict[str, Any]:
        """Return the change as JSON values."""
        return {
            "number": self.number,
            "previous": self.previous,
            "kind": self.kind,
            "subject": self.subject,
            "content": self.content,
            "before": self.before,
        }

    def message(self) -> bytes:
        """Return the bytes that are signed."""
        return _DOMAIN + canonical(self.fields())


@dataclass(frozen=True, slots=True)
class Signature:
    """A custodian's signature (Ed25519, RFC 8032) of a change's message."""

    custodian: str
    value: bytes

    def is_of(self, change: Change, key: Ed25519PublicKey) -> bool:
        """Whether the holder of `key` made it for `change`."""
        try:
            key.verify(self.value, change.message())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignedChange:
    """A change with the signatures that it has so far."""

    change: Change
    signatures: tuple[Signature, ...] = ()

    def signed(self, custodian: str, key: Ed25519PrivateKey) -> SignedChange:
        """Return the change with a signature of `custodian`, in place of an earlier one of the same name."""
        others = tuple(one for one in self.signatures if one.custodian != custodian)
        return SignedChange(self.change, (*others, Signature(custodian, key.sign(self.change.message()))))

    def fields(self) -> dict[str, Any]:
        """Return the signed change as JSON values."""
        made = [{"custodian": s.custodian, "signature": base64.b64encode(s.value).decode()} for s in self.signatures]
        return {"format": FORMAT, "change": self.change.fields(), "signatures": made}

    def document(self) -> bytes:
        """Return the file in which it travels."""
        return (json.dumps(self.fields(), ensure_ascii=False, indent=2) + "\n").encode()


def canonical(value: Any) -> bytes:
    """Return JSON values as bytes: same values, same bytes."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def parse_change(content: bytes, name: str) -> SignedChange:
    """Return the signed change in a document.

    Args:
        content: The document.
        name: What to call it in messages.

    Raises:
        TypeMismatchError: CHANGE_INVALID.
    """
    try:
        if len(content) > LARGEST_DOCUMENT:
            raise ValueError("too large")
        entry = json.loads(content)
        if set(entry) - {"time"} != {"format", "change", "signatures"} or entry["format"] != FORMAT:
            raise ValueError("another form")
        change = Change(**entry["change"])
        texts = (change.previous, change.subject, change.content, change.before)
        if type(change.number) is not int or change.kind not in KINDS or not all(type(one) is str for one in texts):
            raise ValueError("a field of the wrong kind")
        signatures = tuple(
            Signature(str(one["custodian"]), base64.b64decode(one["signature"], validate=True))
            for one in entry["signatures"]
        )
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise TypeMismatchError(
            "CHANGE_INVALID",
            Text(f"{name} does not hold a change of policies.", f"{name} inneholder ingen regelendring."),
            hint=Text(
                "Make one with: grille-server policy set HOME --bank BANK POLICY --out CHANGE",
                "Lag en med: grille-server policy set HOME --bank BANK POLICY --out CHANGE",
            ),
        ) from None
    return SignedChange(change, signatures)
