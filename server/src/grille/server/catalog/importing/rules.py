"""The rules of the format on data: identifiers, values, code lists, dates and periods, as microdata-tools has them.

microdata-tools itself stops at the first kind of error and names identifiers and values; these queries give the
lines of every kind. tests/generative/importing compares the verdicts of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from grille.server.catalog.importing.metadata import Described
from grille.server.catalog.importing.problems import SHOWN, Problems
from grille.server.catalog.importing.rows import scratch_table
from grille.server.text import Text

FIRST_DAY, LAST_DAY = -(2**15), 2**15 - 1
"""Days of start and stop: the format stores them in 16 bits (1880-04-15 to 2059-09-18)."""

_OPEN = "2147483647"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: SELECT of the lines that break it, from {table}; and what is wrong with them."""

    lines: str
    text: Text


def _where(condition: str, english: str, norwegian: str) -> Rule:
    return Rule(f"SELECT line FROM {{table}} WHERE {condition}", Text(english, norwegian))


def _repeated(what: str, english: str, norwegian: str) -> Rule:
    again = (
        f"SELECT line, row_number() OVER (PARTITION BY {what} ORDER BY line) AS nth FROM {{table}} WHERE id IS NOT NULL"
    )
    return Rule(f"SELECT line FROM ({again}) WHERE nth > 1", Text(english, norwegian))


_ALWAYS = (
    _where(
        "id IS NULL",
        "column 1 holds no identifier of the unit type",
        "kolonne 1 har ingen identifikator for enhetstypen",
    ),
    _where("absent", "column 2, the value, is empty", "kolonne 2, verdien, er tom"),
    _where("no_start", "column 3 is not a date YYYY-MM-DD", "kolonne 3 er ikke en dato ÅÅÅÅ-MM-DD"),
)
_STOP_IS_READ = _where("no_stop", "column 4 is not a date YYYY-MM-DD", "kolonne 4 er ikke en dato ÅÅÅÅ-MM-DD")
_IN_RANGE = _where(
    f"start NOT BETWEEN {FIRST_DAY} AND {LAST_DAY} OR stop NOT BETWEEN {FIRST_DAY} AND {LAST_DAY}",
    "dates lie between 1880-04-15 and 2059-09-18",
    "datoer ligger mellom 1880-04-15 og 2059-09-18",
)
_NO_OVERLAP = Rule(
    "SELECT line FROM (SELECT line, start, max(coalesce(stop, "
    + _OPEN
    + ")) OVER (PARTITION BY id ORDER BY start, line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached "
    "FROM {table} WHERE id IS NOT NULL AND start IS NOT NULL) WHERE reached >= start",
    Text(
        "the period overlaps or touches an earlier one of the same unit",
        "perioden overlapper eller berører en tidligere for samme enhet",
    ),
)
_BY_TEMPORALITY = {
    "FIXED": (
        _where(
            "start IS NOT NULL",
            "column 3 must be empty: the variable is FIXED",
            "kolonne 3 skal være tom: variabelen er FIXED",
        ),
        _repeated("id", "the unit has a value already", "enheten har allerede en verdi"),
    ),
    "STATUS": (
        _STOP_IS_READ,
        _where(
            "NOT (no_start OR no_stop) AND (start IS NULL OR stop IS NULL OR start <> stop)",
            "columns 3 and 4 must both hold the measuring day",
            "kolonne 3 og 4 skal begge ha måledagen",
        ),
        _IN_RANGE,
        _repeated("id, start", "the unit has a value on this day already", "enheten har allerede en verdi denne dagen"),
    ),
    "ACCUMULATED": (
        _STOP_IS_READ,
        _where(
            "NOT (no_start OR no_stop) AND (start IS NULL OR stop IS NULL OR start >= stop)",
            "columns 3 and 4 must hold a period, and it begins before it ends",
            "kolonne 3 og 4 skal ha en periode som begynner før den slutter",
        ),
        _IN_RANGE,
        _NO_OVERLAP,
    ),
    "EVENT": (
        _STOP_IS_READ,
        _where(
            "NOT (no_start OR no_stop) AND (start IS NULL OR start > stop)",
            "column 3 must hold a start, and column 4 no earlier stop",
            "kolonne 3 skal ha en start, og kolonne 4 ingen tidligere stopp",
        ),
        _IN_RANGE,
        _NO_OVERLAP,
    ),
}
_KINDS = {
    "LONG": Text("column 2 is not a whole number of 64 bits", "kolonne 2 er ikke et helt tall på 64 biter"),
    "DOUBLE": Text("column 2 is not a number", "kolonne 2 er ikke et tall"),
    "DATE": Text("column 2 is not a date YYYY-MM-DD", "kolonne 2 er ikke en dato ÅÅÅÅ-MM-DD"),
}
_NO_KEY = Text("column 2 holds no identifier of the unit type", "kolonne 2 har ingen identifikator for enhetstypen")
_UNREADABLE = "SELECT line FROM {table} WHERE value IS NULL AND NOT absent"
_OUTSIDE = _where(
    "value IS NOT NULL AND NOT value IN (SELECT code FROM codes)",
    "column 2 is neither in the code list nor among the missing values",
    "kolonne 2 er verken i kodelisten eller blant de manglende verdiene",
)


def check_rows(connection: duckdb.DuckDBPyConnection, described: Described, problems: Problems) -> None:
    """Add every line of the scratch table of a data set that breaks a rule."""
    variable = described.variable
    rules = [*_ALWAYS, *_BY_TEMPORALITY[variable.temporality]]
    if described.numeric_keys:
        rules.append(Rule(_UNREADABLE, _NO_KEY))
    elif variable.data_type in _KINDS:
        rules.append(Rule(_UNREADABLE, _KINDS[variable.data_type]))
    if variable.codes:
        rules.append(_OUTSIDE)
        _register_codes(connection, described)
    table, shown = scratch_table(described), described.files.told(described.files.data)
    for rule in rules:
        lines = rule.lines.format(table=table)
        found = connection.execute(
            f"SELECT line, count(*) OVER () FROM ({lines}) ORDER BY line LIMIT {SHOWN}"
        ).fetchall()
        if found:
            problems.add_lines(shown, rule.text, [line for line, _ in found], found[0][1])


def values_have_codes(connection: duckdb.DuckDBPyConnection, described: Described, table: str) -> bool:
    """Tell whether every value of a quoted `table` with a column value is in the code list, whatever the day."""
    if not described.variable.codes:
        return True
    _register_codes(connection, described)
    outside = _OUTSIDE.lines.format(table=f"(SELECT 1 AS line, value FROM {table})")
    return not connection.execute(f"{outside} LIMIT 1").fetchall()


def _register_codes(connection: duckdb.DuckDBPyConnection, described: Described) -> None:
    kind = pa.int64() if described.variable.data_type == "LONG" else pa.string()
    codes = pa.array([code.code for code in described.variable.codes], kind)
    connection.register("codes", pa.table({"code": codes}))
