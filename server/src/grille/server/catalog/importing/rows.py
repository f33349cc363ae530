"""Reads a data file into a table of the scratch database: one row per line, every part parsed and its line known.

The file is read as microdata-tools reads it: UTF-8, semicolons, quotes around what holds a semicolon, five columns
(identifier, value, start, stop, reserved), blanks around identifiers and values trimmed, lines with nothing in them
passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from grille.server.catalog.encrypted_duckdb import identifier
from grille.server.catalog.importing.metadata import Described
from grille.server.catalog.importing.problems import SHOWN, Problems
from grille.server.text import Text

_COLUMNS = ("id", "value", "start", "stop", "reserved")
_BLOCK = 1 << 24
_LINES = (
    "SELECT line, trim(id, ' ') AS id, trim(value, ' ') AS value, trim(start, ' ') AS start, trim(stop, ' ') AS stop"
)

_DAY = "CAST(datediff('day', DATE '1970-01-01', TRY_CAST({0} AS DATE)) AS INTEGER)"
_DATE = f"CASE WHEN regexp_full_match({{0}}, '[0-9]{{{{4}}}}-[0-9]{{{{2}}}}-[0-9]{{{{2}}}}') THEN {_DAY} END"
_WHOLE = "CASE WHEN regexp_full_match({0}, '-?[0-9]+') THEN TRY_CAST({0} AS BIGINT) END"
_NUMBER = (
    r"CASE WHEN regexp_full_match({0}, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') "
    "AND isfinite(TRY_CAST({0} AS DOUBLE)) THEN TRY_CAST({0} AS DOUBLE) END"
)
_PARSED = {"STRING": "nullif({0}, '')", "LONG": _WHOLE, "DOUBLE": _NUMBER, "DATE": _DATE}


def scratch_table(described: Described) -> str:
    """Return the quoted name of the scratch table of a data set."""
    return f"work.{identifier(described.variable.table)}"


def read_rows(connection: duckdb.DuckDBPyConnection, described: Described, problems: Problems) -> bool:
    """Make the scratch table of a data set and tell whether its lines could be read.

    Columns: line BIGINT; id VARCHAR (null: empty or no number where one is needed); value in the type of the data set
    (null: empty or not of the type), absent BOOLEAN (the value is empty); start and stop INTEGER days (null: empty or
    no date), no_start and no_stop BOOLEAN (not empty and no date).

    Args:
        connection: With the scratch database attached as work.
        described: The data set.
        problems: Told which lines cannot be read.
    """
    files = described.files
    shown = files.told(files.data)
    table = scratch_table(described)
    name = _name("id", numeric=described.numeric_ids)
    if described.value_space is not None:
        value = _name("value", numeric=described.numeric_keys)
    else:
        value = _PARSED[described.variable.data_type].format("value")
    parsed = (
        f"SELECT line, {name} AS id, {value} AS value, value = '' AS absent, "
        f"{_DATE.format('start')} AS start, {_DATE.format('stop')} AS stop, "
        f"start <> '' AND {_DATE.format('start')} IS NULL AS no_start, "
        f"stop <> '' AND {_DATE.format('stop')} IS NULL AS no_stop "
        f"FROM ({_LINES} FROM lines WHERE NOT (id = '' AND value = '' AND start = '' AND stop = ''))"
    )
    broken: list[int] = []
    made = False
    try:
        for batch in _batches(files.data, broken):
            connection.register("lines", batch)
            connection.execute(f"INSERT INTO {table} {parsed}" if made else f"CREATE TABLE {table} AS {parsed}")
            connection.unregister("lines")
            made = True
    except pa.ArrowInvalid:
        line = _not_utf8(files.data)
        if line is None:
            text = Text(
                "a line is too long, or a quotation mark is not closed",
                "en linje er for lang, eller et anførselstegn mangler",
            )
        else:
            text = Text("the file is not UTF-8 text", "filen er ikke UTF-8-tekst")
        problems.add(shown, text, line)
        return False
    except OSError:
        problems.add(shown, Text("the file cannot be read", "filen kan ikke leses"))
        return False
    if broken:
        text = Text(
            "a line has five columns with ; between: identifier;value;start;stop;",
            "en linje har fem kolonner med ; mellom: identifikator;verdi;start;stopp;",
        )
        problems.add_lines(shown, text, broken[:SHOWN], len(broken))
        return False
    if not made or connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] == 0:
        problems.add(shown, Text("the file has no rows", "filen har ingen rader"))
        return False
    return True


def _name(column: str, *, numeric: bool) -> str:
    return f"TRY_CAST({_WHOLE.format(column)} AS VARCHAR)" if numeric else f"nullif({column}, '')"


def _batches(path: Path, broken: list[int]) -> Iterator[pa.Table]:
    """Read the lines as text, with their numbers; lines of another form are left out and noted in `broken`."""
    if path.stat().st_size == 0:
        return

    def note(row: pa_csv.InvalidRow) -> str:
        broken.append(row.number)
        return "skip"

    reader = pa_csv.open_csv(
        path,
        # one thread, so that lines have numbers; empty lines count, so that the numbers are right
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=list(_COLUMNS)),
        parse_options=pa_csv.ParseOptions(delimiter=";", ignore_empty_lines=False, invalid_row_handler=note),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(_COLUMNS, pa.string())),
    )
    last = 0
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        lines = np.arange(last + 1, last + 1 + len(batch), dtype=np.int64)
        last += len(batch)
        yield pa.Table.from_batches([batch]).append_column("line", pa.array(lines))


def _not_utf8(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None
