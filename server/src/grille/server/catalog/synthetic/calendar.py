"""Days and years of the synthetic register."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from grille.server.errors import TypeMismatchError
from grille.server.text import Text

_EPOCH = datetime.date(1970, 1, 1)

REGISTER_START = datetime.date(1991, 12, 31)
"""First day on which residence is known."""

HORIZON = datetime.date(2024, 12, 31)
"""Last day of the invented lives."""


def days(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date."""
    return (datetime.date(year, month, day) - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Years:
    """Years of the yearly variables, both included.

    Attributes:
        first: First year, 2005 to 2023.
        last: Last year, 2015 to 2024.
    """

    first: int = 2015
    last: int = 2024

    def __post_init__(self) -> None:
        """Refuse years without invented lives: TypeMismatchError BAD_REGISTER_YEARS."""
        if not (2005 <= self.first <= 2023 and 2015 <= self.last <= 2024 and self.first <= self.last):
            raise TypeMismatchError(
                "BAD_REGISTER_YEARS",
                Text(
                    "A synthetic register begins in 2005 to 2023 and ends in 2015 to 2024.",
                    "Et syntetisk register begynner i 2005 til 2023 og slutter i 2015 til 2024.",
                ),
            )

    def within(self, first: int, last: int) -> range:
        """Return the years of this range that lie between `first` and `last`, both included."""
        return range(max(self.first, first), min(self.last, last) + 1)
