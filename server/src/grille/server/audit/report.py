"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass

from grille.server.text import Text

_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that an honest server and its crashes cannot have left.

    Attributes:
        kind: Stable UPPER_SNAKE name.
        sequence: Number of the record in question, or None when it is about no single one.
        text: What is wrong, a clause.
    """

    kind: str
    sequence: int | None
    text: Text


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification.

    Attributes:
        records: Number of valid records.
        checkpoints: Number of valid checkpoints.
        last_sequence: Number of the last valid record; 0 when there is none.
        last_hash: Its hash; together with the number, the anchor of a later verification.
        first_time: Time of the first record, or "".
        last_time: Time of the last record, or "".
        recoveries: Numbers of the records that tell of a mended end after a crash.
        problems: What is wrong, in the order of the log; at most the first 1 000.
        problem_count: How many problems there are.
        timestamps: Number of valid time stamps of trusted authorities.
        last_timestamp: Time of the last one, or "".
        torn_bytes: Length of an incomplete last line, which a crash may have left; a restart cuts it off.
    """

    records: int
    checkpoints: int
    last_sequence: int
    last_hash: str
    first_time: str
    last_time: str
    recoveries: tuple[int, ...]
    problems: tuple[Problem, ...]
    problem_count: int
    torn_bytes: int
    timestamps: int = 0
    last_timestamp: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem_count == 0


class Problems:
    """Collects problems."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(self, kind: str, sequence: int | None, en: str, no: str) -> None:
        """Add a problem; `en` and `no` are clauses."""
        self.count += 1
        if len(self.kept) < _KEPT:
            self.kept.append(Problem(kind, sequence, Text(en, no)))
