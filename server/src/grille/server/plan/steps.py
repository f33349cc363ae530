"""Steps of prepared columns that the language has no function for; they stand only at the top of an expression.

Values of `choose` may be steps again; everything else inside is an ordinary expression.
"""

from __future__ import annotations

from collections.abc import Sequence

from grille.server.plan.expressions import Apply, Constant, Expression, ValueType

CHOOSE = "choose"
NUMBER_FROM_TEXT = "number_from_text"
QUANTILE = "quantile"
GROUP_BY_CUTS = "group_by_cuts"


def missing(kind: ValueType) -> Constant:
    """Return the missing value of a type."""
    return Constant(None, kind)


def choose(branches: Sequence[tuple[Expression, Expression]], otherwise: Expression, kind: ValueType) -> Apply:
    """Return the value of the first branch whose condition is true, else `otherwise`.

    Args:
        branches: Pairs of condition and value, in order; flat, so that a long list does not nest.
        otherwise: What to take where no condition is true, also where all are missing.
        kind: Type of the values; any of them may be the missing value.
    """
    flat = tuple(part for branch in branches for part in branch)
    return Apply(CHOOSE, (*flat, otherwise), kind)


def branches_of(chosen: Apply) -> tuple[tuple[tuple[Expression, Expression], ...], Expression]:
    """Return the branches and the last value of what `choose` made."""
    *flat, otherwise = chosen.arguments
    return tuple(zip(flat[::2], flat[1::2], strict=True)), otherwise


def negated(condition: Expression) -> Apply:
    """Return 1 where `condition` is not true, also where it is missing, and 0 where it is."""
    no, yes = Constant(0, ValueType.NUMBER), Constant(1, ValueType.NUMBER)
    return choose([(condition, no)], yes, ValueType.NUMBER)


def number_from_text(text: Expression, ignored: str, decimal_comma: bool) -> Apply:
    """Return the number that `text` reads as, missing when it reads as none.

    Args:
        text: Text; blanks around it do not count.
        ignored: Characters to leave out before reading.
        decimal_comma: Whether the decimal sign is a comma.
    """
    return Apply(
        NUMBER_FROM_TEXT,
        (text, Constant(ignored, ValueType.STRING), Constant(int(decimal_comma), ValueType.NUMBER)),
        ValueType.NUMBER,
    )


def group_by_cuts(operand: Expression, cuts: tuple[float, ...]) -> Apply:
    """Return how many of the ascending `cuts` lie below `operand`; missing for a missing operand."""
    return Apply(GROUP_BY_CUTS, (operand, *(Constant(cut, ValueType.NUMBER) for cut in cuts)), ValueType.NUMBER)
