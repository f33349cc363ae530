"""Bank versions are made whole or not at all, never change, and are unreadable without their key."""

import datetime
import multiprocessing
import stat
from pathlib import Path

import duckdb
import pytest
from support.dying_build import die_half_way

from grille.server.catalog import bank_file, banks
from grille.server.catalog.encrypted_duckdb import attach, connect
from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.errors import InternalError, TypeMismatchError, UnknownNameError
from grille.server.text import Text

KEY = "0123456789abcdef" * 4
MARK = "plain-text-mark"


def _variable(status_dates: tuple[datetime.date, ...] = ()) -> RegisterVariable:
    return RegisterVariable(
        name="COLOUR", title=Text("Colour", "Farge"), unit_type="PERSON", value_unit_type=None, temporality="STATUS",
        data_type="STRING", sensitivity="PERSON_GENERAL", codes=(), description=Text("", ""), valid_from=None,
        valid_until=None, status_dates=status_dates, table="COLOUR",
    )  # fmt: skip


def _build(connection: duckdb.DuckDBPyConnection, _scratch: Path) -> BankMetadata:
    connection.execute(
        "CREATE TABLE bank.COLOUR AS SELECT range::UINTEGER AS unit, $m AS value FROM range(5000)", {"m": MARK}
    )
    return BankMetadata("no.test", 1, {"COLOUR": _variable()})


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_version_can_be_read_with_its_key(tmp_path: Path) -> None:
    made = bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    assert banks.load_metadata(tmp_path, "no.test", 1) == made
    with bank_file.open_version(tmp_path, "no.test", 1, KEY) as connection:
        assert connection.execute("SELECT count(*), min(value) FROM bank.COLOUR").fetchone() == (5000, MARK)
        with pytest.raises(duckdb.Error):
            connection.execute("DELETE FROM bank.COLOUR")


def test_another_key_opens_nothing_and_no_key_is_told(tmp_path: Path) -> None:
    bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    with pytest.raises(InternalError) as caught, bank_file.open_version(tmp_path, "no.test", 1, "f" * 64):
        pass
    assert caught.value.reason == "DATABASE_FILE_UNREADABLE"
    assert "ffff" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_value_and_no_table_name_stands_in_the_file(tmp_path: Path) -> None:
    bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    written = bank_file.data_path(tmp_path, "no.test", 1).read_bytes()
    assert MARK.encode() not in written
    assert b"COLOUR" not in written
    # control: the same tables in a file without encryption show both
    plain = tmp_path / "plain.duckdb"
    with duckdb.connect(str(plain)) as connection:
        connection.execute("CREATE TABLE COLOUR AS SELECT $m AS value FROM range(5000)", {"m": MARK})
    assert MARK.encode() in plain.read_bytes()
    assert b"COLOUR" in plain.read_bytes()


def test_files_and_folders_are_the_owners_alone(tmp_path: Path) -> None:
    bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    folder = bank_file.version_folder(tmp_path, "no.test", 1)
    assert [path.name for path in sorted(folder.iterdir())] == ["data.duckdb", "metadata.json"]
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_version_never_changes(tmp_path: Path) -> None:
    bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    before = bank_file.data_path(tmp_path, "no.test", 1).read_bytes()
    with pytest.raises(TypeMismatchError) as caught:
        bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    assert caught.value.reason == "VERSION_EXISTS"
    assert bank_file.data_path(tmp_path, "no.test", 1).read_bytes() == before


