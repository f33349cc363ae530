"""Tables of the units of the synthetic register."""

from __future__ import annotations

import duckdb

from grille.server.catalog import unit_tables


def write_units(connection: duckdb.DuckDBPyConnection, secret: bytes) -> None:
    """Write units_PERSON and units_FAMILIE; a family has the number, key and sketch of its eldest member.

    Args:
        connection: With the tables unit_number and household.
        secret: Secret of the bank, at least 16 bytes.
    """
    unit_tables.write_units(connection, "PERSON", "SELECT unit FROM unit_number ORDER BY unit", secret)
    families = "SELECT DISTINCT family AS unit FROM household ORDER BY unit"
    unit_tables.write_units(connection, "FAMILIE", families, secret)
