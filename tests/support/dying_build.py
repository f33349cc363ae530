"""A bank build that kills its own process half way; runs in a process of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import duckdb

from grille.server.catalog import bank_file
from grille.server.catalog.model import BankMetadata


def die_half_way(folder: Path, key: str) -> None:
    """Begin version 1 of no.test in `folder`, write a table and die."""

    def dying(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        connection.execute("CREATE TABLE bank.COLOUR AS SELECT range::UINTEGER AS unit FROM range(5000)")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("not reached")

    bank_file.create_version(folder, "no.test", 1, key, dying)
