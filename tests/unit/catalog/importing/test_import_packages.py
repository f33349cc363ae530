"""Packages are opened with their key, out of sight, and only when they hold what packages hold."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from microdata_tools import PrivateKey, package_dataset
from support import own_data
from support.imports import rows, run_import

from grille.server.errors import TypeMismatchError, UnknownNameError


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    made = PrivateKey.generate()
    made.write_to_file(folder)
    made.public_key().write_to_file(folder)
    return folder


def package(tmp_path: Path, keys: Path, name: str, lines: list[str] | None) -> Path:
    out = tmp_path / "in"
    out.mkdir(exist_ok=True)
    package_dataset(keys, own_data.write(tmp_path / "plain", name, own_data.metadata(), lines), out)
    return out


def test_packages_and_folders_are_imported_together(tmp_path: Path, keys: Path) -> None:
    source = package(tmp_path, keys, "AGE", ["a;1;;;", "b;2;;;"])
    own_data.write(source, "SCORE", own_data.metadata(), ["b;3;;;"])
    made = run_import(tmp_path / "banks", source, private_key=keys)
    assert made.added == ("AGE", "SCORE")
    assert rows(
        tmp_path / "banks", 1, "SELECT a.value, s.value FROM bank.var_AGE a JOIN bank.var_SCORE s USING (unit)"
    ) == [(2.0, 3.0)]
    # nothing was unpacked beside the package, and nothing decrypted is left
    assert sorted(path.name for path in source.iterdir()) == ["AGE.tar", "SCORE"]
    left = sorted(path.name for path in (tmp_path / "banks").rglob("*") if path.is_file())
    assert left == ["data.duckdb", "identifiers.duckdb", "metadata.json"]


def test_a_package_of_metadata_alone_is_opened_too(tmp_path: Path, keys: Path) -> None:
    run_import(tmp_path / "banks", package(tmp_path, keys, "AGE", ["a;1;;;"]), private_key=keys)
    (tmp_path / "in" / "AGE.tar").unlink()
    (tmp_path / "plain" / "AGE" / "AGE.csv").unlink()
    made = run_import(tmp_path / "banks", package(tmp_path, keys, "AGE", None), private_key=keys)
    assert (made.metadata.version, made.replaced) == (2, ("AGE",))


def test_without_the_right_key_nothing_is_imported(tmp_path: Path, keys: Path) -> None:
    source = package(tmp_path, keys, "AGE", ["a;1;;;"])
    with pytest.raises(UnknownNameError) as missing:
        run_import(tmp_path / "banks", source)
    assert missing.value.reason == "PRIVATE_KEY_MISSING"
    PrivateKey.generate().write_to_file(keys)
    with pytest.raises(TypeMismatchError, match=r"AGE\.tar: the package cannot be opened"):
        run_import(tmp_path / "banks", source, private_key=keys)


@pytest.mark.parametrize("member", ["../outside.json", "/tmp/outside", "AGE.json/../x", "chunks/x.csv.encr", "link"])
def test_a_package_that_reaches_out_is_not_unpacked(tmp_path: Path, keys: Path, member: str) -> None:
    source = package(tmp_path, keys, "AGE", ["a;1;;;"])
    with tarfile.open(source / "AGE.tar", "a") as archive:
        info = tarfile.TarInfo(member)
        if member == "link":
            info.type, info.linkname = tarfile.SYMTYPE, "/etc"
        info.size = 0
        archive.addfile(info, io.BytesIO())
    with pytest.raises(TypeMismatchError, match=r"AGE\.tar: the package is damaged or holds foreign files"):
        run_import(tmp_path / "banks", source, private_key=keys)
    assert not (tmp_path / "outside.json").exists()


def test_a_file_that_is_no_package_is_told(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "AGE.tar").write_bytes(b"no archive")
    with pytest.raises(TypeMismatchError, match=r"AGE\.tar: the package is damaged"):
        run_import(tmp_path / "banks", tmp_path / "in", private_key=keys)
