"""Numbers as a statistician writes them: digits grouped, decimals aligned, no digit that the server did not give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from grille.client.words import Words, pick

MOST_DIGITS = 5
LARGEST_PLAIN = 1e12
SMALLEST_PLAIN = 1e-5


@dataclass(frozen=True, slots=True)
class Notation:
    """How a language writes numbers: the sign before decimals and the one between thousands."""

    point: str
    group: str


def notation_of(words: Words) -> Notation:
    """Return the notation of a language; Norwegian groups with a space that does not break (ISO 80000, Språkrådet)."""
    return Notation(point=pick(words, ".", ","), group=pick(words, ",", "\u00a0"))


def count(value: float, notation: Notation) -> str:
    """Return a whole number with its digits grouped."""
    return f"{round(value):,}".replace(",", notation.group).replace("-", "−")


def percent(value: float, notation: Notation) -> str:
    """Return a percentage with one decimal."""
    return fixed(value, 1, notation)


def p_value(value: float, notation: Notation) -> str:
    """Return a p-value with three decimals, "<0.001" at that floor, where servers stop."""
    return f"<{fixed(0.001, 3, notation)}" if value <= 0.001 else fixed(value, 3, notation)


def fixed(value: float, decimals: int, notation: Notation) -> str:
    """Return a number with the given number of decimals, rounded half to even on its decimal digits."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals))
    text = f"{abs(rounded):,f}".replace(",", "\0").replace(".", notation.point).replace("\0", notation.group)
    return f"−{text}" if rounded < 0 else text


def plain(value: float, notation: Notation) -> str:
    """Return a number with the digits it has and no more."""
    if not math.isfinite(value):
        return "–"
    if value != 0 and not SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN:
        mantissa, exponent = f"{value:.{MOST_DIGITS - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent):+03d}".replace(".", notation.point).replace("-", "−")
    return fixed(value, _decimals(value), notation)


def aligned(values: list[float | int | None], notation: Notation) -> list[str]:
    """Return a column of numbers whose decimal signs stand under one another when the texts are set flush right.

    Trailing zeros are shown where the digits are known: up to the decimals and the significant digits that the
    column's most precise number has, and never more than the server rounds to. Whole numbers given as int stay whole.

    Args:
        values: The numbers; None leaves an empty text.
        notation: How to write them.
    """
    plains = [v for v in values if isinstance(v, float) and _is_plain(v)]
    most_decimals = max((_decimals(v) for v in plains), default=0)
    most_digits = min(MOST_DIGITS, max((_digits(v) for v in plains), default=0))
    texts = [_padded(v, most_decimals, most_digits, notation) for v in values]
    tails = [len(text) - text.find(notation.point) if notation.point in text else 0 for text in texts]
    longest = max(tails, default=0)
    return [text + " " * (longest - tail) if text else "" for text, tail in zip(texts, tails, strict=True)]


def _padded(value: float | int | None, decimals: int, digits: int, notation: Notation) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return count(value, notation)
    if not _is_plain(value):
        return plain(value, notation)
    before_point = math.floor(math.log10(abs(value))) + 1 if value else 1
    return fixed(value, max(_decimals(value), min(decimals, digits - before_point)), notation)


def _is_plain(value: float) -> bool:
    return value == 0 or (math.isfinite(value) and SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN)


def _decimals(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _digits(value: float) -> int:
    return len(Decimal(repr(value)).normalize().as_tuple().digits)
