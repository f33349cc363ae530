"""The municipalities of 2020 to 2023: code, name and number of inhabitants (rounded)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality; the first two digits of the code are its county."""

    code: str
    name: str
    inhabitants: int

    @property
    def county(self) -> str:
        """Two-digit county code."""
        return self.code[:2]


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Return the 356 municipalities by code."""
    text = resources.files("grille.server.catalog.synthetic").joinpath("data/municipalities.csv").read_text("utf-8")
    return tuple(
        Municipality(row["code"], row["name"], int(row["inhabitants"])) for row in csv.DictReader(text.splitlines())
    )


@cache
def counties() -> tuple[str, ...]:
    """Return the eleven county codes, ascending."""
    return tuple(sorted({place.county for place in municipalities()}))
