"""Makes a version of a bank out of the topics of the synthetic register."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from grille.server.catalog import bank_file
from grille.server.catalog.encrypted_duckdb import Limits, attach
from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.catalog.synthetic import draws
from grille.server.catalog.synthetic.calendar import Years
from grille.server.catalog.synthetic.registry import PREPARATIONS, VARIABLES
from grille.server.catalog.synthetic.units import write_units
from grille.server.errors import TypeMismatchError
from grille.server.text import Text

Progress = Callable[[Text, float], None]
"""Called with what is done next and the share that is done already, 0 to 1."""

LEAST_PERSONS = 1_000
MOST_PERSONS = 50_000_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a synthetic register is made of.

    Attributes:
        persons: Number of persons.
        seed: The same seed and size give the same register.
        years: Years of the yearly variables.
    """

    persons: int
    seed: int
    years: Years


def synthesize(
    target_dir: Path,
    bank: str,
    version: int,
    persons: int,
    seed: int,
    bank_key: str,
    record_secret: bytes,
    progress: Progress | None = None,
    *,
    years: Years | None = None,
    limits: Limits | None = None,
) -> BankMetadata:
    """Make a version of a bank with invented persons.

    The content of every table depends on persons, seed and years alone; record keys and sketch words on the secret too.

    Args:
        target_dir: Folder of all banks.
        bank: Bank name, such as no.ssb.fdb.
        version: Version, which must not exist yet.
        persons: Number of persons, 1 000 to 50 million.
        seed: Seed, a whole number.
        bank_key: Encryption key of the database file.
        record_secret: Secret of the bank for record keys and sketch elements, at least 16 bytes.
        progress: Told what is done next.
        years: Years of the yearly variables; 2015 to 2024 when not given.
        limits: Resources; 3 GB of memory when not given.

    Returns:
        The metadata of the version.

    Raises:
        TypeMismatchError: BAD_REGISTER_SIZE; otherwise as `bank_file.create_version`.
    """
    if not LEAST_PERSONS <= persons <= MOST_PERSONS:
        raise TypeMismatchError(
            "BAD_REGISTER_SIZE",
            Text(
                f"A synthetic register has {LEAST_PERSONS} to {MOST_PERSONS} persons.",
                f"Et syntetisk register har {LEAST_PERSONS} til {MOST_PERSONS} personer.",
            ),
        )
    recipe = Recipe(persons, seed, years or Years())

    def build(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        variables = _fill(connection, scratch, recipe, record_secret, progress or _silent)
        return BankMetadata(bank, version, {variable.name: variable for variable in variables})

    return bank_file.create_version(target_dir, bank, version, bank_key, build, limits or Limits(memory="3GB"))


def _fill(
    connection: duckdb.DuckDBPyConnection, scratch: Path, recipe: Recipe, record_secret: bytes, progress: Progress
) -> list[RegisterVariable]:
    # the scratch tables are personal data of a kind too: encrypted under a key that is thrown away
    attach(connection, scratch / "work.duckdb", "work", secrets.token_hex(32), read_only=False)
    connection.execute("USE work")
    draws.install(connection, recipe.seed)
    connection.execute(
        "CREATE TABLE unit_number AS SELECT range::UINTEGER AS unit FROM range($n)", {"n": recipe.persons}
    )
    steps = len(PREPARATIONS) + len(VARIABLES) + 1
    done = 0
    for preparation in PREPARATIONS:
        progress(preparation.title, done / steps)
        preparation.run(connection, recipe.years, recipe.seed)
        done += 1
    variables = []
    for definition in VARIABLES:
        variable = definition.describe(recipe.years)
        progress(variable.title, done / steps)
        definition.write(connection, recipe.years)
        variables.append(variable)
        done += 1
    progress(Text("Units", "Enheter"), done / steps)
    write_units(connection, record_secret)
    connection.execute("USE memory")
    connection.execute("DETACH work")
    progress(Text("Done", "Ferdig"), 1.0)
    return variables


def _silent(_title: Text, _share: float) -> None:
    return None
