"""The engine on DuckDB: one encrypted file per session, banks attached read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame, Source
from grille.server.engines.duckdb import connection as connections
from grille.server.engines.duckdb.aggregates import aggregate, counted_before
from grille.server.engines.duckdb.batches import batches
from grille.server.engines.duckdb.coded import CodedColumn
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.counts import any_by_code, counts_by_code
from grille.server.engines.duckdb.dictionaries import Dictionaries, closed
from grille.server.engines.duckdb.failures import translated
from grille.server.engines.duckdb.folding import Folding
from grille.server.engines.duckdb.frames import Frames
from grille.server.engines.duckdb.numbered import counts_of_numbered
from grille.server.engines.duckdb.percentiles import percentiles
from grille.server.engines.duckdb.sketches import Sketches
from grille.server.engines.duckdb.sql import SESSION, composition
from grille.server.engines.duckdb.store import Store
from grille.server.plan.aggregates import (
    Aggregation,
    Batch,
    BatchRequest,
    FactorLevels,
    Groups,
    MeasureKind,
    OrderStatistics,
    Percentiles,
)
from grille.server.plan.expressions import ColumnRef, Expression


def open_session_engine(path: str, key: str, *, memory_limit: str, threads: int, temp_directory: str) -> DuckDbEngine:
    """Open a session's engine; attach banks to it and then lock it before any use.

    Args:
        path: The session's database file; made when missing.
        key: Its encryption key.
        memory_limit: Such as "2GB".
        threads: Threads of the engine.
        temp_directory: Folder for encrypted spill files.

    Raises:
        InternalError: DATABASE_FILE_UNREADABLE or ENCRYPTION_UNAVAILABLE.
    """
    connection = connections.open_connection(memory_limit, threads, temp_directory)
    try:
        connections.attach(connection, path, SESSION, key, read_only=False)
        return DuckDbEngine(connection)
    except BaseException:
        connection.close()
        raise


class DuckDbEngine:
    """engines.base.Engine on a DuckDB connection that has the session's file attached as `session`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take over `connection`."""
        self._connection = connection
        self._requests = Requests(connection)
        self._store = Store(self._requests)
        self._dictionaries = Dictionaries(self._requests, self._store)
        self._folding = Folding(self._dictionaries)
        self._sketches = Sketches(self._requests)
        self._frames = Frames(self._requests, self._store, self._dictionaries, self._sketches)

    def attach(self, name: str, path: str, key: str) -> None:
        """Attach a bank read-only under `name`, which is `name@version`; before `lock` only."""
        connections.attach(self._connection, path, name, key, read_only=True)

    def lock(self) -> None:
        """Close the engine to everything outside: no file, database, extension or setting can be reached afterwards."""
        connections.lock(self._connection)

    def import_first(self, source: Source, column: str) -> Frame:
        """Return a data set of the units that have a row in `source`, with one column."""
        return closed(self._frames.import_first(source, column))

    def import_next(self, frame: Frame, source: Source, column: str, how: Literal["left", "outer", "inner"]) -> Frame:
        """Return `frame` with one more column joined on the unit."""
        return closed(self._frames.import_next(self._dictionaries.opened(frame), source, column, how))

    def with_column(self, frame: Frame, column: str, value: Expression) -> Frame:
        """Return `frame` with a column added or replaced."""
        return closed(self._frames.with_column(self._dictionaries.opened(frame), column, value))

    def with_values(self, frame: Frame, entered: Frame, columns: Mapping[str, NDArray[np.float64]]) -> Frame:
        """See Engine.with_values."""
        return self._frames.with_values(frame, entered, columns)

    def with_members(self, frame: Frame, column: str, elements: Sequence[int]) -> Frame:
        """See Engine.with_members."""
        if frame.rows is not None:
            self._sketches.ready(frame.rows)
        return self._frames.with_members(frame, column, elements)

    def filter(self, frame: Frame, condition: Expression, *, passing: bool = False) -> Frame:
        """See Engine.filter."""
        return closed(self._frames.filter(self._dictionaries.opened(frame), condition, passing))

    def aggregate(self, frame: Frame, request: Aggregation) -> Groups:
        """Compute measures per group."""
        frame = self._dictionaries.opened(frame)
        if frame.rows is not None and any(measure.kind is MeasureKind.SKETCH for measure in request.measures):
            self._sketches.ready(frame.rows)
        counted = counts_by_code(self._requests, self._dictionaries, frame, request)
        if counted is None:
            frame, request = self._folding.aggregation(frame, request)
            counted = counts_of_numbered(self._requests, frame, request)
        return aggregate(self._requests, frame, request) if counted is None else counted

    def any(self, frame: Frame, condition: Expression) -> bool:
        """See Engine.any."""
        frame = self._dictionaries.opened(frame)
        found = any_by_code(self._requests, self._dictionaries, frame, condition)
        if found is None:
            frame, (condition,) = self._dictionaries.folded(frame, condition)
            found = counted_before(self._requests, frame, condition)
        if found is None:
            select = composition(frame, (), where=condition).select(exp.Literal.number(1)).limit(1)
            found = bool(self._requests.rows(select))
        return found

    def percentiles(self, frame: Frame, request: OrderStatistics) -> Percentiles:
        """Compute smoothed percentiles per group."""
        frame, request = self._folding.order_statistics(self._dictionaries.opened(frame), request)
        return percentiles(self._requests, self._store, frame, request)

    def batches(self, frame: Frame, request: BatchRequest) -> tuple[FactorLevels, Callable[[], Iterator[Batch]]]:
        """Return the factor levels and a function that starts a pass over the complete rows."""
        frame, request = self._folding.batch_request(self._dictionaries.opened(frame), request)
        return batches(self._requests, self._store, frame, request)

    def few_values(self, frame: Frame, expression: Expression) -> int | None:
        """See Engine.few_values."""
        frame, (expression,) = self._dictionaries.folded(self._dictionaries.opened(frame), expression)
        column = frame.columns[expression.name] if isinstance(expression, ColumnRef) else None
        return len(set(column.values)) if isinstance(column, CodedColumn) else None

    def sweep(self, live: tuple[Frame, ...]) -> None:
        """Drop every stored table that no frame of `live` uses; a new command begins, interrupts are forgotten."""
        self._requests.begin()
        if not self._sketches.busy():
            self._store.sweep(live)
            self._sketches.sweep(live)

    def interrupt(self) -> None:
        """Stop the running request; it raises BudgetError with reason CANCELLED."""
        self._requests.interrupt()

    def close(self) -> None:
        """Write everything to the session's file and close it."""
        self._sketches.close()
        with translated():
            self._connection.close()
