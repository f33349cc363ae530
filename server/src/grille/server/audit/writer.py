"""Writes batches of sealed records, checkpoints and heads to the disk. One thread at a time: `log` sees to that."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.checkpoint import make_checkpoint
from grille.server.audit.files import BrokenDiskError, Files, flush_folder
from grille.server.audit.head import Head, write_head
from grille.server.audit.mirror import open_file
from grille.server.audit.tail import Tail


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive sealed records; at least one.

    Attributes:
        lines: Their lines, with end-of-line.
        hashes: Their hashes, hex.
    """

    lines: Sequence[bytes]
    hashes: Sequence[str]


class Writer:
    """The open files of a log.

    Attributes:
        sequence: Number of the last record on the disk.
        hash: Its hash.
    """

    def __init__(
        self,
        files: Files,
        key: Ed25519PrivateKey,
        tail: Tail,
        *,
        checkpoint_records: int,
        segment_bytes: int,
        second: Path | None = None,
    ) -> None:
        """Open the files where `tail` found them; a new log gets its head before its first record.

        With a folder `second`, every record and checkpoint is on that disk too before `write` returns.

        Raises:
            OSError: The disk refuses.
            BrokenDiskError: The disk failed.
        """
        self.sequence = tail.sequence
        self.hash = tail.hash
        self._files = files
        self._second = second
        self._key = key
        self._checkpoint_records = checkpoint_records
        self._segment_bytes = segment_bytes
        self._unsigned = list(tail.unsigned)
        self._checkpoint = tail.checkpoint
        self._turn = tail.turn
        heads = [files.head, *([Files(second).head] if second else [])]
        self._heads = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600) for path in heads]
        for _ in range(2):  # both slots: what a power cut did to one is mended
            self._write_head(flush=True)
        flush_folder(files.directory)
        self._records = open_file(files.segment(tail.first_of_segment), second)
        self._checkpoints = open_file(files.checkpoints, second)

    def write(self, batch: Batch) -> None:
        """Write a batch, all or nothing, and flush it; a checkpoint follows when it is due.

        Raises:
            OSError: The disk refused; the log is as it was before.
            BrokenDiskError: The disk failed.
        """
        content = b"".join(batch.lines)
        before = self._records.size
        if before and before + len(content) > self._segment_bytes:
            self._next_segment()
            before = 0
        self._records.add(content)
        unsigned = [*self._unsigned, *batch.hashes]
        last = self.sequence + len(batch.hashes)
        is_due = len(unsigned) >= self._checkpoint_records
        if is_due:
            try:
                self._add_checkpoint(last, unsigned)
            except OSError:
                self._records.cut(before)  # no answer was given yet for these records
                raise
        self._unsigned = [] if is_due else unsigned
        self.sequence, self.hash = last, batch.hashes[-1]
        self._write_head(flush=is_due)

    def sign(self) -> None:
        """Write a checkpoint over the records since the last one, if there are any.

        Raises:
            OSError: The disk refused; the log is as it was before.
            BrokenDiskError: The disk failed.
        """
        if self._unsigned:
            self._add_checkpoint(self.sequence, self._unsigned)
            self._unsigned = []
            self._write_head(flush=True)

    def close(self) -> None:
        """Close the files."""
        self._records.close()
        self._checkpoints.close()
        for descriptor in self._heads:
            os.close(descriptor)

    def _next_segment(self) -> None:
        """Go on in a new file, which begins right after a checkpoint: a restart then reads the last file only."""
        self.sign()
        following = open_file(self._files.segment(self.sequence + 1), self._second)
        self._records.close()
        self._records = following

    def _add_checkpoint(self, last: int, leaves: Sequence[str]) -> None:
        line, signed = make_checkpoint(self._key, self._checkpoint, last - len(leaves) + 1, leaves, now())
        self._checkpoints.add(line)
        self._checkpoint = signed

    def _write_head(self, *, flush: bool) -> None:
        """Say how far the log has come; a crash of the machine may lose the last heads, never a record."""
        checkpoints = self._checkpoint.checkpoint.number if self._checkpoint else 0
        head = Head(self._turn + 1, self.sequence, self.hash, checkpoints, now())
        try:
            for descriptor in self._heads:
                write_head(descriptor, self._key, head)
                if flush:
                    os.fdatasync(descriptor)
        except OSError as error:
            raise BrokenDiskError from error
        self._turn = head.turn


def now() -> str:
    """Return the time, ISO 8601 UTC with microseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
