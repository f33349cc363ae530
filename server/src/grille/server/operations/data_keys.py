"""New keys for banks and ledger: everything that an old key opens is written anew, whole or not at all.

Record keys, sketches and pseudonyms come from another root, which is never replaced: with it every answer, and what the
ledger knows, would change.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event
from grille.server.catalog.bank_file import copy_version, data_path
from grille.server.catalog.banks import list_banks
from grille.server.disclosure.sealing import reseal
from grille.server.errors import BudgetError
from grille.server.operations.config import load_config
from grille.server.operations.home import Home
from grille.server.operations.interrupted import DataKey, alone, draft_of, key_file, settle_alone
from grille.server.operations.keys import KEY_BYTES, Keys, keys_elsewhere, load_keys
from grille.server.operations.secret_files import flush_folder, write_secret
from grille.server.operations.twins import twin_key, twin_ledger_key
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A file, and what writes it anew under another path, from the old keys to the new ones."""

    path: Path
    write: Callable[[Path, Keys, Keys], None]


def rotate_data_key(home: Home, which: DataKey) -> tuple[str, str]:
    """Make a new key, write anew what the old one seals, and destroy the old one; returns the ids of both.

    Needs as much free disk space as these files take. The change is in the audit log before it counts.

    Raises:
        TypeMismatchError: KEYS_ELSEWHERE when the keys are not the home's own files.
        InternalError: AUDIT_LOCKED while a server is running, KEYS_IN_USE while a command writes under the keys;
            KEYS_MISSING and its kin; COPY_DIFFERS; DATABASE_FILE_UNREADABLE or
            LEDGER_UNREADABLE when a file does not open with the old key.
        BudgetError: DISK_FULL when there is not enough space.
        OSError: A disk refuses; as after every other error the old key is in force then.
    """
    config = load_config(home.config)
    if config.server.key_command:
        raise keys_elsewhere()
    second = Path(config.audit.second_folder) if config.audit.second_folder else None
    with AuditLog(home.audit, load_keys(home).audit_signing, second=second) as log:
        old = load_keys(home)  # what another rotation made of them before this one held the log
        with alone(home):
            return _rotate(home, which, old, log)


def _rotate(home: Home, which: DataKey, old: Keys, log: AuditLog) -> tuple[str, str]:
    root = secrets.token_bytes(KEY_BYTES)
    before = old.database_root if which is DataKey.DATABASE else old.ledger
    new = replace(old, database_root=root) if which is DataKey.DATABASE else replace(old, ledger=root)
    files = list(_banks(home) if which is DataKey.DATABASE else _ledgers(home))
    _check_space(files)
    ids = _id(before), _id(root)
    try:
        write_secret(draft_of(key_file(home, which)), root.hex().encode("ascii") + b"\n")
        for one in files:
            one.write(draft_of(one.path), old, new)
            _flush(draft_of(one.path))
        log.append(AuditRecord(Event.KEY_ROTATED, detail=(("key", which.value), ("old", ids[0]), ("new", ids[1]))))
    except BaseException:
        settle_alone(home)
        raise
    os.replace(draft_of(key_file(home, which)), key_file(home, which))
    flush_folder(home.keys)
    settle_alone(home)
    return ids


def _banks(home: Home) -> Iterator[_Sealed]:
    """Yield the data of every version of every bank, and of its synthetic twins."""
    for folder, key in ((home.banks, Keys.bank_key), (home.twins, twin_key)):
        for bank, versions in list_banks(folder).items():
            for version in versions:
                yield _Sealed(data_path(folder, bank, version), _copying(data_path(folder, bank, version), bank, key))


def _copying(path: Path, bank: str, key: Callable[[Keys, str], str]) -> Callable[[Path, Keys, Keys], None]:
    return lambda target, old, new: copy_version(path, key(old, bank), target, key(new, bank))


def _ledgers(home: Home) -> Iterator[_Sealed]:
    ours, twins = home.ledger, home.twin_ledger
    if ours.exists():
        yield _Sealed(ours, lambda target, old, new: reseal(ours, target, old.ledger, new.ledger))
    if twins.exists():
        yield _Sealed(twins, lambda target, old, new: reseal(twins, target, twin_ledger_key(old), twin_ledger_key(new)))


def _check_space(files: list[_Sealed]) -> None:
    for folder in {one.path.parent.parent for one in files}:
        needed = sum(one.path.stat().st_size for one in files)
        free = shutil.disk_usage(folder).free
        if free < needed * 1.1:
            raise BudgetError(
                "DISK_FULL",
                Text(
                    f"The files are written anew beside the old ones: {needed / 2**20:.0f} MiB are needed in {folder}, "
                    f"{free / 2**20:.0f} MiB are free.",
                    f"Filene skrives på nytt ved siden av de gamle: {needed / 2**20:.0f} MiB trengs i {folder}, "
                    f"{free / 2**20:.0f} MiB er ledige.",
                ),
            )


def _flush(path: Path) -> None:
    path.chmod(0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    flush_folder(path.parent)


def _id(root: bytes) -> str:
    """Return what names a key in the audit log; of 32 random bytes it tells nothing."""
    return hashlib.sha256(b"grille data key " + root).hexdigest()[:16]
