"""A bank version on disk: a folder with an encrypted DuckDB file and its published metadata.

`<banks>/<bank>/<version>/data.duckdb` holds one table `units_<TYPE>` per unit type (unit UINTEGER, record_key UBIGINT,
s0 to s5 UBIGINT: the sketch words) and one table per register variable, named by `RegisterVariable.table` (unit
UINTEGER; value VARCHAR, BIGINT, DOUBLE, INTEGER days for DATE or UINTEGER unit for keys; and start, stop INTEGER days
since 1970-01-01 unless FIXED; stop is null for an open spell). `metadata.json` holds published metadata alone. A
version made of imported data sets has `identifiers.duckdb` too, which no worker can open; see importing/identifiers.py.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from sqlglot import exp

from grille.server.catalog import encrypted_duckdb, metadata_json
from grille.server.catalog.model import BankMetadata
from grille.server.errors import GrilleError, InternalError, TypeMismatchError
from grille.server.text import Text

BANK_SCHEMA = "bank"
KEPT = "kept"
"""Folder that a build may make in its scratch folder: the files in it become part of the version."""
_BANK_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*\Z")
_MAX_NAME = 100


def data_path(banks: Path, bank: str, version: int) -> Path:
    """Return the encrypted database file of a bank version."""
    return version_folder(banks, bank, version) / "data.duckdb"


def metadata_path(banks: Path, bank: str, version: int) -> Path:
    """Return the metadata file of a bank version."""
    return version_folder(banks, bank, version) / "metadata.json"


def version_folder(banks: Path, bank: str, version: int) -> Path:
    """Return the folder of a bank version.

    Raises:
        TypeMismatchError: BAD_BANK_NAME unless `bank` is lower-case words joined by dots, or BAD_BANK_VERSION unless
            `version` is a positive whole number.
    """
    if not _BANK_NAME.match(bank) or len(bank) > _MAX_NAME:
        raise TypeMismatchError(
            "BAD_BANK_NAME",
            Text("This is not a bank name.", "Dette er ikke et banknavn."),
            hint=Text(
                "Use lower-case letters, digits and dots, as in no.ssb.fdb.",
                "Bruk små bokstaver, sifre og punktum, som i no.ssb.fdb.",
            ),
        )
    if version < 1:
        raise TypeMismatchError(
            "BAD_BANK_VERSION",
            Text(
                "A bank version is a whole number from 1.",
                "En bankversjon er et helt tall fra 1.",
            ),
        )
    return banks / bank / str(version)


def units_table(unit_type: str) -> str:
    """Return the name of the table with the units of a type."""
    return f"units_{unit_type}"


@contextmanager
def open_version(
    banks: Path, bank: str, version: int, key: str, limits: encrypted_duckdb.Limits | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a bank version read-only as schema `bank` of a fresh in-memory DuckDB; closed at the end.

    Raises:
        InternalError: DATABASE_FILE_UNREADABLE when the file is missing, damaged, or has another key.
    """
    connection = encrypted_duckdb.connect(limits)
    try:
        encrypted_duckdb.attach(connection, data_path(banks, bank, version), BANK_SCHEMA, key, read_only=True)
        yield connection
    finally:
        connection.close()


def create_version(
    banks: Path,
    bank: str,
    version: int,
    key: str,
    build: Callable[[duckdb.DuckDBPyConnection, Path], BankMetadata],
    limits: encrypted_duckdb.Limits | None = None,
) -> BankMetadata:
    """Create a bank version, whole or not at all.

    Everything is written to a hidden folder beside the target, flushed to disk and then renamed, so that a crash leaves
    at most a folder that no reader looks at, and that the next creation and the next start of the server remove.

    Args:
        banks: Folder of all banks.
        bank: Bank name.
        version: Version, a positive whole number that must not exist yet.
        key: Encryption key of the database file.
        build: Fills the empty schema `bank` of the connection and returns the metadata; it may keep scratch files in
            the folder that it is given, which is removed afterwards but for what is in its folder KEPT.
        limits: Resources of the DuckDB instance; spilled data go to the scratch folder when none is named.

    Returns:
        The metadata that were written.

    Raises:
        TypeMismatchError: VERSION_EXISTS when the version is there already; otherwise as `version_folder`.
    """
    target = version_folder(banks, bank, version)
    if target.exists():
        raise _exists(bank, version)
    remove_unfinished(banks)
    partial, held = _unfinished_folder(target.parent, version)
    scratch = partial / "scratch"
    try:
        scratch.mkdir(mode=0o700)
        metadata = _fill(partial, scratch, key, build, limits)
        for file in sorted((scratch / KEPT).glob("*")):
            file.rename(partial / file.name)
        shutil.rmtree(scratch)
        (partial / "metadata.json").write_text(metadata_json.dumps(metadata), encoding="utf-8")
        for file in sorted(partial.iterdir()):
            file.chmod(0o600)
            _flush(file)
        _flush(partial)
        _publish(partial, target, bank, version)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):  # the folder of the bank goes too, unless it holds other versions
            target.parent.rmdir()
        raise
    finally:
        os.close(held)
    _flush(target.parent)
    return metadata


