"""Key files of custodians: made and used on their own machines, never kept in a home."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from grille.server.errors import GrilleError, TypeMismatchError
from grille.server.operations.secret_files import read_secret, write_secret
from grille.server.text import Text


def make_custodian_key(path: Path, passphrase: bytes | None) -> Path:
    """Make a key pair: the private key in `path`, mode 0600, and the public key in `path` with `.pub` added.

    Args:
        path: New file.
        passphrase: Encrypts the private key; None leaves it as it is.

    Returns:
        The file of the public key.

    Raises:
        TypeMismatchError: FILE_EXISTS; nothing is overwritten.
    """
    public_path = path.with_name(f"{path.name}.pub")
    key = Ed25519PrivateKey.generate()
    guard: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    for target in (path, public_path):
        if target.exists():
            raise _exists(target)
    write_secret(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, guard))
    write_secret(public_path, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public_path


def load_custodian_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """Return the private key in `path`.

    Raises:
        TypeMismatchError: KEY_INVALID when it is no such key, or the passphrase is wrong or missing.
        InternalError: KEYS_MISSING, KEYS_UNREADABLE, KEY_PERMISSIONS.
    """
    try:
        key = load_pem_private_key(read_secret(path), password=passphrase)
    except (ValueError, TypeError):
        raise _invalid(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _invalid(path)
    return key


def is_encrypted(path: Path) -> bool:
    """Whether the private key in `path` asks for a passphrase."""
    return b"ENCRYPTED PRIVATE KEY" in read_secret(path)


def _exists(path: Path) -> GrilleError:
    return TypeMismatchError(
        "FILE_EXISTS",
        Text(f"{path} exists already.", f"{path} finnes allerede."),
        hint=Text("Nothing was changed. Choose another name.", "Ingenting er endret. Velg et annet navn."),
    )


def _invalid(path: Path) -> GrilleError:
    return TypeMismatchError(
        "KEY_INVALID",
        Text(
            f"{path} does not hold an Ed25519 private key, or has another passphrase.",
            f"{path} inneholder ingen privat Ed25519-nøkkel, eller har en annen passordfrase.",
        ),
        hint=Text("Make one with: grille-server policy key FILE", "Lag en med: grille-server policy key FIL"),
    )
