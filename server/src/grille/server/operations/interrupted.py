"""What an interrupted rotation of keys left behind: copies of files beside them, and a new key that may be in force.

A rotation writes its new key beside the old one, then a copy under the new key beside each file. Moving the new key to
the place of the old one is the moment that counts: what is interrupted before it is undone, after it finished.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from grille.server.errors import InternalError
from grille.server.operations.home import Home
from grille.server.operations.secret_files import flush_folder
from grille.server.text import Text

_SUFFIX = ".rotated"


class DataKey(StrEnum):
    """A key that seals files of a home."""

    DATABASE = "database"
    LEDGER = "ledger"


def key_file(home: Home, which: DataKey) -> Path:
    """Return the file of a key."""
    return home.database_key if which is DataKey.DATABASE else home.ledger_key


def draft_of(path: Path) -> Path:
    """Return where a rotation writes what shall take the place of `path`."""
    return path.with_name(path.name + _SUFFIX)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Keep other rotations, and whoever uses the keys for longer, away from the home.

    Raises:
        InternalError: KEYS_IN_USE while somebody uses them.
    """
    with _held(home, fcntl.LOCK_EX):
        yield


@contextmanager
def in_use(home: Home) -> Iterator[None]:
    """Use the keys, beside others who do: what is written under them now is not left behind by a rotation.

    Raises:
        InternalError: KEYS_IN_USE while a rotation is at work.
    """
    settle(home)
    with _held(home, fcntl.LOCK_SH):
        yield


@contextmanager
def _held(home: Home, how: int) -> Iterator[None]:
    folder = home.keys if home.keys.is_dir() else home.path  # with a key command the home may have no keys
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy() from None
        yield
    finally:
        os.close(descriptor)


def _busy() -> InternalError:
    return InternalError(
        "KEYS_IN_USE",
        Text(
            "The keys of this home are being replaced, or a server or command uses them.",
            "Nøklene i dette hjemmet er i ferd med å byttes, eller en tjener eller kommando bruker dem.",
        ),
        hint=Text("Stop the server, or wait until it is done.", "Stopp tjeneren, eller vent til det er gjort."),
    )


def settle(home: Home) -> None:
    """Finish or undo a rotation that was interrupted; called before keys are loaded.

    Raises:
        InternalError: KEYS_IN_USE while another process is at it.
    """
    if next(_drafts(home), None) is not None or any(draft_of(key_file(home, one)).exists() for one in DataKey):
        with alone(home):
            settle_alone(home)


def settle_alone(home: Home) -> None:
    """As `settle`, for who keeps others away already."""
    for rest in _journals(home):
        rest.unlink()
    for which in DataKey:
        waiting = draft_of(key_file(home, which))
        for draft in [path for path in _drafts(home) if _key_of(path) is which]:
            if waiting.exists():
                draft.unlink()
            else:
                _put_in_place(draft)
        waiting.unlink(missing_ok=True)
    flush_folder(home.keys)


def _put_in_place(draft: Path) -> None:
    path = draft.with_name(draft.name.removesuffix(_SUFFIX))
    for rest in ("-wal", "-shm"):  # of a ledger that a killed process left open: its rows are in the copy
        path.with_name(path.name + rest).unlink(missing_ok=True)
    os.replace(draft, path)
    flush_folder(path.parent)


def _drafts(home: Home) -> Iterator[Path]:
    yield from home.banks.glob(f"*/*/*{_SUFFIX}")
    yield from home.twins.glob(f"*/*/*{_SUFFIX}")
    for ledger in (home.ledger, home.twin_ledger):
        if draft_of(ledger).exists():
            yield draft_of(ledger)


def _journals(home: Home) -> list[Path]:
    """Return the logs of engines that were killed while they wrote copies; a whole copy has none."""
    folders = (home.banks.glob(f"*/*/*{_SUFFIX}.*"), home.twins.glob(f"*/*/*{_SUFFIX}.*"))
    ledgers = (home.path.glob(f"*{_SUFFIX}-*"), home.twins.glob(f"*{_SUFFIX}-*"))
    return [path for found in (*folders, *ledgers) for path in found]


def _key_of(draft: Path) -> DataKey:
    return DataKey.LEDGER if draft.name.startswith("ledger") else DataKey.DATABASE
