"""Rule: a data set is large."""

from __future__ import annotations

from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.condition import is_few


def population_is_large(units: UnitCount, policy: Policy) -> bool:
    """Say whether a data set has enough units.

    Risk: a data set built around a few persons makes every statistic about them; and a sharp limit tells whether one
    unit more belongs to a set of known size.
    Rule: a noised number of units >= population_min + 5, so never fewer than population_min units, after the first
    import and after keep, drop, sample and merge.
    Numbers: standard 1 000.
    Source: microdata.no, measures for disclosure control: minimum population.
    """
    return not is_few(units, policy.population_min)
