"""Makes the next version of a bank: the data sets of a folder, and those of the version before that it lacks."""

from __future__ import annotations

import dataclasses
import datetime
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from grille.server.catalog import bank_file
from grille.server.catalog.banks import list_banks
from grille.server.catalog.encrypted_duckdb import Limits, attach, identifier
from grille.server.catalog.importing import identifiers
from grille.server.catalog.importing.folder import check_files, find_folders, find_packages
from grille.server.catalog.importing.metadata import Described, identifier_space, read_metadata
from grille.server.catalog.importing.packages import unpack
from grille.server.catalog.importing.problems import Problems
from grille.server.catalog.importing.rows import read_rows, scratch_table
from grille.server.catalog.importing.rules import check_rows, values_have_codes
from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.catalog.unit_tables import write_units
from grille.server.errors import InternalError, TypeMismatchError, UnknownNameError
from grille.server.text import Text

Progress = Callable[[Text, float], None]
"""Called with what is done next and the share that is done already, 0 to 1."""

_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True, slots=True, repr=False)
class BankSecrets:
    """What a bank's files are made with; never printed.

    Attributes:
        bank_key: Encryption key of the database file.
        record_secret: For record keys and sketch elements, at least 16 bytes.
        identifier_secret: For pseudonyms and their file, at least 16 bytes.
    """

    bank_key: str
    record_secret: bytes
    identifier_secret: bytes


@dataclass(frozen=True, slots=True)
class Imported:
    """A version that was made: its metadata, and names of the data sets that are new, replaced, kept and left out."""

    metadata: BankMetadata
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


def import_data_sets(
    banks: Path,
    bank: str,
    source: Path,
    keys: BankSecrets,
    *,
    private_key: Path | None = None,
    remove: frozenset[str] = frozenset(),
    progress: Progress = lambda _title, _share: None,
    limits: Limits | None = None,
) -> Imported:
    """Make the next version of a bank, whole or not at all.

    Args:
        banks: Folder of all banks.
        bank: Name of the bank; one that does not exist begins with version 1.
        source: Folder with data sets NAME/NAME.json and NAME/NAME.csv, or packages NAME.tar.
        keys: Secrets of the bank.
        private_key: Folder with the private key of packages.
        remove: Data sets of the version before to leave out.
        progress: Told what is done next.
        limits: Resources; 3 GB of memory when not given.

    Raises:
        TypeMismatchError: DATA_SETS_INVALID with every problem of all data sets; BANK_NOT_IMPORTED when the version
            before is synthetic; BANK_CHANGED when another import came first.
        UnknownNameError: FOLDER_NOT_FOUND, NO_DATA_SETS, PRIVATE_KEY_MISSING, UNKNOWN_DATA_SET.
        InternalError: BANK_NOT_WRITTEN when there is no room, memory or right to write.
    """
    bank_file.version_folder(banks, bank, 1)
    versions = list_banks(banks).get(bank, {})
    before = versions[max(versions)] if versions else None
    _check_previous(banks, bank, before, remove)
    version = before.version + 1 if before else 1
    work = _Import(banks, bank, version, before, keys, remove, progress)
    found: dict[str, Described] = {}

    def build(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        found.update(work.read(connection, scratch, source, private_key))
        return work.write(connection, scratch, found)

    try:
        made = bank_file.create_version(banks, bank, version, keys.bank_key, build, limits or Limits(memory="3GB"))
    except TypeMismatchError as error:
        if error.reason == "VERSION_EXISTS":
            raise _changed(bank) from error
        raise
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException):
        raise _not_written(bank) from None  # what DuckDB says may hold values
    old = before.variables if before else {}
    return Imported(
        made,
        added=tuple(sorted(found.keys() - old.keys())),
        replaced=tuple(sorted(found.keys() & old.keys())),
        kept=tuple(sorted(made.variables.keys() - found.keys())),
        removed=tuple(sorted(remove)),
    )


