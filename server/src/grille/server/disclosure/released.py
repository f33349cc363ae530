"""What may leave: figures after the rules, with marks for what was withheld and the list of rules that touched them.

Only disclosure/gate.py makes a `Released`; the transport encodes nothing else. Presenters turn the content into blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from grille.server.blocks import Block, Cell, Column
from grille.server.disclosure.evidence import Axis
from grille.server.text import Text

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule that touched a result: its stable key, its short name, and what it did in words that hold no data."""

    rule: str
    name: Text
    detail: Text


@dataclass(frozen=True, slots=True)
class ReleasedStatus:
    """A status sentence with its noised counts filled in, those counts by placeholder, and remarks (key, text)."""

    key: str
    text: Text
    counts: dict[str, int]
    remarks: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class ReleasedCounts:
    """Noised counts; `n` is float64 (cells,), NaN where suppressed. Positions as in CountEvidence.

    `protected` tells that cells which are not among the positions look like suppressed ones, and not like empty ones.
    """

    axes: tuple[Axis, ...]
    positions: NDArray[np.int64]
    n: NDArray[np.float64]
    view: object
    protected: bool = True


@dataclass(frozen=True, slots=True)
class ReleasedBin:
    """A bar: number of its group, edges (equal for a single value), noised units."""

    group: int
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class ReleasedHistogram:
    """Bars in order of group and edge; groups and bars withheld are left out, low bars are merged with a neighbour."""

    variable: tuple[str, Text]
    group: Axis | None
    discrete: bool
    bins: tuple[ReleasedBin, ...]
    view: object


@dataclass(frozen=True, slots=True)
class ReleasedVariable:
    """Protected statistics of one variable; float64 (cells,), NaN where withheld or not available.

    `binary` says that its values are 0 and 1, so that its mean is a share.
    """

    name: str
    title: Text
    n: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    total: NDArray[np.float64]
    percentiles: dict[float, NDArray[np.float64]]
    limits: tuple[float, float]
    gini: NDArray[np.float64] | None = None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class ReleasedMagnitudes:
    """Protected statistics over cells; positions as in CountEvidence. `suppressed` marks cells withheld as a whole.

    `digits` is how many significant digits its means and deviations have, and so what is computed of them; None: all.
    `protected` as in ReleasedCounts.
    """

    axes: tuple[Axis, ...]
    positions: NDArray[np.int64]
    variables: tuple[ReleasedVariable, ...]
    suppressed: NDArray[np.bool_]
    view: object
    digits: int | None = None
    protected: bool = True


@dataclass(frozen=True, slots=True)
class ReleasedTable:
    """A table of a model after rounding and noise."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class ReleasedModel:
    """A model's tables and notices."""

    command: str
    tables: tuple[ReleasedTable, ...]
    notices: tuple[tuple[str, Text], ...]
    view: object


@dataclass(frozen=True, slots=True)
class ReleasedPublic:
    """Blocks that never held data."""

    blocks: tuple[Block, ...]


Content = ReleasedStatus | ReleasedCounts | ReleasedHistogram | ReleasedMagnitudes | ReleasedModel | ReleasedPublic

_GATE = object()


class Released(Generic[T]):
    """A result that passed the gate. Cannot be made elsewhere: the constructor wants the gate's own token."""

    __slots__ = ("content", "rules")

    def __init__(self, content: T, rules: tuple[AppliedRule, ...], *, token: object) -> None:
        """Wrap `content`; raises TypeError unless called by the gate."""
        if token is not _GATE:
            raise TypeError("only the gate releases results")
        self.content = content
        self.rules = rules

    def present(self, presenter: Callable[[T], tuple[Block, ...]]) -> Released[tuple[Block, ...]]:
        """Return the blocks that `presenter` makes of the content, still released."""
        return Released(presenter(self.content), self.rules, token=_GATE)
