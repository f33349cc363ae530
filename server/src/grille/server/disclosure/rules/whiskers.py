"""Rule: the whiskers of a box plot are percentiles."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy

_PROBABILITIES = (0.01, 0.05, 0.1)


def whisker_probability(n: int, policy: Policy) -> float | None:
    """Return the probability of the lower whisker; the upper one is its mirror image. None: no whiskers.

    Risk: whiskers at extremes, and dots for outliers, show single units.
    Rule: the outermost of the 1st, 5th and 10th percentile that has tail_min units beyond it; no dots.
    Numbers: standard: 1st from 1 000 units, 5th from 200, 10th from 100.
    Source: microdata.no, measures for disclosure control: box plots.

    Args:
        n: Noised units of the box.
        policy: Numbers; with the profile open always the outermost.
    """
    for probability in _PROBABILITIES:
        if not policy.protects or n * probability >= policy.tail_min - 1e-6:
            return probability
    return None
