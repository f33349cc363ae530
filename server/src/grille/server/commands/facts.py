"""What commands need to know of a variable before they compute: winsor limits, whether it is 0/1, whether it has gaps.

Stored columns never change, so what was found out once is remembered for the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from grille.server.commands.base import Workspace
from grille.server.commands.scope import Variable
from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.engines.base import Engine, Frame, Rows
from grille.server.plan.aggregates import OrderStatistics
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType, columns_of

LIMIT_PROBABILITIES = (0.01, 0.99)
WINDOW = 5

_ROWS = "rows"
_MOST_ROWS = 8


def reference(variable: Variable) -> ColumnRef:
    """Return the expression that reads a variable."""
    return ColumnRef(variable.name, variable.type)


def clip(operand: Expression, low: float, high: float) -> Expression:
    """Return the winsorised operand; the operand must not be missing, for row functions skip missing values."""
    number = ValueType.NUMBER
    raised = Apply("rowmax", (operand, Constant(low, number)), number)
    return Apply("rowmin", (raised, Constant(high, number)), number)


def winsor_limits(workspace: Workspace, frame: Frame, variable: Variable) -> tuple[float, float, int]:
    """Return the 1st and 99th percentile of a variable over the whole data set, and its number of units."""
    return _remembered_limits(workspace, frame, variable, LIMIT_PROBABILITIES)


def drawn_limits(workspace: Workspace, frame: Frame, variable: Variable) -> tuple[float, float, int]:
    """Return the values between which a variable is drawn, all of it where nothing is protected, and its units."""
    probabilities = LIMIT_PROBABILITIES if workspace.policy.protects else (0.0, 1.0)
    return _remembered_limits(workspace, frame, variable, probabilities)


def smoothing(policy: Policy) -> int:
    """Return the window of percentiles: where nothing is protected they are the usual ones."""
    return WINDOW if policy.protects else 0


def _remembered_limits(
    workspace: Workspace, frame: Frame, variable: Variable, probabilities: tuple[float, float]
) -> tuple[float, float, int]:
    window = smoothing(workspace.policy)
    key = ("winsor_limits", *_place(frame, variable), str(window), *map(str, probabilities))
    found = remembered(workspace, key, lambda: _limits(workspace.engine, frame, variable, probabilities, window))
    return cast("tuple[float, float, int]", found)


def _limits(
    engine: Engine, frame: Frame, variable: Variable, probabilities: tuple[float, float], window: int
) -> tuple[float, float, int]:
    answer = engine.percentiles(frame, OrderStatistics(reference(variable), probabilities, window=window))
    if not len(answer.n) or not answer.n[0]:
        return (float("nan"), float("nan"), 0)
    return (float(answer.values[0, 0]), float(answer.values[0, 1]), int(answer.n[0]))


def has_missing(workspace: Workspace, frame: Frame, variable: Variable) -> bool:
    """Return whether any row of the data set lacks a value of a variable."""
    return bool(
        remembered(
            workspace,
            ("has_missing", *_place(frame, variable)),
            lambda: workspace.engine.any(frame, Apply("sysmiss", (reference(variable),), ValueType.NUMBER)),
        )
    )


def note_missing(workspace: Workspace, frame: Frame, name: str, missing: UnitCount) -> None:
    """Note how many rows lack a value of a variable that was just counted, so that nobody looks again."""
    assert frame.rows is not None
    workspace.memo["has_missing", frame.rows.present, frame.columns[name].identity] = missing.n > 0


def remembered_rows(workspace: Workspace, frame: Frame, condition: Expression) -> Frame:
    """Return the rows of `frame` for which the condition is true, found once as long as its variables stay the same."""
    assert frame.rows is not None
    tables = [f"{name}={frame.columns[name].identity}" for name in sorted(columns_of(condition))]
    key = (_ROWS, frame.rows.present, repr(condition), *tables)
    if key not in workspace.memo:
        older = [one for one in workspace.memo if one[0] == _ROWS]
        for one in older[: len(older) + 1 - _MOST_ROWS]:
            del workspace.memo[one]
        workspace.memo[key] = workspace.engine.filter(frame, condition, passing=True).rows
    return Frame(cast(Rows, workspace.memo[key]), frame.columns)


def remembered_frames(memo: Mapping[tuple[str, ...], object]) -> tuple[Frame, ...]:
    """Return what is remembered of rows, so that the engine keeps their tables."""
    return tuple(Frame(cast(Rows, rows), {}) for key, rows in memo.items() if key[0] == _ROWS)


def _place(frame: Frame, variable: Variable) -> tuple[str, str]:
    """Return what names the values of a variable in a data set for ever: the stored tables of its rows and column."""
    assert frame.rows is not None
    return frame.rows.present, frame.columns[variable.name].identity


def remembered(workspace: Workspace, key: tuple[str, ...], find: Callable[[], object]) -> object:
    """Return what `find` found about stored tables, now or earlier; `key` names the tables."""
    if key not in workspace.memo:
        workspace.memo[key] = find()
    return workspace.memo[key]


def is_binary(workspace: Workspace, frame: Frame, variable: Variable) -> bool:
    """Return whether every value of a variable over the whole data set is 0 or 1."""
    return bool(
        remembered(workspace, ("is_binary", *_place(frame, variable)), lambda: _binary(workspace, frame, variable))
    )


def _binary(workspace: Workspace, frame: Frame, variable: Variable) -> bool:
    number = ValueType.NUMBER
    either = Apply("inlist", (reference(variable), Constant(0, number), Constant(1, number)), number)
    missing = Apply("sysmiss", (reference(variable),), number)
    return not workspace.engine.any(frame, Apply("not", (Apply("or", (either, missing), number),), number))
