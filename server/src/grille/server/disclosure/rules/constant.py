"""Rule: the constant term is not the mean of few units."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy

TERM = "_cons"
"""Label of the constant's row in a table of coefficients."""


def constant_is_shown(smallest_combination: int | None, policy: Policy) -> bool:
    """Say whether the constant term of a model is shown.

    Risk: with categorical regressors the constant, with the coefficients, gives the mean of every combination.
    Rule: the smallest non-empty combination of the categorical regressors has >= constant_min units; None means that
    there are no such regressors.
    Numbers: standard 5.
    Source: microdata.no, measures for disclosure control: regression.
    """
    return smallest_combination is None or smallest_combination >= policy.constant_min