class _Import:
    """One import: what it reads into the scratch database, and what it writes into the version."""

    def __init__(
        self,
        banks: Path,
        bank: str,
        version: int,
        before: BankMetadata | None,
        keys: BankSecrets,
        remove: frozenset[str],
        progress: Progress,
    ) -> None:
        self._banks = banks
        self._bank = bank
        self._version = version
        self._old = before.variables if before else {}
        self._before = before
        self._keys = keys
        self._remove = remove
        self._progress = progress

    def read(
        self, connection: duckdb.DuckDBPyConnection, scratch: Path, source: Path, private_key: Path | None
    ) -> Mapping[str, Described]:
        """Read and check every data set; raises DATA_SETS_INVALID with all that is wrong."""
        problems = Problems()
        # the scratch tables hold what the data sets hold: encrypted under a key that is thrown away
        attach(connection, scratch / "work.duckdb", "work", secrets.token_hex(32), read_only=False)
        if self._before is not None:
            path = bank_file.data_path(self._banks, self._bank, self._before.version)
            attach(connection, path, "previous", self._keys.bank_key, read_only=True)
        folders = find_folders(source)
        packages = unpack(find_packages(source), private_key, scratch, problems)
        candidates = check_files((*folders, *packages), source, problems)
        found: dict[str, Described] = {}
        for number, files in enumerate(candidates):
            self._progress(Text(f"Reading {files.name}", f"Leser {files.name}"), 0.7 * number / len(candidates))
            described = read_metadata(files, scratch, problems)
            if described is None:
                continue
            if not files.data.is_file():
                self._check_kept_data(connection, described, problems)
            elif read_rows(connection, described, problems):
                check_rows(connection, described, problems)
            found[files.name] = described
        problems.stop()
        return found

    def write(
        self, connection: duckdb.DuckDBPyConnection, scratch: Path, found: Mapping[str, Described]
    ) -> BankMetadata:
        """Number the units, and write the tables of the version."""
        fresh = [one for one in found.values() if one.files.data.is_file()]
        self._progress(Text("Units", "Enheter"), 0.7)
        kept = scratch / bank_file.KEPT
        kept.mkdir(mode=0o700)
        earlier = self._folder_before() / identifiers.FILE if self._before else None
        secret = self._keys.identifier_secret
        identifiers.number_units(connection, fresh, secret, earlier, kept / identifiers.FILE)
        variables = {name: one for name, one in self._old.items() if name not in self._remove}
        for name, described in found.items():
            if described in fresh:
                _write_table(connection, described)
                variables[name] = _with_coverage(connection, described.variable)
            else:
                variables[name] = _with_coverage_of(described.variable, self._old[name])
        for name, variable in variables.items():
            if name not in found or found[name] not in fresh:
                table = identifier(variable.table)
                connection.execute(f"CREATE TABLE bank.{table} AS SELECT * FROM previous.{table}")
        self._progress(Text("Keys and sketches", "Nøkler og skisser"), 0.85)
        self._write_units(connection, variables)
        for name in ("work", *(["previous"] if self._before else [])):
            connection.execute(f"DETACH {name}")
        self._progress(Text("Done", "Ferdig"), 1.0)
        return BankMetadata(self._bank, self._version, variables)

    def _write_units(self, connection: duckdb.DuckDBPyConnection, variables: Mapping[str, RegisterVariable]) -> None:
        """Write a table of units for every unit type: those with a value, and those that values are."""
        columns: dict[str, set[tuple[str, str]]] = {}
        for one in variables.values():
            columns.setdefault(one.unit_type, set()).add((one.table, "unit"))
            if one.value_unit_type is not None:
                columns.setdefault(one.value_unit_type, set()).add((one.table, "value"))
        for unit_type, sources in sorted(columns.items()):
            parts = [f"SELECT {column} AS unit FROM bank.{identifier(table)}" for table, column in sorted(sources)]
            query = f"SELECT DISTINCT unit FROM ({' UNION ALL '.join(parts)}) ORDER BY unit"
            secret = identifiers.unit_secret(self._keys.record_secret, identifier_space(unit_type))
            write_units(connection, unit_type, query, secret)

    def _check_kept_data(self, connection: duckdb.DuckDBPyConnection, described: Described, problems: Problems) -> None:
        """Check that metadata without data describe the data of the version before."""
        variable, files = described.variable, described.files
        old = self._old.get(variable.name)
        if old is None or variable.name in self._remove:
            problems.add(files.told(files.data), Text("the file is missing", "filen mangler"))
            return
        same = ("unit_type", "value_unit_type", "temporality", "data_type")
        if any(getattr(variable, part) != getattr(old, part) for part in same):
            text = Text(
                "without data, unit type, temporality and data type must be those of the version before",
                "uten data må enhetstype, temporalitet og datatype være som i forrige versjon",
            )
            problems.add(files.told(files.metadata), text)
        elif not values_have_codes(connection, described, f"previous.{identifier(old.table)}"):
            text = Text(
                "the code list lacks codes that the data of the version before have",
                "kodelisten mangler koder som finnes i dataene i forrige versjon",
            )
            problems.add(files.told(files.metadata), text)

    def _folder_before(self) -> Path:
        return bank_file.version_folder(self._banks, self._bank, self._version - 1)


