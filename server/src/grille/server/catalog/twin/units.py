"""The units of a twin: how many there are of each type, and the hidden traits from which values are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.catalog.model import RegisterVariable

PLACES = 400
_KNOWN = {"KOMMUNE": 356, "FYLKE": 15, "LAND": 200}
_PER_UNIT = {"JOBB": 1.2, "VIRKSOMHET": 0.1, "FORETAK": 0.08, "BEDRIFT": 0.1}
_MAIN = "PERSON"


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a type.

    Attributes:
        count: How many; their numbers are 0 to count - 1.
        place: int64 (count,): the place that a unit belongs to, 0 to PLACES - 1.
        trait: float64 (count,): a trait of the unit itself, standard normal.
        climate: float64 (count,): a trait of its place, standard normal over places.
    """

    count: int
    place: NDArray[np.int64]
    trait: NDArray[np.float64]
    climate: NDArray[np.float64]


def sizes(variables: Iterable[RegisterVariable], units: int) -> Mapping[str, int]:
    """Return the number of units of every type that has variables or is pointed to.

    Args:
        variables: Of the bank.
        units: Number of persons, or of the type with most variables where there are no persons.
    """
    own: dict[str, int] = {}
    pointed: set[str] = set()
    for one in variables:
        own[one.unit_type] = own.get(one.unit_type, 0) + 1
        if one.value_unit_type is not None:
            pointed.add(one.value_unit_type)
    main = _MAIN if _MAIN in own else max(sorted(own), key=lambda name: own[name], default=_MAIN)
    made = {}
    for name in sorted({*own, *pointed}):
        share = 1.0 if name == main else _PER_UNIT.get(name, 0.5)
        made[name] = _KNOWN.get(name, max(1, round(units * share)))
    return made


def draw_units(count: int, random: np.random.Generator) -> Units:
    """Return `count` invented units."""
    climates = random.standard_normal(PLACES)
    # places are of unequal size, as real ones are
    weights = random.gamma(1.5, size=PLACES)
    place = random.choice(PLACES, size=count, p=weights / weights.sum())
    return Units(count, place.astype(np.int64), random.standard_normal(count), climates[place])