def copy_version(source: Path, key: str, target: Path, new_key: str) -> None:
    """Copy an encrypted database file to a new one with another key, tables and their rows in the same order.

    Raises:
        InternalError: DATABASE_FILE_UNREADABLE when the file is missing, damaged, or has another key; COPY_DIFFERS
            when the copy, read again, does not hold the same rows at the same places.
    """
    connection = encrypted_duckdb.connect()
    try:
        encrypted_duckdb.attach(connection, source, BANK_SCHEMA, key, read_only=True)
        encrypted_duckdb.attach(connection, target, "copied", new_key, read_only=False)
        connection.execute(f"COPY FROM DATABASE {encrypted_duckdb.identifier(BANK_SCHEMA)} TO copied")
        connection.execute("CHECKPOINT copied")
        connection.execute("DETACH copied")
        encrypted_duckdb.attach(connection, target, "copied", new_key, read_only=True)
        if _content(connection, BANK_SCHEMA) != _content(connection, "copied"):
            raise InternalError(
                "COPY_DIFFERS",
                Text("A database file was not copied faithfully.", "En databasefil ble ikke kopiert riktig."),
            )
    finally:
        connection.close()


def _content(connection: duckdb.DuckDBPyConnection, database: str) -> list[tuple[object, ...]]:
    """Return each table with its columns, number of rows, and a sum over rows of hashes of their place and values."""
    tables = connection.execute(
        "SELECT table_name, list((column_name, data_type) ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = ? GROUP BY table_name ORDER BY table_name",
        [database],
    ).fetchall()
    found: list[tuple[object, ...]] = []
    for table, columns in tables:
        source = exp.table_(table, db="main", catalog=database, quoted=True).as_("t")
        rows = exp.select("count(*)", "sum(hash(t.rowid, t))").from_(source)
        found.append((table, columns, connection.execute(rows.sql("duckdb")).fetchone()))
    return found


def remove_unfinished(banks: Path) -> None:
    """Remove what killed creations left behind; one that still runs holds a lock on its folder and is let be."""
    for folder in banks.glob("*/.*.partial-*"):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def _unfinished_folder(parent: Path, version: int) -> tuple[Path, int]:
    """Return a new hidden folder and a descriptor that holds its lock as long as it is open, at most this process."""
    while True:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            folder = Path(tempfile.mkdtemp(prefix=f".{version}.partial-", dir=parent))
        except FileNotFoundError:
            continue  # a creation that failed removed the empty folder of the bank in this moment
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        if folder.exists():  # else another process took it for a leftover in the moment before the lock
            return folder, descriptor
        os.close(descriptor)


def _fill(
    partial: Path,
    scratch: Path,
    key: str,
    build: Callable[[duckdb.DuckDBPyConnection, Path], BankMetadata],
    limits: encrypted_duckdb.Limits | None,
) -> BankMetadata:
    limits = limits or encrypted_duckdb.Limits()
    if limits.temp_directory is None:
        limits = encrypted_duckdb.Limits(limits.threads, limits.memory, scratch / "spill")
    connection = encrypted_duckdb.connect(limits)
    try:
        encrypted_duckdb.attach(connection, partial / "data.duckdb", BANK_SCHEMA, key, read_only=False)
        metadata = build(connection, scratch)
        connection.execute(f"CHECKPOINT {encrypted_duckdb.identifier(BANK_SCHEMA)}")
        connection.execute(f"DETACH {encrypted_duckdb.identifier(BANK_SCHEMA)}")
    finally:
        connection.close()
    return metadata


def _publish(partial: Path, target: Path, bank: str, version: int) -> None:
    try:
        os.rename(partial, target)
    except OSError as error:
        # a folder that is not empty cannot be renamed onto: another process made this version first
        if target.exists():
            raise _exists(bank, version) from error
        raise


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(bank: str, version: int) -> GrilleError:
    return TypeMismatchError(
        "VERSION_EXISTS",
        Text(
            f"Version {version} of bank {bank} exists already; versions never change.",
            f"Versjon {version} av banken {bank} finnes allerede; versjoner endres aldri.",
        ),
        hint=Text("Choose a new version number.", "Velg et nytt versjonsnummer."),
    )
