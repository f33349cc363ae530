"""Rule: a condition does not single out units."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy


def condition_is_wide(selected: int, left: int, policy: Policy) -> bool:
    """Say whether a condition selects and leaves none or many units.

    Risk: a condition that holds for one unit makes a variable or a data set that isolates it.
    Rule: the units selected, and those left, are 0 or >= condition_min.
    Numbers: standard 10.
    Source: ESSnet/DwB guidelines for output checking: 10 units.
    """
    return all(side == 0 or side >= policy.condition_min for side in (selected, left))
