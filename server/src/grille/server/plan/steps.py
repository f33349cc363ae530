"""Steps of prepared columns that the language has no function for; they stand only at the top of an expression.

`choose` branches may nest in its last argument; everything else inside is an ordinary expression.
"""

from __future__ import annotations

from grille.server.plan.expressions import Apply, Constant, Expression, ValueType

CHOOSE = "choose"
NUMBER_FROM_TEXT = "number_from_text"
QUANTILE = "quantile"
GROUP_BY_CUTS = "group_by_cuts"


def missing(kind: ValueType) -> Constant:
    """Return the missing value of a type."""
    return Constant(None, kind)


def choose(condition: Expression, value: Expression, otherwise: Expression) -> Apply:
    """Return `value` where `condition` is true and `otherwise` elsewhere, also where the condition is missing.

    Args:
        condition: Any condition.
        value: What to take where it holds.
        otherwise: What to take elsewhere; of the same type, or the missing value.
    """
    kind = otherwise.type if isinstance(value, Constant) and value.value is None else value.type
    return Apply(CHOOSE, (condition, value, otherwise), kind)


def negated(condition: Expression) -> Apply:
    """Return 1 where `condition` is not true, also where it is missing, and 0 where it is."""
    return choose(condition, Constant(0, ValueType.NUMBER), Constant(1, ValueType.NUMBER))


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
