"""Numbers the units: identifiers become pseudonyms by a keyed hash, and pseudonyms numbers that never change.

The identifiers themselves are not kept. `identifiers.duckdb` in the folder of a version holds pseudonyms and numbers,
under a key of its own that no worker gets; the next version goes on from it, so that a unit has the same number,
record key and sketch in all versions.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from grille.server.catalog.encrypted_duckdb import attach
from grille.server.catalog.importing.metadata import Described
from grille.server.catalog.importing.rows import scratch_table

FILE = "identifiers.duckdb"

_CHUNK = 1 << 18
_DIGEST = 16


def file_key(secret: bytes) -> str:
    """Return the database key of the identifier files of a bank."""
    return hmac.new(secret, b"file", hashlib.sha256).hexdigest()


def number_units(
    connection: duckdb.DuckDBPyConnection,
    data_sets: Iterable[Described],
    secret: bytes,
    previous: Path | None,
    to: Path,
) -> None:
    """Make work.unit_numbers (space, id, unit) of all identifiers in the scratch tables, and the file of the version.

    New units get the numbers after the known ones, persons before others with the same kind of identifier, so that
    the persons of a first version are 0, 1, 2, ...

    Args:
        connection: With the scratch database attached as work.
        data_sets: The data sets that were read.
        secret: Identifier secret of the bank.
        previous: Identifier file of the version before, or None.
        to: File to write.

    Raises:
        InternalError: DATABASE_FILE_UNREADABLE.
    """
    attach(connection, to, "identifiers", file_key(secret), read_only=False)
    connection.execute("CREATE TABLE identifiers.units (space VARCHAR, pseudonym BLOB, unit UINTEGER)")
    if previous is not None:
        attach(connection, previous, "earlier", file_key(secret), read_only=True)
        connection.execute("INSERT INTO identifiers.units SELECT space, pseudonym, unit FROM earlier.units")
        connection.execute("DETACH earlier")
    connection.execute("CREATE TABLE work.met (space VARCHAR, id VARCHAR, later BOOLEAN)")
    for one in data_sets:
        person = one.variable.unit_type == "PERSON"
        _meet(connection, one, "id", one.space, later=not person)
        if one.value_space is not None:
            _meet(connection, one, "value", one.value_space, later=one.variable.value_unit_type != "PERSON")
    connection.execute(
        "CREATE TABLE work.names AS SELECT space, id, min(later) AS later FROM work.met GROUP BY space, id"
    )
    _write_pseudonyms(connection, secret)
    connection.execute(
        "CREATE TABLE work.fresh AS SELECT p.space, p.pseudonym, "
        "row_number() OVER (PARTITION BY p.space ORDER BY n.later, p.pseudonym) - 1 "
        "+ coalesce((SELECT max(k.unit) + 1 FROM identifiers.units k WHERE k.space = p.space), 0) AS unit "
        "FROM work.pseudonyms p JOIN work.names n ON n.space = p.space AND n.id = p.id "
        "WHERE NOT EXISTS (SELECT 1 FROM identifiers.units k WHERE k.space = p.space AND k.pseudonym = p.pseudonym)"
    )
    connection.execute("INSERT INTO identifiers.units SELECT space, pseudonym, unit FROM work.fresh")
    connection.execute(
        "CREATE TABLE work.unit_numbers AS SELECT p.space, p.id, k.unit "
        "FROM work.pseudonyms p JOIN identifiers.units k ON k.space = p.space AND k.pseudonym = p.pseudonym"
    )
    connection.execute("CHECKPOINT identifiers")
    connection.execute("DETACH identifiers")


def _meet(connection: duckdb.DuckDBPyConnection, one: Described, column: str, space: str, *, later: bool) -> None:
    connection.execute(
        f"INSERT INTO work.met SELECT DISTINCT $space, {column}, $later FROM {scratch_table(one)}",
        {"space": space, "later": later},
    )


def _write_pseudonyms(connection: duckdb.DuckDBPyConnection, secret: bytes) -> None:
    key = hmac.new(secret, b"pseudonym", hashlib.sha256).digest()
    connection.execute("CREATE TABLE work.pseudonyms (space VARCHAR, id VARCHAR, pseudonym BLOB)")
    count = connection.execute("SELECT count(*) FROM work.names").fetchall()[0][0]
    for start in range(0, count, _CHUNK):
        part = connection.execute(
            "SELECT space, id FROM work.names WHERE rowid >= $start AND rowid < $end",
            {"start": start, "end": start + _CHUNK},
        ).fetchall()
        hashed = [
            hashlib.blake2b(f"{space};{name}".encode(), digest_size=_DIGEST, key=key).digest() for space, name in part
        ]
        columns = {
            "space": pa.array([space for space, _ in part], pa.string()),
            "id": pa.array([name for _, name in part], pa.string()),
            "pseudonym": pa.array(hashed, pa.binary()),
        }
        connection.register("hashed", pa.table(columns))
        connection.execute("INSERT INTO work.pseudonyms SELECT space, id, pseudonym FROM hashed")
        connection.unregister("hashed")


def unit_secret(record_secret: bytes, space: str) -> bytes:
    """Return the secret for record keys and sketches of units with one kind of identifier.

    Persons and families have the bank's own, and so a family the key of the person whose number it has; other kinds
    have theirs, so that no set of jobs is taken for a set of persons.
    """
    if space == "FNR":
        return record_secret
    return hmac.new(record_secret, f"units {space}".encode(), hashlib.sha256).digest()
