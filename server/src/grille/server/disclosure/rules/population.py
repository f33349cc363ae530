"""Rule: a data set is large."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy


def population_is_large(units: int, policy: Policy) -> bool:
    """Say whether a data set has enough units.

    Risk: a data set built around a few persons makes every statistic about them.
    Rule: units >= population_min, after the first import and after keep, drop, sample and merge.
    Numbers: standard 1 000.
    Source: microdata.no, measures for disclosure control: minimum population.
    """
    return units >= policy.population_min
