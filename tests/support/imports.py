"""Imports data sets into a bank of the tests, and reads what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from grille.server.catalog import bank_file
from grille.server.catalog.importing.build import BankSecrets, Imported, import_data_sets

OWN = "no.test.own"
SECRETS = BankSecrets("k" * 64, b"r" * 32, b"i" * 32)


def run_import(banks: Path, source: Path, **options: Any) -> Imported:
    """Import the data sets in `source` as the next version of the bank no.test.own."""
    return import_data_sets(banks, OWN, source, SECRETS, **options)


def rows(banks: Path, version: int, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds in a version, which is attached as bank."""
    connection: duckdb.DuckDBPyConnection
    with bank_file.open_version(banks, OWN, version, SECRETS.bank_key) as connection:
        return connection.execute(query).fetchall()
