"""Rule: no unit steers a model."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy


def nobody_is_isolated(leverage: tuple[float, float], policy: Policy) -> bool:
    """Say whether the leverages of the final design are small.

    Risk: a regressor such as 1/(|x - x0| + e), or two nested dummies that differ in one unit, makes the fit pass
    through that unit's outcome: its leverage comes near 1.
    Rule: the largest leverage <= leverage_one_max, the three largest together <= leverage_three_max.
    Numbers: standard 0.2 and 0.5.
    Source: Bleninger, Drechsler and Ronning (2011), Remote data access and the risk of disclosure from linear
    regression: artificial outliers and strategic dummies.

    Args:
        leverage: Of one unit, and of three together; NaN counts as too large.
        policy: Numbers.
    """
    one, three = leverage
    return one <= policy.leverage_one_max and three <= policy.leverage_three_max


def nobody_steers_a_test(leverage: float, policy: Policy) -> bool:
    """Say whether no unit alone steers a design whose coefficients are not shown, only one test of them.

    Risk: powers of the fitted values isolate the unit with the most extreme one, though the design does not; the test
    then tells how far that unit is off.
    Rule: the largest leverage <= leverage_three_max, that of three units in a design that is shown.
    Numbers: standard 0.5.
    Source: as nobody_is_isolated; one number of a design tells less than its coefficients.

    Args:
        leverage: Of one unit; NaN counts as too large.
        policy: Numbers.
    """
    return leverage <= policy.leverage_three_max
