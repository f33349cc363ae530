"""Rule: a condition does not single out units, nor tell whether any are there."""

from __future__ import annotations

from enum import StrEnum

from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.noise import BOUND, noised
from grille.server.disclosure.policy import Policy


class Effect(StrEnum):
    """What a condition does."""

    AS_WRITTEN = "as_written"
    NOBODY = "nobody"  # counts as holding for no unit
    EVERYBODY = "everybody"  # counts as holding for every unit


def condition_effect(selected: UnitCount, left: UnitCount, policy: Policy) -> Effect:
    """Say whether a condition does what it says, or counts as holding for nobody or for everybody.

    Risk: a condition that holds for one unit makes a variable or a data set that isolates it; and were it refused for
    few units but not for none, the reply alone would tell whether a person with a certain property exists.
    Rule: few units are treated as none. A condition that selects few counts as selecting nobody, one that leaves few as
    selecting everybody, and the reply and the data are the same as if there really were none. Few is a noised number
    below condition_min + 5, so that a condition never acts on fewer than condition_min units, always does on
    condition_min + 10, and the step between is blurred by noise that is fixed for the set of units.
    Numbers: standard 10.
    Source: ESSnet/DwB guidelines for output checking: 10 units; Kenthapadi, Mishra and Nissim (2005), Simulatable
    auditing, for why refusals must not depend on the data.
    """
    if not policy.protects:
        return Effect.AS_WRITTEN
    if is_few(selected, policy.condition_min):
        return Effect.NOBODY
    return Effect.EVERYBODY if is_few(left, policy.condition_min) else Effect.AS_WRITTEN


def is_few(count: UnitCount, least: int) -> bool:
    """Say whether units are so few, or none, that they count as none; never false for fewer than `least`."""
    return noised(count.n, count.key) < least + BOUND
