"""A new signing key for the audit log, to which the old one hands over; the server must not be running meanwhile."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from grille.server.audit.files import Files
from grille.server.audit.keyring import hand_over, load_keyring
from grille.server.audit.log import AuditLog
from grille.server.audit.mirror import catch_up
from grille.server.audit.record import AuditRecord, Event
from grille.server.audit.signing import key_id, key_pem
from grille.server.audit.writer import now
from grille.server.operations.config import load_config
from grille.server.operations.home import Home
from grille.server.operations.keys import keys_elsewhere, load_keys
from grille.server.operations.secret_files import flush_folder, read_secret, write_secret


def rotate_audit_key(home: Home) -> tuple[str, str]:
    """Make a new signing key, have the old one hand over to it, and destroy the old one; returns the ids of both.

    What a crash interrupted is finished by the next call.

    Raises:
        TypeMismatchError: KEYS_ELSEWHERE when the keys are not the home's own files.
        InternalError: AUDIT_LOCKED while a server is running; AUDIT_DAMAGED; KEYS_MISSING and its kin.
        OSError: A disk refuses.
    """
    files, draft = Files(home.audit), home.audit_signing_key.with_suffix(".new")
    config = load_config(home.config)
    if config.server.key_command:
        raise keys_elsewhere()
    folder = config.audit.second_folder
    second = Path(folder) if folder else None
    old = load_keys(home).audit_signing
    ring = load_keyring(home.audit, old.public_key())
    if draft.exists() and key_id(_private(draft).public_key()) == key_id(ring.newest):
        return _finish(home, draft, key_id(old.public_key()))
    draft.unlink(missing_ok=True)
    new = Ed25519PrivateKey.generate()
    write_secret(draft, new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ids = key_id(old.public_key()), key_id(new.public_key())
    with AuditLog(home.audit, old, second=second) as log:
        log.append(AuditRecord(Event.KEY_ROTATED, detail=(("key", "audit"), ("old", ids[0]), ("new", ids[1]))))
        after = int(json.loads(log.checkpoint().head)["checkpoints"])
        hand_over(files, old, new, after, now())
    if second is not None:
        catch_up(files, second)
    return _finish(home, draft, ids[0])


def _finish(home: Home, draft: Path, old: str) -> tuple[str, str]:
    new = _private(draft).public_key()
    ring = load_keyring(home.audit, new)
    public = home.audit_public_key.with_suffix(".pub.new")
    public.unlink(missing_ok=True)
    write_secret(public, "".join(map(key_pem, ring.keys)).encode("ascii"))
    os.replace(public, home.audit_public_key)
    os.replace(draft, home.audit_signing_key)
    flush_folder(home.keys)
    return old, key_id(new)


def _private(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(read_secret(path), password=None)
    assert isinstance(key, Ed25519PrivateKey), "written by this program alone"
    return key
