"""Opens DuckDB with the encryption library loaded, and attaches encrypted database files."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from grille.server.errors import InternalError
from grille.server.text import Text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Limits:
    """Resources of one DuckDB instance.

    Attributes:
        threads: Worker threads; None leaves DuckDB's choice (all cores).
        memory: Memory limit as DuckDB writes it, such as "2GB"; None leaves DuckDB's choice.
        temp_directory: Folder for spilled data; None keeps everything in memory.
    """

    threads: int | None = None
    memory: str | None = None
    temp_directory: Path | None = None


def connect(limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that can read and write encrypted files and never fetches an extension by itself.

    Args:
        limits: Threads, memory and spill folder; spilled data are encrypted.

    Returns:
        A connection whose only database is an empty one in memory; external access is still on.

    Raises:
        InternalError: ENCRYPTION_UNAVAILABLE when the extension that brings OpenSSL is missing or does not load.
    """
    limits = limits or Limits()
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_file_encryption": True,
        "temp_directory": str(limits.temp_directory) if limits.temp_directory else "",
    }
    if limits.threads is not None:
        config["threads"] = limits.threads
    if limits.memory is not None:
        config["memory_limit"] = limits.memory
    connection = duckdb.connect(":memory:", config=config)
    load_encryption(connection)
    return connection


def load_encryption(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the httpfs extension of the installed wheel, which brings OpenSSL; DuckDB checks its signature.

    Raises:
        InternalError: ENCRYPTION_UNAVAILABLE when it is missing or does not load.
    """
    path = extension_path()
    try:
        connection.execute(f"LOAD {string_literal(str(path))}")
    except duckdb.Error as error:
        raise _unavailable() from error


def extension_path() -> Path:
    """Return where the installed wheel keeps the httpfs extension of the running DuckDB version.

    Raises:
        InternalError: ENCRYPTION_UNAVAILABLE when the wheel is missing or is for another DuckDB version.
    """
    found = importlib.util.find_spec("duckdb_extension_httpfs")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
        if path.is_file():
            return path
    raise _unavailable()


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, key: str, *, read_only: bool) -> None:
    """Attach the encrypted database file `path` as `name`; it is created when missing and not `read_only`.

    Args:
        connection: A connection of `connect`.
        path: Database file.
        name: Plain identifier under which its tables are addressed.
        key: Encryption key as text.
        read_only: Whether to refuse writes; several processes may then attach the file at once.

    Raises:
        InternalError: DATABASE_FILE_UNREADABLE when the file is missing, damaged, or has another key.
    """
    mode = "READ_ONLY, " if read_only else ""
    statement = f"ATTACH {string_literal(str(path))} AS {identifier(name)} ({mode}ENCRYPTION_KEY {string_literal(key)})"
    try:
        connection.execute(statement)
    except duckdb.Error:
        # DuckDB's text may repeat the statement, and with it the key: it is not chained
        raise InternalError(
            "DATABASE_FILE_UNREADABLE",
            Text(
                "An encrypted database file cannot be opened: it is missing, damaged, or has another key.",
                "En kryptert databasefil kan ikke åpnes: den mangler, er skadet eller har en annen nøkkel.",
            ),
        ) from None


def identifier(name: str) -> str:
    """Return `name` quoted as an SQL identifier; ValueError unless it is a plain ASCII name."""
    if not _NAME.match(name):
        raise ValueError("not a plain identifier")
    return f'"{name}"'


def string_literal(text: str) -> str:
    """Return `text` as an SQL string literal, for statements that take no bound parameters; refuses NUL."""
    if "\0" in text:
        raise ValueError("NUL in text")
    return "'" + text.replace("'", "''") + "'"


def _unavailable() -> InternalError:
    return InternalError(
        "ENCRYPTION_UNAVAILABLE",
        Text(
            "DuckDB's encryption library is not installed for this DuckDB version.",
            "DuckDBs krypteringsbibliotek er ikke installert for denne DuckDB-versjonen.",
        ),
        hint=Text(
            "Install duckdb and duckdb-extension-httpfs in the same version.",
            "Installer duckdb og duckdb-extension-httpfs i samme versjon.",
        ),
    )
