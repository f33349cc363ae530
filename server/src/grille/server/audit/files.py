"""The files of an audit log and durable writing to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SEGMENT = re.compile(r"records-([0-9]{12})\.jsonl\Z")


@dataclass(frozen=True, slots=True)
class Files:
    """Paths of a log.

    Attributes:
        directory: Its folder.
    """

    directory: Path

    @property
    def checkpoints(self) -> Path:
        """Signed checkpoints, one JSON object a line."""
        return self.directory / "checkpoints.jsonl"

    @property
    def keys(self) -> Path:
        """Statements by which one signing key handed over to the next, one JSON object a line."""
        return self.directory / "keys.jsonl"

    @property
    def head(self) -> Path:
        """The signed head."""
        return self.directory / "head"

    @property
    def lock(self) -> Path:
        """Held by the process that writes."""
        return self.directory / ".lock"

    def segment(self, first: int) -> Path:
        """Return the file of records whose first record has the sequence number `first`."""
        return self.directory / f"records-{first:012}.jsonl"

    def segments(self) -> list[tuple[int, Path]]:
        """Return the record files with the sequence number in their name, ascending."""
        found = ((_SEGMENT.match(path.name), path) for path in self.directory.iterdir())
        return sorted((int(match[1]), path) for match, path in found if match)


class BrokenDiskError(Exception):
    """The disk failed in a way that leaves its content unknown: only a restart can tell what the log holds."""


class GrowingFile:
    """A file that only grows; the last addition can be taken back.

    Attributes:
        size: Length of what is kept, bytes.
    """

    def __init__(self, path: Path) -> None:
        """Open `path` to add to it, mode 0600, made if need be.

        Raises:
            OSError: The disk refuses.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self._descriptor).st_size
        flush_folder(path.parent)

    def add(self, content: bytes) -> None:
        """Write `content` at the end and flush it to the disk.

        Raises:
            OSError: The disk refuses, for instance because it is full; the file is as before.
            BrokenDiskError: The disk failed.
        """
        view, offset = memoryview(content), self.size
        try:
            while view:
                written = os.pwrite(self._descriptor, view, offset)
                view, offset = view[written:], offset + written
        except OSError:
            self.cut(self.size)
            raise
        self._flush()
        self.size = offset

    def cut(self, size: int) -> None:
        """Shorten the file to `size` bytes.

        Raises:
            BrokenDiskError: The disk failed.
        """
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise BrokenDiskError from error
        self._flush()
        self.size = size

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _flush(self) -> None:
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise BrokenDiskError from error  # after a failed flush the system may forget what was not written


def flush_folder(path: Path) -> None:
    """Flush the entries of a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines of a file without their end-of-line, and whether they had one; only the last may lack it."""
    with path.open("rb") as file:
        for line in file:
            yield (line[:-1], True) if line.endswith(b"\n") else (line, False)
