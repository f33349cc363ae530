"""Settles the parts of conditions that single out few units, before a command computes with them.

A whole condition that holds for few units counts as holding for none (disclosure.rules.condition). That must be so for
its parts too: `county == '03' | T` and `county == '03'` are both wide and differ in T alone, and so do `wage` and
`wage * (1 - T)`. Therefore every truth-valued part of what a script wrote is judged on the rows of its data set, and
one whose units are nearly those of an earlier part of the project holds for the same units as that one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grille.server.commands.base import Workspace
from grille.server.disclosure.decode import elements_of
from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.rules.condition import Effect, condition_effect
from grille.server.engines.base import Frame, Rows
from grille.server.errors import InternalError
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind, OrderStatistics
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType, columns_of
from grille.server.plan.functions import ALL
from grille.server.text import Text

_NUMBER = ValueType.NUMBER
NEVER = Apply("equal", (Constant(0, _NUMBER), Constant(1, _NUMBER)), _NUMBER)
ALWAYS = Apply("equal", (Constant(1, _NUMBER), Constant(1, _NUMBER)), _NUMBER)

# these judge their conditions rule by rule, and merge rare values on purpose
_JUDGED_ELSEWHERE = frozenset(("recode", "destring"))
# no variable's name begins so
_BESIDE = " "
# what can make a peak of even values
_BENDS = frozenset(
    (
        *("divide", "power", "exp", "ln", "log10", "logit", "sqrt", "abs", "rowmin", "rowmax", "floor", "ceil", "int"),
        *("round", "sin", "cos", "tan", "asin", "acos", "atan", "comb", "lnfactorial"),
    )
)
_MEASURES = (
    Measure("n", MeasureKind.UNITS),
    Measure("key", MeasureKind.CELL_KEY),
    Measure("sketch", MeasureKind.SKETCH),
)


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of a data set for which a part holds."""

    count: UnitCount
    sketch: tuple[int, ...]


Like = Callable[[Rows, UnitCount, tuple[int, ...]], tuple[int, ...]]
"""Says which sketch a part counts as that holds for some units of a data set: an earlier part's, or its own."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan without parts that single out few units.

    Attributes:
        plan: The plan.
        frames: The data sets, with what the plan reads beside their variables.
        judged: Whether there was any part to judge.
    """

    plan: Any
    frames: Mapping[str, Frame]
    judged: bool


def settled(command: str, plan: Any, workspace: Workspace, like: Like) -> Settled:
    """Return a plan whose conditions and values have no part that singles out few units.

    Args:
        command: Command name.
        plan: The command's own frozen dataclass; expressions may stand anywhere in it.
        workspace: For the rows of the plan's data set, the policy, and what earlier commands of the session asked.
        like: Asked of each part that takes effect.

    Raises:
        InternalError: LEDGER_UNAVAILABLE, as `like`.
    """
    name = _dataset(plan)
    frame = None if name is None else workspace.frames.get(name)
    if command in _JUDGED_ELSEWHERE or not workspace.policy.protects or frame is None or frame.rows is None:
        return Settled(plan, workspace.frames, False)
    assert name is not None
    settler = _Settler(workspace, frame, like)
    after = settler.through(plan)
    return Settled(after, {**workspace.frames, name: settler.frame}, settler.has_judged)


def without_members(frames: Mapping[str, Frame]) -> dict[str, Frame]:
    """Return data sets without what was put beside their variables to settle a plan."""
    return {
        name: Frame(frame.rows, {key: one for key, one in frame.columns.items() if not key.startswith(_BESIDE)})
        if any(key.startswith(_BESIDE) for key in frame.columns)
        else frame
        for name, frame in frames.items()
    }


def _dataset(plan: Any) -> str | None:
    """Return the data set that a plan, or the plan or model in it, works on."""
    found = getattr(plan, "dataset", None)
    if isinstance(found, str) or not dataclasses.is_dataclass(plan):
        return found if isinstance(found, str) else None
    inner = (_dataset(getattr(plan, item.name)) for item in dataclasses.fields(plan))
    return next((name for name in inner if name is not None), None)


