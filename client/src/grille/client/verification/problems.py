"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that an honest server has not written.

    Attributes:
        kind: Stable UPPER_SNAKE name.
        place: Where, such as "result 3" or "record 17"; empty when it is about the whole file.
        text: What is wrong, a sentence in the user's language.
    """

    kind: str
    place: str
    text: str


@dataclass(slots=True)
class Finding:
    """The outcome of a verification.

    Attributes:
        problems: What is wrong; nothing may be.
        notes: What the signatures do not speak of.
        facts: What was proven, as pairs of a stable key and a value.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def add(self, kind: str, place: str, text: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(kind, place, text))