def test_of_two_makers_of_one_version_the_second_is_refused(tmp_path: Path) -> None:
    def slow(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
        return _build(connection, scratch)

    with pytest.raises(TypeMismatchError) as caught:
        bank_file.create_version(tmp_path, "no.test", 1, KEY, slow)
    assert caught.value.reason == "VERSION_EXISTS"
    assert _files(tmp_path) == ["no.test", "no.test/1", "no.test/1/data.duckdb", "no.test/1/metadata.json"]


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path) -> None:
    def failing(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        (scratch / "notes").write_text("x")
        _build(connection, scratch)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        bank_file.create_version(tmp_path, "no.test", 1, KEY, failing)
    assert _files(tmp_path) == []
    assert banks.list_banks(tmp_path) == {}


def test_a_killed_build_is_never_seen_as_a_version(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=die_half_way, args=(tmp_path, KEY))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    assert any(name.startswith("no.test/.1.partial") for name in _files(tmp_path))
    assert banks.list_banks(tmp_path) == {}
    bank_file.create_version(tmp_path, "no.test", 1, KEY, _build)
    assert list(banks.list_banks(tmp_path)["no.test"]) == [1]
    assert [name for name in _files(tmp_path) if "partial" in name] == []


def test_what_a_killed_build_left_is_removed_but_not_what_is_being_built(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=die_half_way, args=(tmp_path, KEY))
    process.start()
    process.join(60)
    seen: list[list[str]] = []

    def build(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        bank_file.remove_unfinished(tmp_path)
        seen.append([path.name for path in (tmp_path / "no.test").iterdir()])
        return _build(connection, scratch)

    bank_file.create_version(tmp_path, "no.test", 2, KEY, build)
    assert len(seen[0]) == 1
    assert seen[0][0].startswith(".2.partial")


def test_versions_are_listed_in_numeric_order(tmp_path: Path) -> None:
    for version in (10, 9):
        bank_file.create_version(tmp_path, "no.test", version, KEY, _build)
    bank_file.create_version(tmp_path, "no.other", 1, KEY, _build)
    listed = banks.list_banks(tmp_path)
    assert list(listed) == ["no.other", "no.test"]
    assert list(listed["no.test"]) == [9, 10]


def test_a_folder_that_does_not_exist_holds_no_banks(tmp_path: Path) -> None:
    assert banks.list_banks(tmp_path / "missing") == {}


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A.b", "a..b", ".a", "a b", "x" * 101, "a\n"])
def test_names_that_could_be_paths_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        bank_file.version_folder(tmp_path, name, 1)
    assert caught.value.reason == "BAD_BANK_NAME"


@pytest.mark.parametrize("version", [0, -1])
def test_versions_start_at_one(tmp_path: Path, version: int) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        bank_file.version_folder(tmp_path, "no.test", version)
    assert caught.value.reason == "BAD_BANK_VERSION"


def test_a_version_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        banks.load_metadata(tmp_path, "no.test", 3)
    assert caught.value.reason == "UNKNOWN_BANK_VERSION"


def test_the_nearest_status_dates_are_proposed_in_order() -> None:
    days = tuple(datetime.date(year, 1, 1) for year in range(2010, 2021))
    near = banks.nearest_dates(_variable(days), datetime.date(2015, 3, 1))
    assert near == (datetime.date(2014, 1, 1), datetime.date(2015, 1, 1), datetime.date(2016, 1, 1))
    assert banks.nearest_dates(_variable(days), datetime.date(1900, 1, 1), 1) == (datetime.date(2010, 1, 1),)
    assert banks.nearest_dates(_variable(()), datetime.date(2015, 3, 1)) == ()


def test_near_names_ignore_letter_case() -> None:
    known = ["INNTEKT_LONN", "INNTEKT_WLONN", "NUDB_BU"]
    assert banks.near_names("inntekt_lon", known)[0] == "INNTEKT_LONN"
    assert banks.near_names("zzzz", known) == ()


def test_a_quote_in_a_path_or_key_is_only_text(tmp_path: Path) -> None:
    path = tmp_path / "it's.duckdb"
    with connect() as connection:
        attach(connection, path, "b", "k'ey", read_only=False)
        connection.execute("CREATE TABLE b.t AS SELECT 1 AS v")
        connection.execute("DETACH b")
        attach(connection, path, "b", "k'ey", read_only=True)
        assert connection.execute("SELECT v FROM b.t").fetchall() == [(1,)]
