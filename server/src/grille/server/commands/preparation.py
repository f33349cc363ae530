"""What the commands that prepare data share: counts of units for the gate, derived variables, status blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from grille.server.blocks import Block, Notice
from grille.server.commands.base import Outcome, Workspace
from grille.server.commands.scope import DataSet, Sensitivity, Variable
from grille.server.disclosure.evidence import StatusEvidence, Touch, UnitCount
from grille.server.disclosure.released import ReleasedStatus
from grille.server.disclosure.rules.condition import Effect, condition_effect
from grille.server.engines.base import Engine, Frame
from grille.server.plan.aggregates import Aggregation, Measure, MeasureKind
from grille.server.plan.expressions import Apply, Expression, ValueType, columns_of
from grille.server.plan.functions import ALL
from grille.server.text import Text, same

T = TypeVar("T")

DATASETS = Text("Data sets", "Datasett")
PREPARATION = Text("Preparation", "Tilrettelegging")
SUPPORT = Text("Support", "Støtte")

COUNT_MEASURES = (Measure("n", MeasureKind.UNITS), Measure("key", MeasureKind.CELL_KEY))

NOBODY = UnitCount(0, 0)

_KEY_MODULUS = 2**64
_ORDER_STATISTICS = frozenset(("rowmax", "rowmin", "rowmedian", "quantile"))
_LEVELS: tuple[Sensitivity, ...] = ("PUBLIC", "NONPUBLIC", "PERSON_GENERAL", "PERSON_SPECIAL")


def count_units(
    engine: Engine, frame: Frame, where: Expression | None = None, complete: tuple[Expression, ...] = ()
) -> UnitCount:
    """Count the units for which `where` is true and none of `complete` is missing."""
    groups = engine.aggregate(frame, Aggregation((), COUNT_MEASURES, where, complete))
    return UnitCount(int(groups.measures["n"][0]), int(groups.measures["key"][0]))


def count_by(engine: Engine, frame: Frame, by: Expression, where: Expression | None) -> dict[object, UnitCount]:
    """Count the units per value of `by`, None for missing."""
    groups = engine.aggregate(frame, Aggregation((("by", by),), COUNT_MEASURES, where))
    figures = zip(groups.measures["n"], groups.measures["key"], strict=True)
    counts = (UnitCount(int(n), int(key)) for n, key in figures)
    return dict(zip(groups.by["by"], counts, strict=True))


def without(whole: UnitCount, part: UnitCount) -> UnitCount:
    """Return the count of the units of `whole` that are not in its subset `part`."""
    return UnitCount(whole.n - part.n, (whole.key - part.key) % _KEY_MODULUS)


def together(parts: Iterable[UnitCount]) -> UnitCount:
    """Return the count of the union of disjoint sets."""
    parts = tuple(parts)
    return UnitCount(sum(part.n for part in parts), sum(part.key for part in parts) % _KEY_MODULUS)


def touched_by(workspace: Workspace, frame: Frame, condition: Expression) -> Touch:
    """Count the units that `condition` selects and those that it leaves, and say what it does."""
    selected = count_units(workspace.engine, frame, condition)
    return touch(workspace, selected, count_units(workspace.engine, frame))


_CONDITION = Text("The condition", "Betingelsen")


def touch(workspace: Workspace, selected: UnitCount, everything: UnitCount, what: Text | None = _CONDITION) -> Touch:
    """Return what a condition does that selects some of all units; `what` names it in a remark."""
    left = without(everything, selected)
    return Touch(selected, left, condition_effect(selected, left, workspace.policy), what)


def by_effect(found: Touch, as_written: T, nobody: T, everybody: T) -> T:
    """Return one of three by what a condition does."""
    return {Effect.AS_WRITTEN: as_written, Effect.NOBODY: nobody, Effect.EVERYBODY: everybody}[Effect(found.effect)]


def with_missing(engine: Engine, frame: Frame, column: Expression) -> dict[str, UnitCount]:
    """Return the counts `units` of the data set and `missing` of the units without a value in `column`."""
    missing = NOBODY if is_truth(column) else count_units(engine, frame, Apply("sysmiss", (column,), ValueType.NUMBER))
    return {"units": count_units(engine, frame), "missing": missing}


def is_truth(value: Expression) -> bool:
    """Tell whether a value is that of a test, 0 or 1 and never missing."""
    return isinstance(value, Apply) and value.function in ALL and ALL[value.function].truth


def derived(name: str, dataset: DataSet, kind: ValueType, expressions: Iterable[Expression | None]) -> Variable:
    """Return a new variable that is computed from `expressions` over the variables of `dataset`."""
    found = [one for one in expressions if one is not None]
    names = sorted(frozenset[str]().union(*(columns_of(one) for one in found)))
    sources = [dataset.variables[one] for one in names]
    return Variable(
        name=name,
        type=kind,
        title=same(name),
        order_statistic=any(one.order_statistic for one in sources) or any(_ranks(one) for one in found),
        lineage=frozenset[str]().union(*(one.lineage for one in sources)),
        sensitivity=highest(one.sensitivity for one in sources),
        from_model=any(one.from_model for one in sources),
    )


def blended(old: Variable, new: Variable) -> Variable:
    """Return `old` after some of its values were replaced by those of `new`."""
    return replace(
        old,
        documented=False,
        order_statistic=old.order_statistic or new.order_statistic,
        lineage=old.lineage | new.lineage,
        sensitivity=highest((old.sensitivity, new.sensitivity)),
        from_model=old.from_model or new.from_model,
    )


def highest(levels: Iterable[Sensitivity]) -> Sensitivity:
    """Return the highest sensitivity level; PUBLIC when there is none, as for a constant."""
    return max(levels, key=_LEVELS.index, default="PUBLIC")


def unchanged(workspace: Workspace, key: str, text: Text) -> Outcome:
    """Return the outcome of a command that touches no rows: a status sentence without counts."""
    return Outcome(StatusEvidence(key, text, {}), workspace.frames)


def with_frame(workspace: Workspace, name: str, frame: Frame) -> Mapping[str, Frame]:
    """Return the data sets with one of them added or replaced."""
    return {**workspace.frames, name: frame}


def present_status(content: Any) -> tuple[Block, ...]:
    """Turn a released status sentence into a notice."""
    if not isinstance(content, ReleasedStatus):
        raise TypeError(f"not a status: {type(content).__name__}")
    return (Notice(content.key, content.text), *(Notice(key, text) for key, text in content.remarks))


def _ranks(expression: Expression) -> bool:
    if not isinstance(expression, Apply):
        return False
    window = expression.function in ALL and ALL[expression.function].window
    return window or expression.function in _ORDER_STATISTICS or any(_ranks(one) for one in expression.arguments)
