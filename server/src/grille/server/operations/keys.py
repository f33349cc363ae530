"""The secret keys of a home: made once, loaded at start, and the keys derived from them for one bank."""

from __future__ import annotations

import secrets
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from grille.server.errors import InternalError, TypeMismatchError
from grille.server.operations.config import load_config
from grille.server.operations.home import Home
from grille.server.operations.interrupted import settle
from grille.server.operations.secret_files import read_secret, write_secret
from grille.server.text import Text

KEY_BYTES = 32
_COMMAND_SECONDS = 60.0


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The loaded keys of a home; never printed.

    Attributes:
        record_root: 32 bytes, root of every bank's record secret.
        database_root: 32 bytes, root of every bank's database key.
        ledger: 32 bytes, AES-256-GCM key of the ledger.
        audit_signing: Signs checkpoints of the audit log.
    """

    record_root: bytes
    database_root: bytes
    ledger: bytes
    audit_signing: Ed25519PrivateKey

    def record_secret(self, bank: str) -> bytes:
        """Return the 32-byte secret of `bank`'s record keys and set sketches: the same for all its versions."""
        return _derive(self.record_root, f"grille record secret 1 {bank}")

    def bank_key(self, bank: str) -> str:
        """Return the database key of `bank` (64 hex digits), so that a worker can open its banks and no others."""
        return _derive(self.database_root, f"grille bank key 1 {bank}").hex()

    def identifier_secret(self, bank: str) -> bytes:
        """Return the 32-byte secret of `bank`'s pseudonyms and their file, which no worker and no server needs."""
        return _derive(self.record_root, f"grille identifier secret 1 {bank}")


def make_keys(home: Home) -> None:
    """Make every key file of `home`, mode 0600.

    Raises:
        FileExistsError: One exists.
    """
    for path in (home.record_key, home.database_key, home.ledger_key):
        write_secret(path, secrets.token_hex(KEY_BYTES).encode("ascii") + b"\n")
    signing = Ed25519PrivateKey.generate()
    write_secret(home.audit_signing_key, signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_secret(home.audit_public_key, public)


def load_keys(home: Home) -> Keys:
    """Return the keys of `home`.

    Raises:
        UnknownNameError: HOME_NOT_FOUND.
        InternalError: KEYS_MISSING, KEYS_UNREADABLE, KEYS_DAMAGED when a file does not hold a key, KEY_PERMISSIONS when
            group or others have any right to a key file; KEYS_NOT_GIVEN when the key command of the settings fails;
            KEYS_IN_USE while keys are being replaced. What an interrupted rotation left is finished or undone.
    """
    home = Home.existing(home.path)
    settle(home)
    command = load_config(home.config).server.key_command
    roots = []
    for path in (home.record_key, home.database_key, home.ledger_key):
        try:
            root = bytes.fromhex(_secret(path, command).decode("ascii"))
        except ValueError:
            raise _damaged(str(path)) from None
        if len(root) != KEY_BYTES:
            raise _damaged(str(path))
        roots.append(root)
    try:
        signing = load_pem_private_key(_secret(home.audit_signing_key, command), password=None)
    except (ValueError, TypeError):
        raise _damaged(str(home.audit_signing_key)) from None
    if not isinstance(signing, Ed25519PrivateKey):
        raise _damaged(str(home.audit_signing_key))
    return Keys(record_root=roots[0], database_root=roots[1], ledger=roots[2], audit_signing=signing)


def load_audit_public_key(pem: bytes, name: str) -> Ed25519PublicKey:
    """Return the public key in `pem`; `name` says in errors where it came from.

    Raises:
        InternalError: KEYS_DAMAGED.
    """
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise _damaged(name) from None
    if not isinstance(key, Ed25519PublicKey):
        raise _damaged(name)
    return key


def _secret(path: Path, command: str) -> bytes:
    """Return a secret: the content of its file, or what the key command prints when called with the file's name."""
    if not command:
        return read_secret(path)
    try:
        done = subprocess.run(
            [*shlex.split(command), path.name], stdout=subprocess.PIPE, timeout=_COMMAND_SECONDS, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = type(error).__name__
        raise InternalError(
            "KEYS_NOT_GIVEN",
            Text(f"The key command gave no {path.name} ({why}).", f"Nøkkelkommandoen ga ingen {path.name} ({why})."),
            hint=Text(
                "Run it by hand: see key_command in config.toml.", "Kjør den for hånd: se key_command i config.toml."
            ),
        ) from None
    return done.stdout


def keys_elsewhere() -> TypeMismatchError:
    """Return the error for a rotation of keys that are not the home's own files."""
    return TypeMismatchError(
        "KEYS_ELSEWHERE",
        Text("The keys come from key_command, not from the home.", "Nøklene kommer fra key_command, ikke hjemmet."),
        hint=Text(
            "Put the key files back and remove key_command for the rotation, then store the new key.",
            "Legg nøkkelfilene tilbake og fjern key_command under byttet, og lagre så den nye nøkkelen.",
        ),
    )


def _derive(root: bytes, purpose: str) -> bytes:
    """HKDF (RFC 5869) with SHA-256: one independent 32-byte key for each purpose."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(root)


def _damaged(name: str) -> InternalError:
    return InternalError(
        "KEYS_DAMAGED",
        Text(f"{name} does not hold a valid key.", f"{name} inneholder ikke en gyldig nøkkel."),
        hint=Text("Restore it from your backup.", "Hent den tilbake fra sikkerhetskopien."),
    )
