"""Walks over the records of a log and notes what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grille.server.audit.chain import GENESIS, BadLineError, Line, unseal
from grille.server.audit.checkpoint import Signed, read_checkpoint
from grille.server.audit.coverage import Coverage
from grille.server.audit.files import Files, read_lines
from grille.server.audit.keyring import Keyring
from grille.server.audit.record import Event
from grille.server.audit.report import Problems


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk found besides problems.

    Attributes:
        records: Number of valid records.
        last_sequence: Number of the last valid one.
        last_hash: Its hash, or GENESIS.
        first_time: Time of the first one.
        last_time: Time of the last one.
        recoveries: Numbers of the records that tell of a mended end.
        noted: Hashes of the records that were asked for, by number.
        torn_bytes: Length of an incomplete last line.
    """

    records: int
    last_sequence: int
    last_hash: str
    first_time: str
    last_time: str
    recoveries: tuple[int, ...]
    noted: dict[int, str]
    torn_bytes: int


class _Walk:
    def __init__(self, coverage: Coverage, problems: Problems, wanted: Sequence[int]) -> None:
        self._coverage = coverage
        self._problems = problems
        self._wanted = frozenset(wanted)
        self._noted = {0: GENESIS} if 0 in self._wanted else {}
        self._expected = 1
        self._previous: str | None = GENESIS  # None: the line before is damaged, so its hash is unknown
        self._named: int | None = None
        self._torn = 0
        self._records = 0
        self._last = (0, GENESIS)
        self._times = ("", "")
        self._recoveries: list[int] = []

    def enter(self, named: int) -> None:
        """Begin a file that is named after its first record."""
        if self._torn:
            self._add("RECORD_CHANGED", self._expected, "is incomplete", "er ufullstendig")
            self._torn, self._previous = 0, None
            self._expected += 1
        self._named = named

    def read(self, line: bytes, *, is_whole: bool) -> None:
        """Take the next line."""
        if not is_whole:
            self._torn = len(line)
            return
        try:
            record = unseal(line)
        except BadLineError:
            self._add("RECORD_CHANGED", self._expected, "was changed", "er endret")
            self._previous, self._named = None, None
            self._expected += 1
            return
        self._place(record)
        self._coverage.record(record.sequence, record.hash)
        self._records += 1
        self._last = (record.sequence, record.hash)
        moment = str(record.fields.get("time", ""))
        self._times = (self._times[0] or moment, moment)
        if record.fields.get("event") == Event.LOG_RECOVERED:
            self._recoveries.append(record.sequence)
        if record.sequence in self._wanted:
            self._noted[record.sequence] = record.hash
        self._expected, self._previous = record.sequence + 1, record.hash

    def _place(self, record: Line) -> None:
        """Judge whether a valid record stands where it belongs."""
        sequence = record.sequence
        if self._named not in (None, sequence):
            self._add("FILE_MISNAMED", sequence, "stands at the head of another file", "står først i feil fil")
        self._named = None
        if sequence > self._expected:
            missing = f"{self._expected}-{sequence - 1}"
            self._problems.add(
                "RECORDS_MISSING",
                self._expected,
                f"records {missing} are missing",
                f"oppføringene {missing} mangler",
            )
        elif sequence < self._expected:
            self._add("RECORD_OUT_OF_PLACE", sequence, "is repeated or out of place", "er gjentatt eller på feil plass")
        elif self._previous not in (None, record.previous):
            self._add("CHAIN_BROKEN", sequence, "does not follow the one before", "følger ikke den forrige")

    def end(self) -> Walked:
        """Return what was found."""
        first, last = self._times
        return Walked(self._records, *self._last, first, last, tuple(self._recoveries), self._noted, self._torn)

    def _add(self, kind: str, sequence: int, en: str, no: str) -> None:
        self._problems.add(kind, sequence, f"record {sequence} {en}", f"oppføring {sequence} {no}")


def walk_records(files: Files, checkpoints: Sequence[Signed], problems: Problems, wanted: Sequence[int]) -> Walked:
    """Read all records, compare them with each other and with the checkpoints, and return what was found.

    Args:
        files: The log.
        checkpoints: Valid checkpoints, ascending.
        problems: Takes what is wrong.
        wanted: Numbers of the records whose hashes are asked for; number 0 is the beginning.
    """
    coverage = Coverage(checkpoints, problems)
    walk = _Walk(coverage, problems, wanted)
    for named, path in files.segments():
        walk.enter(named)
        for line, is_whole in read_lines(path):
            walk.read(line, is_whole=is_whole)
    coverage.finish()
    return walk.end()


def walk_checkpoints(files: Files, keys: Keyring, problems: Problems) -> list[Signed]:
    """Read all checkpoints and return those that are canonical and signed; each must name the one before."""
    found: list[Signed] = []
    number, before = 0, GENESIS
    for line, is_whole in read_lines(files.checkpoints) if files.checkpoints.exists() else ():
        if not is_whole:
            break  # torn by a crash; if it was whole once, the head tells
        number += 1
        signed = read_checkpoint(keys, line)
        if signed is None:
            name = f"checkpoint {number}", f"kontrollpunkt {number}"
            problems.add("CHECKPOINT_INVALID", None, f"{name[0]} is not signed by this key", f"{name[1]} er ugyldig")
            before = ""
            continue
        if signed.checkpoint.number != number or before not in ("", signed.checkpoint.previous):
            name = f"checkpoint {signed.checkpoint.number}", f"kontrollpunkt {signed.checkpoint.number}"
            problems.add(
                "CHECKPOINT_ORDER",
                signed.checkpoint.first,
                f"{name[0]} does not follow the one before",
                f"{name[1]} følger ikke det forrige",
            )
        number, before = signed.checkpoint.number, signed.digest
        found.append(signed)
    return found
