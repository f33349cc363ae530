"""The audit log: takes records from many threads and returns only when they are on the disk."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from grille.server.audit.chain import seal
from grille.server.audit.faults import damaged, locked, unavailable
from grille.server.audit.files import BrokenDiskError, Files
from grille.server.audit.head import newest_line
from grille.server.audit.keyring import load_keyring
from grille.server.audit.mirror import catch_up
from grille.server.audit.record import AuditRecord, Event
from grille.server.audit.signing import key_id
from grille.server.audit.tail import pick_up
from grille.server.audit.writer import Batch, Writer, now


@dataclass(slots=True)
class _Ticket:
    """A record on its way to the disk."""

    line: bytes
    sequence: int
    hash: str
    done: bool = False
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A log whose records are all covered by checkpoints.

    Attributes:
        sequence: Number of the last record.
        head: The signed head that says so.
    """

    sequence: int
    head: bytes


class AuditLog:
    """The log of a server. All methods are safe for many threads.

    Records that arrive while others are being flushed share the next flush, so many sessions cost few flushes.
    """

    def __init__(
        self,
        directory: Path,
        key: Ed25519PrivateKey,
        *,
        checkpoint_records: int = 100,
        checkpoint_seconds: float = 60.0,
        segment_bytes: int = 64 * 1024 * 1024,
        second: Path | None = None,
    ) -> None:
        """Open the log in `directory`, check its end, and mend and record what a crash left there.

        Args:
            directory: Existing folder, for the log alone.
            key: Signs checkpoints and the head.
            checkpoint_records: A checkpoint is written after this many records.
            checkpoint_seconds: And at the latest this long after a record, seconds.
            segment_bytes: Size at which the log goes on in a new file.
            second: Folder on another disk for a second copy, made if need be; no record counts that is not there too.

        Raises:
            InternalError: AUDIT_LOCKED, AUDIT_DAMAGED, AUDIT_UNAVAILABLE.
        """
        files = Files(directory)
        self._files, self._key = files, key
        self._state = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._is_writing = False
        self._stopped: str | None = None
        self._is_closed = False
        self._closing = threading.Event()  # ends the timer
        try:
            self._lock = _take_lock(files)
        except OSError as error:
            raise unavailable(_name(error)) from None
        try:
            self._keys = load_keyring(directory, key.public_key())
            if key_id(self._keys.newest) != self.key_id:
                raise damaged("another key has taken over its signing", "en annen nøkkel har overtatt signeringen")
            tail = pick_up(files, self._keys)
            lacking = 0
            if second is not None:
                second.mkdir(mode=0o700, parents=True, exist_ok=True)
                lacking = catch_up(files, second)
            self._writer = Writer(
                files, key, tail, checkpoint_records=checkpoint_records, segment_bytes=segment_bytes, second=second
            )
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, OSError | BrokenDiskError):
                raise unavailable(_name(error)) from None
            raise
        self._sequence, self._hash = tail.sequence, tail.hash
        self._period = checkpoint_seconds
        self._timer = threading.Thread(target=self._sign_regularly, name="audit-checkpoints", daemon=True)
        self._timer.start()
        repairs = tail.repairs + ((("second_copy_lacked_bytes", str(lacking)),) if lacking else ())
        if repairs:
            self.append(AuditRecord(Event.LOG_RECOVERED, detail=repairs))

    def append(self, record: AuditRecord) -> tuple[int, str]:
        """Write a record and return its sequence number and hash once it is on the disk.

        Raises:
            InternalError: AUDIT_UNAVAILABLE; the record is not in the log and no answer may be given.
        """
        with self._state:
            if self._stopped or self._is_closed:
                raise unavailable(self._stopped or "closed")
            ticket = self._chain(record)
            while not ticket.done:
                if self._is_writing:
                    self._state.wait()
                else:
                    self._write_waiting()
        if ticket.failure is not None:
            raise unavailable(ticket.failure)
        return ticket.sequence, ticket.hash

    def sign(self, message: bytes) -> str:
        """Return the Ed25519 signature of `message`, 128 hex digits; its first line is a label of its kind."""
        return self._key.sign(message).hex()

    @property
    def key_id(self) -> str:
        """Name of the signing key."""
        return key_id(self._key.public_key())

    @property
    def public_keys(self) -> tuple[Ed25519PublicKey, ...]:
        """The public keys that signed the log, the oldest first."""
        return self._keys.keys

    @property
    def sequence(self) -> int:
        """Number of the last record on the disk."""
        return self._writer.sequence

    @property
    def directory(self) -> Path:
        """Folder of the log."""
        return self._files.directory

    def checkpoint(self) -> Standing:
        """Sign a checkpoint over all records so far, so that each can be proven, and return where the log stands.

        Raises:
            InternalError: AUDIT_UNAVAILABLE.
        """
        with self._state:
            while self._is_writing:
                self._state.wait()
            failure = self._stopped or ("closed" if self._is_closed else self._sign())
            standing = Standing(self._writer.sequence, newest_line(self._keys, self._files.head.read_bytes()) or b"")
        if failure is not None:
            raise unavailable(failure)
        return standing

    def close(self) -> None:
        """Sign what is unsigned and close the log; a closed log takes no records.

        Raises:
            InternalError: AUDIT_UNAVAILABLE when the last checkpoint could not be written.
        """
        self._closing.set()
        with self._state:
            if self._is_closed:
                return
            self._is_closed = True
            while self._is_writing or self._waiting:
                self._state.wait()
            failure = self._stopped or self._sign()
            self._stopped = "closed"
            self._writer.close()
            os.close(self._lock)
        self._timer.join()
        if failure is not None:
            raise unavailable(failure)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _chain(self, record: AuditRecord) -> _Ticket:
        fields = {**record.to_fields(), "time": now(), "monotonic_ns": time.monotonic_ns()}
        try:
            line, own = seal(fields, self._sequence + 1, self._hash)
        except ValueError:
            raise unavailable("a record is not Unicode text") from None
        ticket = _Ticket(line, self._sequence + 1, own)
        self._waiting.append(ticket)
        self._sequence, self._hash = ticket.sequence, ticket.hash
        return ticket

    def _write_waiting(self) -> None:
        """Write all waiting records as one batch; the lock is given up meanwhile so that more can queue up."""
        tickets, self._waiting = self._waiting, []
        batch = Batch([ticket.line for ticket in tickets], [ticket.hash for ticket in tickets])
        failure = self._unlocked(lambda: self._writer.write(batch))
        if failure is not None:
            tickets += self._waiting  # they follow records that do not exist
            self._waiting = []
            self._sequence, self._hash = self._writer.sequence, self._writer.hash
        for ticket in tickets:
            ticket.done, ticket.failure = True, failure
        self._state.notify_all()

    def _sign(self) -> str | None:
        failure = self._unlocked(self._writer.sign)
        self._state.notify_all()
        return failure

    def _sign_regularly(self) -> None:
        while not self._closing.wait(self._period):
            with self._state:
                while self._is_writing:
                    self._state.wait()
                if self._stopped or self._is_closed:
                    return
                self._sign()  # a refusing disk is met again, and then reported, by the next record

    def _unlocked(self, action: Callable[[], None]) -> str | None:
        """Run an action of the writer without the lock and return what failed; more records can queue up meanwhile."""
        self._is_writing = True
        self._state.release()
        failure, is_broken = "", False
        try:
            action()
        except OSError as error:
            failure = _name(error)
        except BaseException as error:  # even an interrupt: threads that wait for this write must not wait for ever
            failure, is_broken = _name(error), True
        self._state.acquire()
        self._is_writing = False
        if is_broken:
            self._stopped = failure  # what the disk holds is unknown: a restart finds out
        return failure or None


def _take_lock(files: Files) -> int:
    descriptor = os.open(files.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise locked(files.directory) from None
    return descriptor


def _name(error: BaseException) -> str:
    """Name a failure without its text, which may hold paths."""
    cause = error.__cause__ if isinstance(error, BrokenDiskError) else error
    if isinstance(cause, OSError) and cause.errno is not None:
        return errno.errorcode.get(cause.errno, "OSError")
    return type(error).__name__