class _Settler:
    """Judges the parts of one plan on the rows of one data set."""

    def __init__(self, workspace: Workspace, frame: Frame, like: Like) -> None:
        assert frame.rows is not None
        self.has_judged = False
        self.frame = frame
        self._rows = frame.rows
        self._workspace = workspace
        self._like = like
        self._everything: _Units | None = None

    def through(self, value: Any) -> Any:
        """Return a piece of a plan with its expressions settled; the same object when nothing changes."""
        if isinstance(value, Apply):
            return self._value(value)
        if isinstance(value, Constant | ColumnRef | type):
            return value
        if dataclasses.is_dataclass(value):
            old = {item.name: getattr(value, item.name) for item in dataclasses.fields(value) if item.init}
            new = {name: self.through(one) for name, one in old.items()}
            changed = {name: one for name, one in new.items() if one is not old[name]}
            return dataclasses.replace(value, **changed) if changed else value  # type: ignore[type-var]
        if type(value) is tuple:
            parts = tuple(map(self.through, value))
            return value if all(one is two for one, two in zip(parts, value, strict=True)) else parts
        return value

    def _value(self, expression: Expression) -> Expression:
        """Settle the truth-valued parts of a value, and products of 0/1 variables, which are such parts too."""
        if not isinstance(expression, Apply) or not columns_of(expression):
            return expression
        if _is_truth(expression):
            return self._truth(expression)
        if expression.function == "multiply" and all(map(self._is_zero_or_one, expression.arguments)):
            judged = self._judged(expression)
            if judged is not expression:
                # times 0 keeps missing values where they were
                nothing = Apply("multiply", (*expression.arguments, Constant(0, _NUMBER)), _NUMBER)
                return nothing if judged is NEVER else Apply("add", (nothing, judged), _NUMBER)
        inner = self._inside(expression)
        return self._within_limits(inner) if inner.function in _BENDS else inner

    def _inside(self, expression: Apply) -> Apply:
        arguments = tuple(map(self._value, expression.arguments))
        if all(one is two for one, two in zip(arguments, expression.arguments, strict=True)):
            return expression
        return dataclasses.replace(expression, arguments=arguments)

    def _truth(self, part: Apply) -> Expression:
        """Settle a truth-valued part: as a whole first, then its own parts, then against earlier ones."""
        judged = self._judged(part)
        if judged is not part:
            return judged
        if part.function in ("and", "or"):
            operands = tuple(_flat(part.function, part))
            kept = self._operands(part.function, operands)
            inner: Expression = part if kept == operands else _joined(part.function, kept)
        else:
            inner = self._inside(part)
        return self._like_earlier(inner)

    def _operands(self, function: str, operands: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """Settle the operands of a chain of `and` or `or`.

        Operands that say nothing alone (few units in a chain of `or`, all but few in one of `and`) are judged together
        as one, so that a list of rare values is what it says.
        """
        silent = NEVER if function == "or" else ALWAYS
        found = [operand if self._judged(operand) is not silent else None for operand in operands]
        rare = tuple(operand for operand, kept in zip(operands, found, strict=True) if kept is None)
        kept = [self._operand(operand) for operand in found if operand is not None]
        if len(rare) > 1 and self._judged(_joined(function, rare)) is not silent:
            kept.append(self._like_earlier(_joined(function, rare)))
        return tuple(kept) if kept else (silent,)

    def _operand(self, operand: Expression) -> Expression:
        return self._value(operand) if isinstance(operand, Apply) else operand

    def _judged(self, part: Expression) -> Expression:
        """Return `part`, or NEVER or ALWAYS when it holds for few units or for all but few."""
        if not columns_of(part):
            return part
        self.has_judged = True
        units, everything = self._units(part), self._all()
        left = UnitCount(everything.count.n - units.count.n, (everything.count.key - units.count.key) % 2**64)
        effect = condition_effect(units.count, left, self._workspace.policy)
        return {Effect.NOBODY: NEVER, Effect.EVERYBODY: ALWAYS}.get(effect, part)

    def _like_earlier(self, part: Expression) -> Expression:
        """Return `part`, made to hold for the units of an earlier part of the project that it nearly equals."""
        if not columns_of(part):
            return part
        units = self._units(part)
        key = ("settling like", self._rows.bank, self._rows.unit_type, repr(units))
        if key not in self._workspace.memo:
            self._workspace.memo[key] = self._like(self._rows, units.count, units.sketch)
        difference = tuple(one ^ two for one, two in zip(units.sketch, self._workspace.memo[key], strict=True))
        if not any(difference):
            return part
        elements = elements_of(difference, self._workspace.policy.difference_min)
        if elements is None:
            text = "Sets of units that were said to be nearly equal are not."
            raise InternalError("SETS_NOT_EQUAL", Text(text, "Mengder som skulle være nesten like, er det ikke."))
        differs = self._members(elements)
        return part if differs is None else Apply("not_equal", (part, differs), _NUMBER)

    def _members(self, elements: tuple[int, ...]) -> Expression | None:
        """Return what is true for the units of the data set that have these elements; None when there are none."""
        named = hashlib.sha256(repr((elements, self._rows.keys)).encode()).hexdigest()
        column = ColumnRef(_BESIDE + named, _NUMBER)
        if column.name not in self.frame.columns:
            frame = self._workspace.engine.with_members(self.frame, column.name, elements)
            if not self._workspace.engine.any(frame, column):
                return None
            self.frame = frame
        return column

    def _within_limits(self, number: Apply) -> Expression:
        """Return a number cut at its 1st and 99th percentile when one or two units make up most of its variation.

        A peak such as 1 / (|x - x0| + e), or |x - x0| cut at 1, singles out a unit without any condition.
        """
        key = ("settling limits", repr(number), repr(self._tables(number)), self._rows.present)
        if key not in self._workspace.memo:
            self._workspace.memo[key] = self._limits(number)
        limits = self._workspace.memo[key]
        if limits is None:
            return number
        low, high = (Constant(float(limit), _NUMBER) for limit in limits)
        above = Apply("rowmax", (number, low), _NUMBER)
        # the greatest of a missing value and a limit is the limit: what was missing stays missing by the sum
        cut = Apply("rowmin", (above, high), _NUMBER)
        return Apply("add", (cut, Apply("multiply", (number, Constant(0, _NUMBER)), _NUMBER)), _NUMBER)

    def _limits(self, number: Apply) -> tuple[float, float] | None:
        """Return the limits of a number in which one or two units stand out, else None."""
        engine, frame, policy = self._workspace.engine, self.frame, self._workspace.policy
        counted = (Measure("n", MeasureKind.UNITS), Measure("sum", MeasureKind.SUM, number))
        first = engine.aggregate(frame, Aggregation((), counted, None, (number,))).measures
        units = int(first["n"][0]) if len(first["n"]) else 0
        if units == 0:
            return None
        mean = Constant(float(first["sum"][0]) / units, _NUMBER)
        away = Apply("add", (number, Apply("negate", (mean,), _NUMBER)), _NUMBER)
        spread = (
            Measure("squares", MeasureKind.SUM_SQUARES, away),
            Measure("largest", MeasureKind.LARGEST_ABS, away),
            Measure("second", MeasureKind.SECOND_ABS, away),
        )
        found = engine.aggregate(frame, Aggregation((), spread, None, (number,))).measures
        squares, one, two = (float(np.nan_to_num(found[name][0])) for name in ("squares", "largest", "second"))
        if one**2 <= policy.dominance_one_max * squares and one**2 + two**2 <= policy.dominance_two_max * squares:
            return None
        cuts = engine.percentiles(frame, OrderStatistics(number, (0.01, 0.99), (), None, (number,))).values
        return float(cuts[0, 0]), float(cuts[0, 1])

    def _tables(self, part: Expression) -> tuple[tuple[str, str], ...]:
        """Return the stored tables of the columns that a part reads; a column that is gone has none."""
        columns = self.frame.columns
        return tuple((name, columns[name].identity if name in columns else "") for name in sorted(columns_of(part)))

    def _all(self) -> _Units:
        if self._everything is None:
            self._everything = self._counted(None)
        return self._everything

    def _units(self, part: Expression) -> _Units:
        key = ("settling", self._rows.present, repr(part), repr(self._tables(part)))
        if key not in self._workspace.memo:
            self._workspace.memo[key] = self._counted(part)
        found: _Units = self._workspace.memo[key]
        return found

    def _counted(self, part: Expression | None) -> _Units:
        groups = self._workspace.engine.aggregate(self.frame, Aggregation((), _MEASURES, part))
        sketch = groups.measures["sketch"][0]
        count = UnitCount(int(groups.measures["n"][0]), int(groups.measures["key"][0]))
        return _Units(count, tuple(int(word) for word in sketch))

    def _is_zero_or_one(self, operand: Expression) -> bool:
        """Say whether an operand of a product is 0 or 1 for every unit that has a value."""
        if isinstance(operand, Constant):
            return operand.value in (0, 1)
        if _is_truth(operand) or operand.type is ValueType.STRING:
            return _is_truth(operand)
        if isinstance(operand, Apply) and operand.function not in ("add", "multiply", "negate"):
            return False
        either = Apply("inlist", (operand, Constant(0, _NUMBER), Constant(1, _NUMBER)), _NUMBER)
        missing = Apply("sysmiss", (operand,), _NUMBER)
        other = Apply("not", (Apply("or", (either, missing), _NUMBER),), _NUMBER)
        key = ("settling 0/1", repr(operand), repr(self._tables(operand)), self._rows.present)
        if key not in self._workspace.memo:
            self._workspace.memo[key] = not self._workspace.engine.any(self.frame, other)
        return bool(self._workspace.memo[key])


def _is_truth(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.function in ALL and ALL[expression.function].truth


def _flat(function: str, part: Expression) -> list[Expression]:
    """Return the operands of nested chains of one function."""
    if not isinstance(part, Apply) or part.function != function:
        return [part]
    return [one for argument in part.arguments for one in _flat(function, argument)]


def _joined(function: str, operands: tuple[Expression, ...]) -> Expression:
    if len(operands) == 1 and _is_truth(operands[0]):
        return operands[0]
    return Apply(function, operands if len(operands) > 1 else (*operands, *operands), _NUMBER)
