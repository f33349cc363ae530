"""Reading a log that a server is writing: records by number, newest first, and the proof of one."""

from __future__ import annotations

import bisect
import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grille.server.audit.files import Files, read_lines
from grille.server.audit.merkle import merkle_path


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it stands in the log.

    Attributes:
        line: Its line, without end-of-line.
        fields: Its content.
    """

    line: bytes
    fields: dict[str, Any]

    @property
    def sequence(self) -> int:
        """Its number."""
        return int(self.fields["sequence"])

    @property
    def hash(self) -> str:
        """Its hash, hex."""
        return str(self.fields["hash"])


@dataclass(frozen=True, slots=True)
class Proof:
    """That a record stands in the log.

    Attributes:
        entry: The record.
        checkpoint: Line of the signed checkpoint that covers it.
        path: Hashes from its leaf to the checkpoint's root, hex.
    """

    entry: Entry
    checkpoint: bytes
    path: tuple[str, ...]


class LogReader:
    """Reads the files of a log; what is being written at the moment is not seen."""

    def __init__(self, directory: Path) -> None:
        """Read the log in `directory`."""
        self._files = Files(directory)

    def newest_first(self, upto: int, wanted: Sequence[bytes] = ()) -> Iterator[tuple[int, Entry | None]]:
        """Yield the records numbered `upto` and lower, the highest first, with their numbers.

        Args:
            upto: Number of the first record to yield.
            wanted: Parts of a line that must all occur, or its entry is None; this spares reading it.

        Raises:
            OSError: A file cannot be read.
        """
        for first, path in reversed(self._files.segments()):
            if first > upto or path.stat().st_size == 0:
                continue
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                ends = _line_ends(content)
                for place in range(min(len(ends), upto - first + 1) - 1, -1, -1):
                    line = content[ends[place - 1] + 1 if place else 0 : ends[place]]
                    fits = all(part in line for part in wanted)
                    yield first + place, Entry(line, json.loads(line)) if fits else None

    def oldest_first(self, first: int, last: int) -> Iterator[Entry]:
        """Yield the records from number `first` to number `last`.

        Raises:
            OSError: A file cannot be read.
        """
        segments = self._files.segments()
        start = max(0, bisect.bisect_right([begin for begin, _ in segments], first) - 1)
        for begin, path in segments[start:]:
            for number, (line, is_whole) in enumerate(read_lines(path), begin):
                if number > last or not is_whole:
                    return
                if number >= first:
                    yield Entry(line, json.loads(line))

    def checkpoints(self, upto: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Yield the lines of the checkpoints that cover records up to number `upto`, and their content."""
        if not self._files.checkpoints.exists():
            return
        for line, is_whole in read_lines(self._files.checkpoints):
            fields = json.loads(line) if is_whole else None
            if fields is None or fields["last"] > upto:
                return
            yield line, fields

    def proof(self, sequence: int, upto: int) -> Proof | None:
        """Return the proof of a record, None when no checkpoint up to record `upto` covers it."""
        for line, fields in self.checkpoints(upto):
            if fields["first"] <= sequence <= fields["last"]:
                covered = list(self.oldest_first(fields["first"], fields["last"]))
                index = sequence - fields["first"]
                path = merkle_path([entry.hash for entry in covered], index)
                return Proof(covered[index], line, tuple(path))
        return None


def _line_ends(content: mmap.mmap) -> list[int]:
    ends, place = [], content.find(b"\n")
    while place >= 0:
        ends.append(place)
        place = content.find(b"\n", place + 1)
    return ends
