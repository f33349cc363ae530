"""Shares that the invented lives are drawn from: ages, ages at death, mothers' ages. Close to Norway, not equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from grille.server.catalog.synthetic.draws import add_distribution, buckets

_BUCKETS = 8192

_LIVING = (270, 305, 330, 330, 335, 360, 395, 380, 365, 350, 380, 375, 335, 300, 270, 235, 140, 75, 33, 9, 1.1)
"""Thousands of residents by five-year age group, 0-4 to 100-104."""

_DEATHS = (4, 1, 1, 2, 4, 5, 6, 8, 11, 16, 26, 40, 60, 88, 125, 165, 200, 205, 130, 45, 8)
"""Deaths per thousand deaths by five-year age group."""

_MOTHERS: Mapping[int, float] = {
    19: 1, 20: 2, 21: 3, 22: 4, 23: 5.5, 24: 7, 25: 8.5, 26: 9.5, 27: 10.5, 28: 11, 29: 11, 30: 10.5, 31: 9.5, 32: 8,
    33: 7, 34: 6, 35: 5, 36: 4, 37: 3, 38: 2.2, 39: 1.5, 40: 1, 41: 0.6, 42: 0.4, 43: 0.2,
}  # fmt: skip
"""Weight by the mother's age at a birth, in years."""


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the distributions living_age, death_age and mother_age."""
    add_distribution(connection, "living_age", buckets(_by_year(_LIVING) | {105: 0.05}, _BUCKETS))
    add_distribution(connection, "death_age", buckets(_by_year(_DEATHS), _BUCKETS))
    add_distribution(connection, "mother_age", buckets(_MOTHERS, _BUCKETS))


def _by_year(groups: Sequence[float]) -> dict[int, float]:
    """Spread five-year groups over single years, sloping towards the neighbouring groups."""
    weights: dict[int, float] = {}
    for group, size in enumerate(groups):
        before = groups[group - 1] if group else size
        after = groups[group + 1] if group + 1 < len(groups) else size / 4
        slope = (after - before) / 50
        for year in range(5):
            weights[5 * group + year] = max(size / 5 + slope * (year - 2), size / 40)
    return weights
