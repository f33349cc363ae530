"""A large bank for model benchmarks: y, eight covariates, groups; every variable fixed, one row per unit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from grille.server.catalog import bank_file
from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys
from grille.server.text import same

COVARIATES = tuple(f"X{number}" for number in range(1, 9))


def make_model_bank(home: Path, bank: str, units: int, groups: int, top: int) -> None:
    """Write version 1 of `bank` with `units` units in `groups` groups inside `top` larger ones."""
    random = np.random.default_rng(1)
    group = random.integers(0, groups, units)
    outcome = random.normal(40.0, 1.0, units) + 0.5 * random.normal(size=groups)[group]
    outcome += 0.3 * random.normal(size=top)[group % top]
    columns: dict[str, np.ndarray] = {}
    for place, name in enumerate(COVARIATES):
        columns[name] = covariate(random, place, units)
        outcome += 0.1 * place * columns[name]
    write_bank(home, bank, {**columns, "Y": outcome, "G": group.astype(np.int64), "H": (group % top).astype(np.int64)})


def covariate(random: np.random.Generator, place: int, units: int) -> np.ndarray:
    """Return a continuous column, or one of 0 and 1 at even places; float64 (units,)."""
    return random.normal(30.0, 5.0, units) if place % 2 else (random.random(units) < 0.3).astype(float)


def write_bank(home: Path, bank: str, columns: Mapping[str, np.ndarray]) -> None:
    """Write version 1 of `bank` with these columns, float64 or int64, one row per unit."""
    keys = load_keys(Home(home))
    secret = keys.record_secret(bank)

    def build(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        number = np.arange(len(next(iter(columns.values()))), dtype=np.uint32)
        sketches = sketch_columns(unit_elements(number, secret))
        table = {"unit": number, "record_key": record_keys(number, secret)}
        table |= {f"s{word}": sketches[:, word] for word in range(6)}
        _write(connection, "units_PERSON", table)
        for name, values in columns.items():
            _write(connection, name, {"unit": number, "value": values})
        variables = [_variable(one, "DOUBLE" if of.dtype == np.float64 else "LONG") for one, of in columns.items()]
        return BankMetadata(bank, 1, {one.name: one for one in variables})

    bank_file.create_version(Home(home).banks, bank, 1, keys.bank_key(bank), build)


def _write(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, np.ndarray]) -> None:
    connection.register("incoming", pa.table(columns))
    connection.execute(f'CREATE TABLE bank.main."{table}" AS SELECT * FROM incoming')
    connection.unregister("incoming")


def _variable(name: str, data_type: str) -> RegisterVariable:
    return RegisterVariable(
        name=name,
        title=same(name),
        unit_type="PERSON",
        value_unit_type=None,
        temporality="FIXED",
        data_type=data_type,  # type: ignore[arg-type]
        sensitivity="PERSON_GENERAL",
        codes=(),
        description=same(""),
        valid_from=None,
        valid_until=None,
        status_dates=(),
        table=name,
    )
