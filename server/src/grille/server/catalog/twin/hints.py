"""What the documentation of a variable without a code list tells about its values; all else is generic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from grille.server.catalog.model import RegisterVariable
from grille.server.text import Text

Shape = Literal["year_month", "birth_month", "year", "money", "percent", "count", "age", "hours", "generic"]

_WORDS: tuple[tuple[Shape, str], ...] = (
    ("year_month", r"yyyymm|åååå-?mm|year and month|år og måned|aar_?mnd|_ym\b"),
    ("percent", r"per ?cent|prosent|percentage|%"),
    ("money", r"\bnok\b|kroner|\bkr\b|\bwages?\b|\bincome|\blønn|inntekt|\bamount|beløp|formue|wealth|\beur\b|\busd\b"),
    ("age", r"\bage (?:of|at|in)\b|\bage\b|\balder\b"),
    ("hours", r"\bhours\b|\btimer\b|timetall"),
    ("count", r"number of|antall|\bcount\b"),
    ("year", r"\byyyy\b|\båååå\b|year of|årstall|_aar\b|_year\b|\byear\b"),
)
_BIRTH = re.compile(r"birth|born|født|foed|fodt|fødsel")
_DIGITS = re.compile(
    r"(\d+|one|two|three|four|five|six|seven|eight|nine|en|to|tre|fire|fem|seks|sju|åtte|ni)[- ]?(?:digit|siff)"
)
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (("one", "en"), ("two", "to"), ("three", "tre"), ("four", "fire"), ("five", "fem"), ("six", "seks"),
         ("seven", "sju"), ("eight", "åtte"), ("nine", "ni")), start=1,
    )
    for word in words
}  # fmt: skip
_MOST_DIGITS = 12


_RANGE = re.compile(r"(?<![\w.,-])(-?\d{1,12}(?:\.\d+)?)\s*(?:to|til|-|–|—|\.\.)\s*(-?\d{1,12}(?:\.\d+)?)(?![\w-])")


@dataclass(frozen=True, slots=True)
class Hint:
    """What values look like.

    Attributes:
        shape: Shape of numbers.
        digits: Number of digits of codes that are not listed.
        range: Least and largest number, where the documentation of the values tells them.
    """

    shape: Shape
    digits: int
    range: tuple[float, float] | None = None


def hint_of(variable: RegisterVariable) -> Hint:
    """Return what name, title and description of a variable tell."""
    told = variable.documentation
    texts = [variable.title, variable.description, told.values, told.unit_of_measure]
    words = " ".join(f"{text.en} {text.no}" for text in texts if text is not None).casefold()
    name = variable.name.casefold()
    everything = f"{name} {words}"
    shape: Shape = next((shape for shape, pattern in _WORDS if re.search(pattern, everything)), "generic")
    if shape == "year_month" and _BIRTH.search(everything):
        shape = "birth_month"
    return Hint(shape, _digits(words), _range(told.values))


def _range(values: Text | None) -> tuple[float, float] | None:
    """Return the range in the documentation of the values, such as "0 to 100"; not in texts that speak of much else."""
    found = _RANGE.search(values.en) or _RANGE.search(values.no) if values is not None else None
    if found is None:
        return None
    low, high = float(found[1]), float(found[2])
    return (low, high) if low < high else None


def _digits(words: str) -> int:
    found = _DIGITS.search(words)
    if found is None:
        return 6
    number = int(found[1]) if found[1].isdigit() else _NUMBERS[found[1]]
    return max(1, min(number, _MOST_DIGITS))
