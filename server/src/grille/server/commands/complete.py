"""The rows of a data set in which the condition holds and several variables have values."""

from __future__ import annotations

from collections.abc import Iterable

from grille.server.commands.base import Workspace
from grille.server.commands.facts import has_missing, reference, remembered_rows
from grille.server.commands.scope import Variable
from grille.server.engines.base import Frame
from grille.server.plan.expressions import Apply, Expression, ValueType


def complete_rows(workspace: Workspace, frame: Frame, variables: Iterable[Variable], where: Expression | None) -> Frame:
    """Return the rows of `frame` for which `where` is true and none of `variables` is missing."""
    number = ValueType.NUMBER
    conditions: list[Expression] = [] if where is None else [where]
    for variable in sorted(variables, key=lambda one: one.name):
        if has_missing(workspace, frame, variable):
            conditions.append(Apply("not", (Apply("sysmiss", (reference(variable),), number),), number))
    if not conditions:
        return frame
    together = conditions[0] if len(conditions) == 1 else Apply("and", tuple(conditions), number)
    return remembered_rows(workspace, frame, together)


def any_value(variables: Iterable[Variable], where: Expression | None) -> Expression:
    """Return the condition that `where` is true and at least one of `variables` has a value."""
    number = ValueType.NUMBER
    present = [Apply("not", (Apply("sysmiss", (reference(one),), number),), number) for one in variables]
    anywhere = present[0] if len(present) == 1 else Apply("or", tuple(present), number)
    return anywhere if where is None else Apply("and", (where, anywhere), number)
