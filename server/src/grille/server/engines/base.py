"""What an engine offers: immutable data sets of columns in a fixed row order, and aggregates over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from grille.server.plan.aggregates import (
    Aggregation,
    Batch,
    BatchRequest,
    FactorLevels,
    Groups,
    OrderStatistics,
    Percentiles,
)
from grille.server.plan.expressions import Expression, ValueType


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column on disk: an opaque table name of the engine and its type. Columns are never changed once written.

    A column of few different values is stored as codes 0, 1, 2, ..., which several columns may share, and a dictionary
    that tells the value of each code.

    Attributes:
        table: Values by row, or codes.
        type: Type of the values.
        small: Whether its numbers are whole and within 16 bits, so that they are stored narrow.
        dictionary: Opaque table of the engine with the values by code; None when `table` has the values themselves.
    """

    table: str
    type: ValueType
    small: bool = False
    dictionary: str | None = None

    @property
    def identity(self) -> str:
        """Name the values for ever: columns with the same identity are the same."""
        return self.table if self.dictionary is None else f"{self.table}/{self.dictionary}"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a data set: which units, in which order.

    Attributes:
        keys: Opaque table of the engine with unit, record key and sketch columns per row.
        count: Number of rows. Exact, therefore secret.
        unit_type: Unit type, such as PERSON.
        bank: Name of the bank that the units belong to, without version.
        present: Opaque table of the engine that tells which rows of `keys` are in the data set.
        whole: When `keys` has a part of a bank's units: opaque (table of all units, table of which of them), or None.
    """

    keys: str
    count: int
    unit_type: str
    bank: str
    present: str
    whole: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A data set as the engine sees it: rows and named columns. Operations return a new one that shares columns."""

    rows: Rows | None
    columns: Mapping[str, StoredColumn]


@dataclass(frozen=True, slots=True)
class Source:
    """A register variable at a date, as the engine reads it from an attached bank.

    Attributes:
        bank: Name under which the bank is attached: `name@version`.
        table: Table of the variable: columns unit, value, and start, stop (days since 1970-01-01) unless FIXED.
        unit_type: Unit type.
        type: Value type.
        temporality: FIXED, EVENT, STATUS or ACCUMULATED.
        day: Days since 1970-01-01; None for FIXED.
        values: Codes to take, None for all; a code that ends in "*" stands for every code that begins so.
    """

    bank: str
    table: str
    unit_type: str
    type: ValueType
    temporality: Literal["FIXED", "EVENT", "STATUS", "ACCUMULATED"]
    day: int | None
    values: tuple[str, ...] | None = None


class Engine(Protocol):
    """Runs plans. All methods may be cancelled by `interrupt` from another thread."""

    def attach(self, name: str, path: str, key: str) -> None:
        """Attach a bank read-only under `name`, which is `name@version`; before `lock` only."""

    def lock(self) -> None:
        """Close the engine to everything outside: no file, database, extension or setting can be reached afterwards."""

    def import_first(self, source: Source, column: str) -> Frame:
        """Return a data set of the units that have a row in `source`, with one column."""

    def import_next(self, frame: Frame, source: Source, column: str, how: Literal["left", "outer", "inner"]) -> Frame:
        """Return `frame` with one more column joined on the unit."""

    def with_column(self, frame: Frame, column: str, value: Expression) -> Frame:
        """Return `frame` with a column added or replaced."""

    def with_values(self, frame: Frame, entered: Frame, columns: Mapping[str, NDArray[np.float64]]) -> Frame:
        """Return `frame` with columns of numbers added, one per row of its part `entered`, in the order of a pass.

        Rows that are not in `entered`, and values that are not finite, are missing.
        """

    def with_members(self, frame: Frame, column: str, elements: Sequence[int]) -> Frame:
        """Return `frame` with a column that is 1 for the units with these elements of sketches, else 0."""

    def filter(self, frame: Frame, condition: Expression, *, passing: bool = False) -> Frame:
        """Return the rows for which the condition is true; `passing` when they are for this command alone."""

    def close(self) -> None:
        """Write everything to the session's file and close it."""

    def aggregate(self, frame: Frame, request: Aggregation) -> Groups:
        """Compute measures per group."""

    def any(self, frame: Frame, condition: Expression) -> bool:
        """Return whether the condition is true for any row; stops at the first."""

    def percentiles(self, frame: Frame, request: OrderStatistics) -> Percentiles:
        """Compute smoothed percentiles per group."""

    def batches(self, frame: Frame, request: BatchRequest) -> tuple[FactorLevels, Callable[[], Iterator[Batch]]]:
        """Return the factor levels and a function that starts a pass over the complete rows."""

    def few_values(self, frame: Frame, expression: Expression) -> int | None:
        """Return how many values an expression can take at most, where that is known and they are few; else None."""

    def sweep(self, live: tuple[Frame, ...]) -> None:
        """Drop every stored table that no frame of `live` uses; a new command begins, interrupts are forgotten."""

    def interrupt(self) -> None:
        """Stop the running request; it raises BudgetError with reason CANCELLED."""