def _write_table(connection: duckdb.DuckDBPyConnection, described: Described) -> None:
    """Write the table of a variable, in the order of units and time."""
    variable = described.variable
    dated = variable.temporality != "FIXED"
    value = "v.unit" if described.value_space else "r.value"
    columns = f"u.unit AS unit, {value} AS value" + (", r.start AS start, r.stop AS stop" if dated else "")
    joins = "JOIN work.unit_numbers u ON u.space = $space AND u.id = r.id"
    parameters = {"space": described.space}
    if described.value_space:
        joins += " JOIN work.unit_numbers v ON v.space = $value_space AND v.id = r.value"
        parameters["value_space"] = described.value_space
    order = "u.unit, r.start" if dated else "u.unit"
    connection.execute(
        f"CREATE TABLE bank.{identifier(variable.table)} AS "
        f"SELECT {columns} FROM {scratch_table(described)} r {joins} ORDER BY {order}",
        parameters,
    )


def _with_coverage(connection: duckdb.DuckDBPyConnection, variable: RegisterVariable) -> RegisterVariable:
    """Return the variable with first and last day of its data, and its measuring days; open spells have no last day."""
    if variable.temporality == "FIXED":
        return variable
    table = f"bank.{identifier(variable.table)}"
    extent = f"SELECT min(start), max(stop), bool_or(stop IS NULL) FROM {table}"
    first, last, lasting = connection.execute(extent).fetchall()[0]
    days: tuple[datetime.date, ...] = ()
    if variable.temporality == "STATUS":
        rows = connection.execute(f"SELECT DISTINCT start FROM {table} ORDER BY start").fetchall()
        days = tuple(_day(day) for (day,) in rows)
    return dataclasses.replace(
        variable, valid_from=_day(first), valid_until=None if lasting else _day(last), status_dates=days
    )


def _with_coverage_of(variable: RegisterVariable, old: RegisterVariable) -> RegisterVariable:
    return dataclasses.replace(
        variable,
        valid_from=old.valid_from,
        valid_until=old.valid_until,
        status_dates=old.status_dates,
        table=old.table,
    )


def _day(number: int) -> datetime.date:
    return _EPOCH + datetime.timedelta(days=number)


def _check_previous(banks: Path, bank: str, before: BankMetadata | None, remove: frozenset[str]) -> None:
    if before and not (bank_file.version_folder(banks, bank, before.version) / identifiers.FILE).is_file():
        raise TypeMismatchError(
            "BANK_NOT_IMPORTED",
            Text(
                f"Version {before.version} of {bank} is synthetic: its units have no identifiers.",
                f"Versjon {before.version} av {bank} er syntetisk: enhetene har ingen identifikatorer.",
            ),
            hint=Text("Import into a bank of another name.", "Importer til en bank med et annet navn."),
        )
    known = before.variables if before else {}
    for name in sorted(remove - known.keys()):
        raise UnknownNameError(
            "UNKNOWN_DATA_SET",
            Text(f"{bank} has no data set {name} to leave out.", f"{bank} har ikke noe datasett {name} å utelate."),
        )


def _not_written(bank: str) -> InternalError:
    return InternalError(
        "BANK_NOT_WRITTEN",
        Text(
            f"The new version of {bank} could not be written; nothing was changed.",
            f"Den nye versjonen av {bank} kunne ikke skrives; ingenting er endret.",
        ),
        hint=Text(
            "See that there is room on the disk, memory, and the right to write in the home.",
            "Se etter plass på disken, minne og rett til å skrive i hjemmet.",
        ),
    )


def _changed(bank: str) -> TypeMismatchError:
    return TypeMismatchError(
        "BANK_CHANGED",
        Text(
            f"Another version of {bank} was made in the meantime.",
            f"En annen versjon av {bank} ble laget i mellomtiden.",
        ),
        hint=Text("Run the command again.", "Kjør kommandoen på nytt."),
    )
