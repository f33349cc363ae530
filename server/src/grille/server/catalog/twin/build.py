"""Makes the synthetic twin of a bank version. Takes its published metadata and nothing else of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from grille.server.catalog import bank_file
from grille.server.catalog.encrypted_duckdb import Limits, identifier
from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.catalog.twin.hints import hint_of
from grille.server.catalog.twin.periods import parts
from grille.server.catalog.twin.units import Units, draw_units, sizes
from grille.server.catalog.twin.values import draw_scores, values_on
from grille.server.catalog.unit_tables import write_units
from grille.server.errors import TypeMismatchError
from grille.server.text import Text

UNITS = 20_000
LEAST_UNITS, MOST_UNITS = 2_000, 1_000_000


def make_twin(
    twins: Path,
    metadata: BankMetadata,
    twin_key: str,
    record_secret: bytes,
    *,
    units: int = UNITS,
    limits: Limits | None = None,
) -> BankMetadata:
    """Make the twin of a bank version: the same variables, types, days, code lists and validity, invented values.

    The content depends on the metadata and the number of units alone, so two homes with the same documentation have the
    same twin; record keys and sketches on the secret too, which must not be the bank's.

    Args:
        twins: Folder of all twins.
        metadata: Published metadata of the bank version.
        twin_key: Encryption key of the twin's database file.
        record_secret: Secret of the twin for record keys and sketch elements, at least 16 bytes.
        units: Number of persons, 2 000 to 1 million.
        limits: Resources; 1 GB of memory when not given.

    Returns:
        The metadata of the twin.

    Raises:
        TypeMismatchError: BAD_REGISTER_SIZE; otherwise as `bank_file.create_version`.
    """
    if not LEAST_UNITS <= units <= MOST_UNITS:
        raise TypeMismatchError(
            "BAD_REGISTER_SIZE",
            Text(
                f"A synthetic twin has {LEAST_UNITS} to {MOST_UNITS} persons.",
                f"En syntetisk tvilling har {LEAST_UNITS} til {MOST_UNITS} personer.",
            ),
        )

    def build(connection: duckdb.DuckDBPyConnection, _scratch: Path) -> BankMetadata:
        _fill(connection, metadata, record_secret, units)
        return replace(metadata, twin=True)

    return bank_file.create_version(
        twins, metadata.name, metadata.version, twin_key, build, limits or Limits(memory="1GB", threads=1)
    )


def _fill(connection: duckdb.DuckDBPyConnection, metadata: BankMetadata, secret: bytes, units: int) -> None:
    counts = sizes(metadata.variables.values(), units)
    drawn = {name: draw_units(count, _random(metadata.name, name)) for name, count in counts.items()}
    for name in sorted(metadata.variables):
        _write_variable(connection, metadata.variables[name], drawn, _random(metadata.name, name))
    for unit_type, count in counts.items():
        # numbers of different types must not share keys
        own = hashlib.sha256(secret + unit_type.encode()).digest()
        query = f"SELECT range::UINTEGER AS unit FROM range({count})"  # noqa: S608 (a number of ours)
        write_units(connection, unit_type, query, own)


def _write_variable(
    connection: duckdb.DuckDBPyConnection,
    variable: RegisterVariable,
    drawn: Mapping[str, Units],
    random: np.random.Generator,
) -> None:
    units, hint = drawn[variable.unit_type], hint_of(variable)
    targets = drawn[variable.value_unit_type].count if variable.value_unit_type is not None else 0
    scores = draw_scores(units, random)
    table = f"{identifier(bank_file.BANK_SCHEMA)}.{identifier(variable.table)}"
    dated = variable.temporality != "FIXED"
    kind = (
        "UINTEGER"
        if targets
        else {"STRING": "VARCHAR", "LONG": "BIGINT", "DOUBLE": "DOUBLE", "DATE": "INTEGER"}[variable.data_type]
    )
    days = ", start INTEGER, stop INTEGER" if dated else ""
    connection.execute(f"CREATE TABLE {table} (unit UINTEGER, value {kind}{days})")
    for part in parts(variable, units.count, random):
        value = values_on(variable, hint, scores, part.units, part.day, targets, random)
        columns = {"unit": pa.array(part.units.astype(np.uint32)), "value": value}
        if dated:
            columns["start"] = pa.array(part.start)
            columns["stop"] = pa.array(part.stop, from_pandas=True).cast(pa.int32())
        connection.register("twin_part", pa.table(columns))
        connection.execute(f"INSERT INTO {table} SELECT * FROM twin_part")  # noqa: S608 (a quoted name of ours)
        connection.unregister("twin_part")


def _random(bank: str, what: str) -> np.random.Generator:
    digest = hashlib.sha256(f"grille twin 1 {bank} {what}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
