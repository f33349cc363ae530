"""Groups of equal count: quantile(x, k) becomes a comparison with the k - 1 quantiles of x over its rows."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.percentiles import values_of
from grille.server.plan.expressions import Apply, Constant, Expression
from grille.server.plan.steps import CHOOSE, QUANTILE, branches_of, choose, group_by_cuts


def resolve_quantiles(requests: Requests, frame: Frame, expression: Expression) -> Expression:
    """Return `expression` with quantile() at its top, or as a chosen value, replaced by cuts.

    The cuts are the quantiles 1/k ... (k-1)/k by linear interpolation, over the rows where the condition holds; a value
    equal to a cut is in the lower group, so equal values are never parted.
    """
    if not isinstance(expression, Apply):
        return expression
    if expression.function == QUANTILE:
        return _cut(requests, frame, expression, None)
    if expression.function == CHOOSE:
        branches, otherwise = branches_of(expression)
        resolved = [
            (condition, _cut(requests, frame, one, condition) if _is_quantile(one) else one)
            for condition, one in branches
        ]
        return choose(resolved, otherwise, expression.type)
    return expression


def _is_quantile(expression: Expression) -> TypeGuard[Apply]:
    return isinstance(expression, Apply) and expression.function == QUANTILE


def _cut(requests: Requests, frame: Frame, quantile: Apply, where: Expression | None) -> Expression:
    operand, groups = quantile.arguments
    if not isinstance(groups, Constant) or not isinstance(groups.value, (int, float)):
        raise TypeError("the number of groups is a constant")
    k = int(groups.value)
    values = values_of(requests, frame, operand, where)
    if not len(values):
        return group_by_cuts(operand, ())
    cuts = np.quantile(values, np.arange(1, k) / k)
    return group_by_cuts(operand, tuple(float(cut) for cut in cuts))
