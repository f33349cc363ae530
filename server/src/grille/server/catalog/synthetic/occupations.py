"""Occupations: STYRK-08 codes with their shares, and who works in which major group."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

MAJOR_GROUPS = "0123456789"

CLASSES = ("low", "middle", "bachelor", "master")
"""Education classes; persons of unknown education work as the class middle."""

_MAJOR_SHARES: tuple[tuple[float, ...], ...] = (
    (0.005, 0.030, 0.020, 0.070, 0.080, 0.330, 0.030, 0.140, 0.120, 0.175),
    (0.008, 0.070, 0.050, 0.140, 0.100, 0.280, 0.020, 0.170, 0.100, 0.062),
    (0.006, 0.110, 0.500, 0.190, 0.050, 0.080, 0.005, 0.025, 0.014, 0.020),
    (0.002, 0.150, 0.680, 0.100, 0.020, 0.025, 0.002, 0.008, 0.005, 0.008),
)
"""Share of each major group by class, men and women together."""

_MEN_MORE = (0.0, 0.0, 0.0, 0.0, -0.02, -0.11, 0.0, 0.08, 0.05, 0.0)
"""What men's shares have more than the mean of both; women have as much less."""

_MEN_SCALE = (1.0, 1.0, 0.12, 0.05)
"""Size of that difference by class."""


@dataclass(frozen=True, slots=True)
class Occupation:
    """A STYRK-08 code with its weights among men and women of its major group."""

    code: str
    name: str
    men: float
    women: float


@cache
def occupations() -> tuple[Occupation, ...]:
    """Return the occupations of the synthetic register by code."""
    text = resources.files("grille.server.catalog.synthetic").joinpath("data/occupations.csv").read_text("utf-8")
    rows = [
        Occupation(row["code"], row["name"], float(row["men"]), float(row["women"]))
        for row in csv.DictReader(text.splitlines())
    ]
    return tuple(sorted(rows, key=lambda row: row.code))


def major_shares(education_class: int, *, man: bool) -> tuple[float, ...]:
    """Return the share of each major group 0 to 9 among employed persons of a class (0 to 3) and sex."""
    sign = _MEN_SCALE[education_class] * (1 if man else -1)
    return tuple(share + sign * more for share, more in zip(_MAJOR_SHARES[education_class], _MEN_MORE, strict=True))


def detailed_shares(major: str, *, man: bool) -> Mapping[str, float]:
    """Return the share of each code among employed persons of a major group and sex."""
    weights = {row.code: row.men if man else row.women for row in occupations() if row.code[0] == major}
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()}
