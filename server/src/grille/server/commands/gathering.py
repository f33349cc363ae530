"""The sufficient statistics of a model's rows: remembered, from combinations of categories, or from every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from grille.server.commands.base import Workspace
from grille.server.commands.models import Model, Reading, note_outcome_weight, read, reading_of, request_of
from grille.server.engines.base import Frame
from grille.server.plan.aggregates import Batch, BatchRequest, FactorLevels
from grille.server.plan.expressions import Expression, columns_of
from grille.server.statistics.compressed import (
    MOST_COMBINATIONS,
    combinations,
    compress,
    compressed_moments,
)
from grille.server.statistics.moments import Moments, collect_moments
from grille.server.statistics.selected import selected_moments

_GATHERED = "gathered"
_MOST_REMEMBERED = 4
_LARGEST_REMEMBERED = 4_000_000


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What one model gathered: the stored values behind each variable that it read, levels, and moments."""

    sources: Mapping[tuple[str, str], str]
    levels: FactorLevels
    moments: Moments


def recall(
    workspace: Workspace, entered: Frame, model: Model, groups: tuple[str, ...] = ()
) -> tuple[Reading, Moments] | None:
    """Return what `gather` would, when an earlier model read it; None when the rows must be read.

    The moments of a model serve every later one over the same rows with the same groups and some of its variables,
    whichever of them is the outcome, until the rows or a variable change. Under a policy that shows all digits nothing
    is recalled: sums of a larger design may differ in the last one, and the same question must give the same bytes.
    """
    if not workspace.policy.protects:
        return None
    sources = _sources(entered, request_of(workspace, model))
    for one in workspace.memo.get(_key(entered, groups), ()):
        if sources.items() <= one.sources.items():
            reading = reading_of(workspace, model, one.levels, _rows(workspace, entered, model))
            selected = selected_moments(one.moments, reading.design)
            if selected is not None:
                return reading, selected
    return None


def gather(workspace: Workspace, entered: Frame, model: Model, groups: tuple[str, ...] = ()) -> tuple[Reading, Moments]:
    """Read the rows; return how they are read, and their moments by design column and group.

    Args:
        workspace: Of the command.
        entered: Rows that enter the estimation, without missing values.
        model: The model.
        groups: Group variables of a multilevel model, highest level first.

    Raises:
        NumericError: As collect_moments.
    """
    request = request_of(workspace, model)
    gathered = _compressed(workspace, entered, model, request, groups)
    if gathered is None:
        reading = read(workspace, entered, model)
        gathered = reading, collect_moments(reading.passes, reading.design, reading.levels, groups)
    reading, moments = gathered
    note_outcome_weight(workspace, entered, model, moments)
    size = moments.cross.size + (0 if moments.groups is None else moments.groups.means.size)
    if size <= _LARGEST_REMEMBERED:
        key = _key(entered, groups)
        found = _Gathered(_sources(entered, request), reading.levels, moments)
        _remember(workspace, key, (found, *workspace.memo.get(key, ())))
    return gathered


def _key(entered: Frame, groups: tuple[str, ...]) -> tuple[str, ...]:
    assert entered.rows is not None
    return (_GATHERED, entered.rows.present, *groups)


def _sources(entered: Frame, request: BatchRequest) -> dict[tuple[str, str], str]:
    return {
        **{("number", name): _source(entered, one) for name, one in request.numbers},
        **{("factor", name): _source(entered, one) for name, one in request.factors},
    }


def _compressed(
    workspace: Workspace, entered: Frame, model: Model, request: BatchRequest, groups: tuple[str, ...]
) -> tuple[Reading, Moments] | None:
    """Gather from the combinations of regressors and groups; None when they are too many, or rows are few."""
    engine, outcome = workspace.engine, model.outcome.name
    factors = {name for name, _ in request.factors}
    numbers = tuple((name, one) for name, one in request.numbers if name != outcome)
    if outcome in factors or any(name in factors for name, _ in numbers):
        return None
    every = (*request.factors, *numbers)
    if not every or any(engine.few_values(entered, one) is None for _, one in every):
        return None
    outcomes = tuple((name, one) for name, one in request.numbers if name == outcome)
    levels, passes = engine.batches(entered, BatchRequest(outcomes, every, all_complete=True, every_level=True))
    assert entered.rows is not None
    if combinations(levels) > min(MOST_COMBINATIONS, entered.rows.count):
        return None
    found = compress(passes, outcome, levels, tuple(name for name, _ in numbers))
    if found is None:
        return None
    reading = reading_of(workspace, model, found.levels, _rows(workspace, entered, model))
    return reading, compressed_moments(found, reading.design, groups)


def _rows(workspace: Workspace, entered: Frame, model: Model) -> Callable[[], Iterator[Batch]]:
    """Return passes over the rows for what the moments do not tell; they are prepared when one begins."""
    return lambda: read(workspace, entered, model).passes()


def _source(frame: Frame, expression: Expression) -> str:
    """Name the values of an expression for ever."""
    return f"{expression!r} {[frame.columns[name].identity for name in sorted(columns_of(expression))]}"


def _remember(workspace: Workspace, key: tuple[str, ...], gathered: tuple[_Gathered, ...]) -> None:
    older = [one for one in list(workspace.memo) if one[0] == _GATHERED and one != key]
    for one in older[: max(0, len(older) + 1 - _MOST_REMEMBERED)]:
        del workspace.memo[one]
    workspace.memo[key] = gathered[:_MOST_REMEMBERED]
