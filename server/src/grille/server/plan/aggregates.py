"""Engine-neutral requests for aggregates and batches over the rows of a data set, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from grille.server.plan.expressions import Expression


class MeasureKind(StrEnum):
    """What is computed per group. Kinds marked * take an operand; missing operands do not count."""

    UNITS = "units"  # number of distinct units -> int64
    CELL_KEY = "cell_key"  # sum modulo 2^64 of the distinct units' record keys -> uint64
    SKETCH = "sketch"  # XOR of the distinct units' sketch columns -> uint64, shape (groups, 6)
    SUM = "sum"  # * -> float64
    SUM_SQUARES = "sum_squares"  # * about `Measure.origin` -> float64
    LARGEST_ABS = "largest_abs"  # * largest absolute value -> float64
    SECOND_ABS = "second_abs"  # * second largest absolute value -> float64
    DISTINCT = "distinct"  # * number of distinct values -> int64


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure per group: its key in the answer, its kind, its operand.

    `origin` is subtracted from the operand in SUM and SUM_SQUARES, so that large means do not cost digits.
    """

    key: str
    kind: MeasureKind
    operand: Expression | None = None
    origin: float = 0.0


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Measures per group.

    Attributes:
        by: Named group expressions; empty for one group of all rows.
        measures: What to compute.
        where: Rows for which this is true (non-zero, non-missing) are used; None uses all.
        complete: Rows in which one of these is missing are left out.
    """

    by: tuple[tuple[str, Expression], ...]
    measures: tuple[Measure, ...]
    where: Expression | None = None
    complete: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """The answer to an Aggregation.

    Attributes:
        by: Per group expression an object array of str, float or None (missing), shape (groups,).
        measures: Per measure key an array, shape (groups,), sketches (groups, 6). Sorted ascending by the group
            values in order, missing last. With `by` empty there is exactly one group, also when no row is used.
    """

    by: dict[str, NDArray[np.object_]]
    measures: dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class OrderStatistics:
    """Smoothed percentiles per group: the mean of the `window` nearest order statistics on each side.

    For probability q and n values sorted ascending, the position is h = q (n - 1); the value is the mean of the order
    statistics with ranks floor(h) - window + 1 ... floor(h) + window, cut to 0 ... n - 1. With a window of 0
    the value is interpolated between the two around h (Hyndman and Fan, 1996, definition 7).
    """

    operand: Expression
    probabilities: tuple[float, ...]
    by: tuple[tuple[str, Expression], ...] = ()
    where: Expression | None = None
    complete: tuple[Expression, ...] = ()
    window: int = 5


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The answer to OrderStatistics.

    Attributes:
        by: As in Groups.
        n: Rows with a value per group, int64, shape (groups,).
        values: float64, shape (groups, probabilities); NaN where n is 0.
    """

    by: dict[str, NDArray[np.object_]]
    n: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Rows for a model, in batches, complete cases only.

    Attributes:
        numbers: Named numeric expressions, delivered as float64.
        factors: Named expressions (string or number) delivered as int32 codes 0..k-1 into `FactorLevels`, whose levels
            are sorted ascending and cover exactly the complete cases.
        where: As in Aggregation.
        all_complete: Whether no row has a missing value, so that none need be looked for.
        every_level: Whether levels may be among a factor's that no complete case has, so that none need be looked for.
    """

    numbers: tuple[tuple[str, Expression], ...]
    factors: tuple[tuple[str, Expression], ...] = ()
    where: Expression | None = None
    all_complete: bool = False
    every_level: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: float64 arrays and int32 code arrays by name, all of one length.

    The order of rows is the same in every pass over the same request.
    """

    numbers: dict[str, NDArray[np.float64]]
    factors: dict[str, NDArray[np.int32]]
    rows: int


@dataclass(frozen=True, slots=True)
class FactorLevels:
    """Levels of each factor of a BatchRequest, ascending; str or float."""

    levels: dict[str, tuple[str | float, ...]]
