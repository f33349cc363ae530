"""The public keys of a log: each takes over from the one before at a checkpoint, by a statement that both sign."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from grille.server.audit.chain import canonical
from grille.server.audit.files import Files, GrowingFile, read_lines
from grille.server.audit.signing import is_signed, key_id, key_pem, sign

_BY_OLD, _BY_NEW = "grille-audit-key-old-1", "grille-audit-key-new-1"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Public keys, the oldest first.

    Attributes:
        keys: The keys.
        last: Number of the last checkpoint that each but the newest may have signed.
    """

    keys: tuple[Ed25519PublicKey, ...]
    last: tuple[int, ...] = ()

    @property
    def newest(self) -> Ed25519PublicKey:
        """The key in use."""
        return self.keys[-1]

    def signed_checkpoint(self, label: str, fields: dict[str, object]) -> bool:
        """Say whether a checkpoint carries the signature of the key that was in use then."""
        number = fields.get("number")
        return isinstance(number, int) and is_signed(self._key(number), label, fields)

    def signed_head(self, label: str, fields: dict[str, object]) -> bool:
        """Say whether a head does; where one key followed another, either may have signed it."""
        number = fields.get("checkpoints")
        if not isinstance(number, int):
            return False
        return any(is_signed(key, label, fields) for key in (self._key(number), self._key(number + 1)))

    def _key(self, number: int) -> Ed25519PublicKey:
        return self.keys[sum(1 for last in self.last if last < number)]


def load_keyring(directory: Path, trusted: Ed25519PublicKey) -> Keyring:
    """Return the keys of a log, all of which follow from one that is trusted.

    Statements that do not lead to `trusted` are as none: then it alone counts, and what others signed is not valid.

    Raises:
        OSError: A file cannot be read.
    """
    path = Files(directory).keys
    keys, last = list[Ed25519PublicKey](), list[int]()
    for line, is_whole in read_lines(path) if path.exists() else ():
        read = _read(line) if is_whole else None
        if read is None:
            return Keyring((trusted,))
        old, new, after = read
        if not keys:
            keys.append(old)
        if key_id(keys[-1]) != key_id(old) or (last and after <= last[-1]):
            return Keyring((trusted,))
        keys.append(new)
        last.append(after)
    if key_id(trusted) not in map(key_id, keys):
        return Keyring((trusted,))
    return Keyring(tuple(keys), tuple(last))


def hand_over(files: Files, old: Ed25519PrivateKey, new: Ed25519PrivateKey, after: int, time: str) -> None:
    """Write the statement that `new` takes over after checkpoint number `after`, signed by both; raises OSError."""
    fields: dict[str, object] = {
        "after": after,
        "new": key_pem(new.public_key()),
        "old": key_pem(old.public_key()),
        "time": time,
    }
    line = canonical(
        {
            **fields,
            "by_old": sign(old, _BY_OLD, fields)["signature"],
            "by_new": sign(new, _BY_NEW, fields)["signature"],
        }
    )
    file = GrowingFile(files.keys)
    try:
        file.add(line + b"\n")
    finally:
        file.close()


def _read(line: bytes) -> tuple[Ed25519PublicKey, Ed25519PublicKey, int] | None:
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict) or canonical(fields) != line or type(fields["after"]) is not int:
            return None
        by_old, by_new = fields.pop("by_old"), fields.pop("by_new")
        old, new = (load_pem_public_key(str(fields[name]).encode()) for name in ("old", "new"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(old, Ed25519PublicKey) or not isinstance(new, Ed25519PublicKey):
        return None
    is_both = is_signed(old, _BY_OLD, {**fields, "signature": by_old}) and is_signed(
        new, _BY_NEW, {**fields, "signature": by_new}
    )
    return (old, new, fields["after"]) if is_both else None
