"""Picks up a log where the last process left it: checks everything since the last checkpoint and mends a torn end.

Nothing is mended before everything is checked, so that a damaged log stays as it was found.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grille.server.audit.chain import GENESIS, BadLineError, digest, unseal
from grille.server.audit.checkpoint import Signed, read_checkpoint
from grille.server.audit.faults import damaged
from grille.server.audit.files import Files, GrowingFile
from grille.server.audit.head import Head, read_heads
from grille.server.audit.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the log stands.

    Attributes:
        first_of_segment: Sequence number in the name of the file that is written to.
        sequence: Number of the last record, 0 when there is none.
        hash: Its hash, or GENESIS.
        unsigned: Hashes of the records since the last checkpoint.
        checkpoint: The last checkpoint.
        turn: Turn of the newest head; -1 when there is none.
        repairs: What had to be mended, as pairs for a record's detail.
    """

    first_of_segment: int
    sequence: int
    hash: str
    unsigned: tuple[str, ...]
    checkpoint: Signed | None
    turn: int
    repairs: tuple[tuple[str, str], ...]


class _Mending:
    """What is to be mended once all is checked."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []
        self._actions: list[Callable[[], None]] = []

    def cut(self, what: str, path: Path, size: int, torn: bytes) -> None:
        self.notes += [(f"{what}_cut_bytes", str(len(torn))), (f"{what}_cut_sha256", digest(torn))]
        self._actions.append(lambda: _cut(path, size))

    def complete(self, path: Path, sequence: int) -> None:
        self.notes.append(("record_completed", str(sequence)))
        self._actions.append(lambda: _complete(path))

    def apply(self) -> None:
        for action in self._actions:
            action()


def pick_up(files: Files, keys: Keyring) -> Tail:
    """Check the end of the log and mend what a crash may have left there.

    Raises:
        InternalError: AUDIT_DAMAGED when the log is not what a crash could have left.
        OSError: The disk refuses.
    """
    mending = _Mending()
    segments = files.segments()
    checkpoint, count = _last_checkpoint(files.checkpoints, keys, mending)
    head = _head(files.head, keys, mending)
    if not segments:
        if count or (head is not None and head.sequence):
            raise damaged("its records are missing", "oppføringene mangler")
        mending.apply()
        return Tail(1, 0, GENESIS, (), None, head.turn if head else -1, tuple(mending.notes))
    if head is None:
        raise damaged("its head is missing", "hodet mangler")
    first, path = segments[-1]
    anchor, covered = (checkpoint.checkpoint.chain, checkpoint.checkpoint.last) if checkpoint else (GENESIS, 0)
    before, hashes = _read_segment(path, first, mending)
    last = first + len(hashes) - 1
    if not first - 1 <= covered <= last:
        raise damaged("records and checkpoints do not fit", "oppføringer og kontrollpunkter passer ikke sammen")
    if covered == first - 1:
        before = before or anchor
        fits = before == anchor
    else:
        fits = hashes[covered - first] == anchor
    known = {first - 1: before} | dict(enumerate(hashes, first))
    if not fits:
        raise damaged("records and checkpoints do not fit", "oppføringer og kontrollpunkter passer ikke sammen")
    if head.checkpoints > count or known.get(head.sequence) != head.hash:
        raise damaged("records or checkpoints are missing at its end", "oppføringer mangler på slutten")
    if head.sequence < last:
        mending.notes.append(("records_after_head", str(last - head.sequence)))
    mending.apply()
    return Tail(
        first_of_segment=first,
        sequence=last,
        hash=hashes[-1] if hashes else anchor,
        unsigned=tuple(hashes[covered - first + 1 :]),
        checkpoint=checkpoint,
        turn=head.turn,
        repairs=tuple(mending.notes),
    )


def _last_checkpoint(path: Path, keys: Keyring, mending: _Mending) -> tuple[Signed | None, int]:
    content = path.read_bytes() if path.exists() else b""
    *whole, torn = content.split(b"\n")
    if torn:
        mending.cut("checkpoint", path, len(content) - len(torn), torn)
    if not whole:
        return None, 0
    last = read_checkpoint(keys, whole[-1])
    if last is None or last.checkpoint.number != len(whole):
        raise damaged("its last checkpoint is not valid", "det siste kontrollpunktet er ikke gyldig")
    return last, len(whole)


def _head(path: Path, keys: Keyring, mending: _Mending) -> Head | None:
    if not path.exists():
        return None
    heads = read_heads(keys, path.read_bytes())
    if heads.damaged:
        mending.notes.append(("head_slots_damaged", str(heads.damaged)))
    return heads.newest


def _read_segment(path: Path, first: int, mending: _Mending) -> tuple[str, list[str]]:
    """Return the hash before the first record ("" without records) and the hashes of the records of a file."""
    content = path.read_bytes()
    *whole, torn = content.split(b"\n")
    before, hashes = "", list[str]()
    for sequence, line in enumerate(whole, first):
        try:
            record = unseal(line)
        except BadLineError:
            raise _broken(sequence) from None
        if record.sequence != sequence or (hashes and record.previous != hashes[-1]):
            raise _broken(sequence)
        before = before or record.previous
        hashes.append(record.hash)
    if torn:
        sequence = first + len(whole)
        whole_but_for_its_end = _unseal_next(torn, sequence, hashes[-1] if hashes else None)
        if whole_but_for_its_end is not None:
            previous, own = whole_but_for_its_end
            before = before or previous
            hashes.append(own)
            mending.complete(path, sequence)
        else:
            mending.cut("record", path, len(content) - len(torn), torn)
    return before, hashes


def _unseal_next(torn: bytes, sequence: int, previous: str | None) -> tuple[str, str] | None:
    """Return the links of a last line without end-of-line if it is a whole record, None if a crash tore it.

    Raises:
        InternalError: AUDIT_DAMAGED when it is whole JSON and yet not the next record: no crash does that.
    """
    try:
        record = unseal(torn)
    except BadLineError:
        try:
            json.loads(torn)
        except (ValueError, RecursionError):
            return None
        raise _broken(sequence) from None
    if record.sequence != sequence or (previous is not None and record.previous != previous):
        raise _broken(sequence)
    return record.previous, record.hash


def _broken(sequence: int) -> Exception:
    return damaged(f"record {sequence} is not as it was written", f"oppføring {sequence} er ikke som den ble skrevet")


def _cut(path: Path, size: int) -> None:
    file = GrowingFile(path)
    file.cut(size)
    file.close()


def _complete(path: Path) -> None:
    file = GrowingFile(path)
    file.add(b"\n")
    file.close()
