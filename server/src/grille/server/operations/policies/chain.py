"""The file of changes, `policies/changes.jsonl`: read and verified as a whole, added to under a lock."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from grille.server.errors import GrilleError, InternalError
from grille.server.operations.policies.changes import Change, SignedChange, canonical, parse_change
from grille.server.operations.policies.state import GENESIS, State
from grille.server.operations.secret_files import flush_folder
from grille.server.text import Text


class Chain:
    """The changes of a home. Safe for several processes; every read verifies all of them."""

    def __init__(self, folder: Path) -> None:
        """Use the chain in `folder`, which must exist; the file is made by the first change."""
        self._path = folder / "changes.jsonl"
        self._lock = folder / ".lock"
        self._memo: tuple[bytes, State] = (b"", State())

    def state(self) -> State:
        """Return what the changes add up to.

        Raises:
            InternalError: POLICY_CHANGES_DAMAGED, when a line is not what was once put in, or lacks its signatures.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise _damaged(0, error.strerror or "") from None
        known, state = self._memo
        if content != known:
            state = _verified(content)
            self._memo = (content, state)
        return state

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock of writers."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._mend()
            yield
        finally:
            os.close(descriptor)

    def begin(self) -> State:
        """Return the state; the first time, put in the change that makes this home unlike any other."""
        state = self.state()
        if state.number > 0:
            return state
        return self.append(SignedChange(Change(1, GENESIS, "begin", "", secrets.token_hex(32))))

    def append(self, signed: SignedChange) -> State:
        """Put in a change and return the state after it; it is on disk then. Call inside `changing`.

        Raises:
            GrilleError: See State.after; nothing is written then.
        """
        time = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        line = canonical({**signed.fields(), "time": time})
        state = self.state().after(signed, line, time)
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            flush_folder(self._path.parent)
        return state

    def _mend(self) -> None:
        """Remove an incomplete last line, which a crash left and no reader counted."""
        with contextlib.suppress(FileNotFoundError), self._path.open("r+b") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                file.truncate(whole)
                os.fsync(file.fileno())


def _verified(content: bytes) -> State:
    state = State()
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            signed = parse_change(line, "changes.jsonl")
            state = state.after(signed, line, str(json.loads(line).get("time", "")))
        except GrilleError as error:
            raise _damaged(number, error.reason) from error
    return state


def _damaged(line: int, why: str) -> GrilleError:
    return InternalError(
        "POLICY_CHANGES_DAMAGED",
        Text(
            f"policies/changes.jsonl, line {line}, is not a valid change of policies ({why}).",
            f"policies/changes.jsonl, linje {line}, er ikke en gyldig regelendring ({why}).",
        ),
        hint=Text("Restore the file from your backup.", "Hent filen tilbake fra sikkerhetskopien."),
    )
