"""Requests with their expressions folded: what needs one table of codes alone is computed per code, not per row."""

from __future__ import annotations

from dataclasses import replace

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.dictionaries import Dictionaries
from grille.server.plan.aggregates import Aggregation, BatchRequest, OrderStatistics
from grille.server.plan.expressions import Constant, Expression, ValueType

_NOTHING = Constant(None, ValueType.NUMBER)


class Folding:
    """Folds the expressions of requests; frames are opened ones."""

    def __init__(self, dictionaries: Dictionaries) -> None:
        """Compute with `dictionaries`."""
        self._dictionaries = dictionaries

    def aggregation(self, frame: Frame, request: Aggregation) -> tuple[Frame, Aggregation]:
        """Fold groups, operands and conditions."""
        groups = [one for _, one in request.by]
        operands = [measure.operand or _NOTHING for measure in request.measures]
        frame, folded = self._dictionaries.folded(frame, *groups, *operands, *request.complete, *_given(request.where))
        rest = iter(folded)
        by = tuple((name, next(rest)) for name, _ in request.by)
        measures = tuple(
            replace(one, operand=operand) if one.operand is not None else one
            for one, operand in ((one, next(rest)) for one in request.measures)
        )
        complete = tuple(next(rest) for _ in request.complete)
        return frame, Aggregation(by, measures, next(rest, None), complete)

    def order_statistics(self, frame: Frame, request: OrderStatistics) -> tuple[Frame, OrderStatistics]:
        """Fold the operand, groups and conditions."""
        groups = [one for _, one in request.by]
        frame, folded = self._dictionaries.folded(
            frame, request.operand, *groups, *request.complete, *_given(request.where)
        )
        rest = iter(folded)
        operand = next(rest)
        by = tuple((name, next(rest)) for name, _ in request.by)
        complete = tuple(next(rest) for _ in request.complete)
        return frame, replace(request, operand=operand, by=by, where=next(rest, None), complete=complete)

    def batch_request(self, frame: Frame, request: BatchRequest) -> tuple[Frame, BatchRequest]:
        """Fold numbers, factors and the condition."""
        numbers, factors = ([one for _, one in part] for part in (request.numbers, request.factors))
        frame, folded = self._dictionaries.folded(frame, *numbers, *factors, *_given(request.where))
        rest = iter(folded)
        new_numbers = tuple((name, next(rest)) for name, _ in request.numbers)
        new_factors = tuple((name, next(rest)) for name, _ in request.factors)
        return frame, replace(request, numbers=new_numbers, factors=new_factors, where=next(rest, None))


def _given(where: Expression | None) -> tuple[Expression, ...]:
    return () if where is None else (where,)
