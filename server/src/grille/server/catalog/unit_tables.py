"""Tables of units of a bank version: number, record key and sketch words."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from grille.server.catalog.bank_file import units_table
from grille.server.catalog.encrypted_duckdb import identifier
from grille.server.disclosure.sketch import WORDS, record_keys, sketch_columns, unit_elements

_CHUNK = 1 << 20

_COLUMNS = "unit UINTEGER, record_key UBIGINT, " + ", ".join(f"s{word} UBIGINT" for word in range(WORDS))


def write_units(connection: duckdb.DuckDBPyConnection, unit_type: str, query: str, secret: bytes) -> None:
    """Write the table of the units of a type.

    Args:
        connection: With the bank attached as bank.
        unit_type: Unit type.
        query: SELECT of the unit numbers as unit, in the order of storage; made of names of ours.
        secret: Secret for record keys and sketch elements, at least 16 bytes.
    """
    table = f"bank.{identifier(units_table(unit_type))}"
    connection.execute(f"CREATE TABLE {table} ({_COLUMNS})")
    units = np.ascontiguousarray(connection.execute(query).fetchnumpy()["unit"], dtype=np.uint32)
    for start in range(0, len(units), _CHUNK):
        part = units[start : start + _CHUNK]
        words = sketch_columns(unit_elements(part, secret))
        columns = {"unit": part, "record_key": record_keys(part, secret)}
        columns |= {f"s{word}": np.ascontiguousarray(words[:, word]) for word in range(WORDS)}
        connection.register("unit_part", pa.table(columns))
        connection.execute(f"INSERT INTO {table} SELECT * FROM unit_part")  # noqa: S608 (a quoted name of ours)
        connection.unregister("unit_part")
