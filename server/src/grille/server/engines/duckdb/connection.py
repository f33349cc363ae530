"""Connections to DuckDB: limits, encryption, attached files, the lock, and requests that can be interrupted."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.duckdb.answers import Answers
from grille.server.engines.duckdb.failures import cancelled, disk_full, translated
from grille.server.engines.duckdb.sql import DIALECT
from grille.server.errors import InternalError
from grille.server.text import Text

T = TypeVar("T")

BATCH_ROWS = 131_072
INCOMING = "incoming"
_DTYPES: dict[str, np.dtype[Any]] = {
    **{name: np.dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
}
_INSISTENCE = 250
MOST_ROWS_KEPT = 20_000
"""Rows of an answer that is remembered, at most."""
_INSIST_SECONDS = 0.02


def open_connection(memory_limit: str, threads: int, temp_directory: str) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory DuckDB within limits, with encryption loaded and encrypted spill files.

    Args:
        memory_limit: Such as "2GB".
        threads: Threads of the engine.
        temp_directory: Folder for spill files.

    Raises:
        InternalError: ENCRYPTION_UNAVAILABLE when the extension that brings OpenSSL is not installed.
    """
    with translated():
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,
                "preserve_insertion_order": True,
                "memory_limit": memory_limit,
                "threads": threads,
                "temp_directory": temp_directory,
                "temp_file_encryption": True,
            },
        )
        connection.execute(f"LOAD {literal(str(_encryption_extension()))}")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: str, name: str, key: str, *, read_only: bool) -> None:
    """Attach the encrypted database file `path` as `name`; made when missing and not `read_only`.

    Raises:
        InternalError: DATABASE_FILE_UNREADABLE when it is missing, damaged, or has another key.
        BudgetError: DISK_FULL.
    """
    mode = "READ_ONLY, " if read_only else ""
    statement = f"ATTACH {literal(path)} AS {identifier(name)} ({mode}ENCRYPTION_KEY {literal(key)})"
    try:
        connection.execute(statement)
    except duckdb.Error as error:  # its text may hold the statement, and so the key
        raise disk_full(error) or InternalError(
            "DATABASE_FILE_UNREADABLE",
            Text(
                "An encrypted database file cannot be opened: it is missing, damaged, or has another key.",
                "En kryptert databasefil kan ikke åpnes: den mangler, er skadet eller har en annen nøkkel.",
            ),
        ) from None


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the connection to files, databases and extensions that it does not have yet, and freeze its settings."""
    with translated():
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")


def identifier(name: str) -> str:
    """Return `name`, one that we made ourselves, as a quoted SQL identifier."""
    return exp.Identifier(this=name, quoted=True).sql(DIALECT)


def literal(text: str) -> str:
    """Return `text` as an SQL string literal, for statements that take no parameters."""
    return exp.Literal.string(text).sql(DIALECT)


def _encryption_extension() -> Path:
    found = importlib.util.find_spec("duckdb_extension_httpfs")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
        if path.is_file():
            return path
    raise InternalError(
        "ENCRYPTION_UNAVAILABLE",
        Text(
            "DuckDB's encryption library is not installed for this DuckDB version.",
            "DuckDBs krypteringsbibliotek er ikke installert for denne DuckDB-versjonen.",
        ),
    )


def array(values: pa.Array) -> NDArray[Any]:
    """Return the values of a column of numbers without nulls, not copied."""
    # pyarrow's own conversions import pandas, which the server does not have
    dtype = _DTYPES[str(values.type)]
    return np.frombuffer(values.buffers()[1], dtype=dtype, count=len(values), offset=values.offset * dtype.itemsize)


class Requests:
    """Runs statements of one engine, each on a cursor of its own, so that another thread can stop all of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Use `connection`."""
        self._connection = connection
        self._guard = threading.Lock()
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._stopped = False
        self._arrays: Answers[dict[str, NDArray[np.generic]]] = Answers()
        self._rows: Answers[list[tuple[object, ...]]] = Answers()
        self._others: Answers[object] = Answers()

    def interrupt(self) -> None:
        """Stop what runs; a request that begins next, of the same command, is stopped too."""
        with self._guard:
            self._stopped = True
        threading.Thread(target=self._insist, daemon=True).start()

    def begin(self) -> None:
        """Forget earlier interrupts: a new command begins."""
        with self._guard:
            self._stopped = False

    def run(self, statement: str, incoming: pa.Table | None = None) -> int:
        """Run a statement that stores rows, `incoming` among them; return how many (0 when it stores none)."""
        with self._cursor() as cursor:
            if incoming is not None:
                cursor.register(INCOMING, incoming)
            answer = cursor.execute(statement).fetchone()
            return int(answer[0]) if answer else 0

    def arrays(self, query: exp.Expr) -> dict[str, NDArray[np.generic]]:
        """Return all rows of a query as arrays by column name; masked where a column has nulls."""
        text = query.sql(DIALECT)
        kept = self._arrays.get(text)
        if kept is not None:
            return dict(kept)
        with self._cursor() as cursor:
            found = dict(cursor.execute(text).fetchnumpy())
        if all(len(array) <= MOST_ROWS_KEPT for array in found.values()):
            self._arrays.keep(text, found)
        return dict(found)

    def recall(self, query: exp.Expr) -> dict[str, NDArray[np.generic]] | None:
        """Return what `arrays` found before, or None."""
        return self._arrays.get(query.sql(DIALECT))

    def rows(self, query: exp.Expr, *, changing: bool = False) -> list[tuple[object, ...]]:
        """Return all rows of a small query; its answer is remembered unless it is about something `changing`."""
        text = query.sql(DIALECT)
        kept = None if changing else self._rows.get(text)
        if kept is None:
            with self._cursor() as cursor:
                kept = cursor.execute(text).fetchall()
            self._rows.keep(text, kept)
        return list(kept)

    def remembered(self, question: str, find: Callable[[], T], is_small: Callable[[T], bool] = lambda found: True) -> T:
        """Return what `find` found for a question about stored tables, now or, when it was small, earlier."""
        kept = self._others.get(question)
        if kept is None:
            found = find()
            if is_small(found):
                self._others.keep(question, found)
            return found
        return cast(T, kept)

    def stream(self, query: exp.Expr) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query in Arrow batches of `BATCH_ROWS`, read as they are asked for."""
        with self._cursor() as cursor:
            reader = cursor.execute(query.sql(DIALECT)).to_arrow_reader(BATCH_ROWS)
            while True:
                self._check()
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
                yield batch

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with translated():
            cursor = self._connection.cursor()
            with self._guard:
                if self._stopped:
                    cursor.close()
                    raise cancelled()
                self._cursors.add(cursor)
            try:
                yield cursor
            finally:
                with self._guard:
                    self._cursors.discard(cursor)
                cursor.close()

    def _insist(self) -> None:
        # an interrupt that arrives just before a statement starts is lost in DuckDB
        for _ in range(_INSISTENCE):
            with self._guard:
                if not self._stopped or not self._cursors:
                    return
                for cursor in self._cursors:
                    cursor.interrupt()
            time.sleep(_INSIST_SECONDS)

    def _check(self) -> None:
        with self._guard:
            if self._stopped:
                raise cancelled()
