"""An import makes the next version, whole or not at all; units keep their numbers, and identifiers are not kept."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import own_data
from support.dying_import import die_while_importing
from support.imports import OWN, SECRETS, rows, run_import

from grille.server.catalog import bank_file, banks
from grille.server.catalog.encrypted_duckdb import Limits
from grille.server.catalog.synthetic.build import synthesize
from grille.server.disclosure.sketch import record_keys
from grille.server.errors import InternalError, TypeMismatchError, UnknownNameError


def write(source: Path, name: str, ids: list[str], **options: Any) -> None:
    lines = [f"{one};{number};;;" for number, one in enumerate(ids)]
    own_data.write(source, name, own_data.metadata(**options), lines)


def keys_by_value(folder: Path, version: int, name: str) -> dict[float, int]:
    query = f"SELECT v.value, u.record_key FROM bank.var_{name} v JOIN bank.units_PERSON u USING (unit)"
    return dict(rows(folder, version, query))


def test_later_data_sets_are_added_replaced_and_left_out(tmp_path: Path) -> None:
    for name in ("AGE", "SCORE", "OLD"):
        write(tmp_path / "one", name, ["a", "b", "c"])
    write(tmp_path / "two", "SCORE", ["b", "d"])
    write(tmp_path / "two", "NEW", ["c"])
    first = run_import(tmp_path / "banks", tmp_path / "one")
    second = run_import(tmp_path / "banks", tmp_path / "two", remove=frozenset({"OLD"}))
    assert (first.added, first.replaced, first.kept) == (("AGE", "OLD", "SCORE"), (), ())
    assert (second.added, second.replaced, second.kept, second.removed) == (("NEW",), ("SCORE",), ("AGE",), ("OLD",))
    assert second.metadata.version == 2
    assert sorted(banks.load_metadata(tmp_path / "banks", OWN, 2).variables) == ["AGE", "NEW", "SCORE"]
    assert sorted(banks.load_metadata(tmp_path / "banks", OWN, 1).variables) == ["AGE", "OLD", "SCORE"]
    assert [len(rows(tmp_path / "banks", 2, f"FROM bank.var_{name}")) for name in ("AGE", "SCORE", "NEW")] == [3, 2, 1]


def test_a_unit_has_the_same_number_and_key_in_all_versions(tmp_path: Path) -> None:
    write(tmp_path / "one", "AGE", ["a", "b", "c"])
    write(tmp_path / "two", "AGE", ["0", "c", "zz", "b", "a"])
    run_import(tmp_path / "banks", tmp_path / "one")
    run_import(tmp_path / "banks", tmp_path / "two")
    before, after = (keys_by_value(tmp_path / "banks", version, "AGE") for version in (1, 2))
    assert (before[0], before[1], before[2]) == (after[4], after[3], after[1])
    assert len(set(after.values())) == 5


def test_persons_are_numbered_without_gaps_and_have_the_keys_and_sketches_of_any_bank(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", [f"p{number}" for number in range(500)])
    write(tmp_path / "in", "SIZE", [f"p{number}" for number in range(0, 600, 3)], unit_type="FAMILIE")
    run_import(tmp_path / "banks", tmp_path / "in")
    units = rows(tmp_path / "banks", 1, "SELECT unit, record_key, s0, s5 FROM bank.units_PERSON")
    assert [unit for unit, *_ in units] == list(range(500))
    assert [key for _, key, *_ in units] == record_keys(np.arange(500, dtype=np.uint32), SECRETS.record_secret).tolist()
    # a family has the number, and with it key and sketch, of the person whose number it is
    shared = "SELECT count(*) FROM bank.units_FAMILIE f JOIN bank.units_PERSON p ON f = p"
    assert rows(tmp_path / "banks", 1, shared.replace("f = p", "f.unit = p.unit AND f.record_key = p.record_key")) == [
        (167,)
    ]
    assert rows(tmp_path / "banks", 1, "SELECT count(*) FROM bank.units_FAMILIE") == [(200,)]


def test_units_of_other_kinds_have_other_keys_for_the_same_numbers(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", ["a", "b"])
    write(tmp_path / "in", "HOURS", ["a", "b"], unit_type="JOBB")
    run_import(tmp_path / "banks", tmp_path / "in")
    persons = rows(tmp_path / "banks", 1, "SELECT unit, record_key, s0 FROM bank.units_PERSON ORDER BY unit")
    jobs = rows(tmp_path / "banks", 1, "SELECT unit, record_key, s0 FROM bank.units_JOBB ORDER BY unit")
    assert [unit for unit, *_ in persons] == [unit for unit, *_ in jobs] == [0, 1]
    assert {key for _, *both in persons for key in both}.isdisjoint(key for _, *both in jobs for key in both)


def test_keys_lead_to_units_also_to_those_without_a_variable_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", ["anne", "bo"])
    own_data.write(tmp_path / "in", "MOTHER", own_data.metadata(values_are="PERSON"), ["anne;eva;;;", "bo; anne ;;;"])
    made = run_import(tmp_path / "banks", tmp_path / "in")
    assert made.metadata.variables["MOTHER"].value_unit_type == "PERSON"
    pairs = "SELECT c.value, m.value FROM bank.var_AGE c JOIN bank.var_MOTHER k USING (unit) LEFT JOIN bank.var_AGE m "
    assert sorted(rows(tmp_path / "banks", 1, pairs + "ON m.unit = k.value"), key=str) == [(0.0, None), (1.0, 0.0)]
    assert rows(tmp_path / "banks", 1, "SELECT count(*) FROM bank.units_PERSON") == [(3,)]


def test_no_identifier_stands_in_any_file_of_the_version(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", [f"identifier-{number}" for number in range(2000)])
    run_import(tmp_path / "banks", tmp_path / "in")
    folder = bank_file.version_folder(tmp_path / "banks", OWN, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["data.duckdb", "identifiers.duckdb", "metadata.json"]
    for path in folder.iterdir():
        assert b"identifier-1" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    held = rows(
        tmp_path / "banks", 1, "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'bank'"
    )
    assert {column for table, column in held if table == "var_AGE"} == {"unit", "value"}


def test_metadata_alone_describe_the_data_of_the_version_before(tmp_path: Path) -> None:
    codes = (own_data.code("1", "One"), own_data.code("2", "Two"))
    own_data.write(tmp_path / "one", "C", own_data.metadata(data_type="STRING", codes=codes), ["a;1;;;", "b;2;;;"])
    run_import(tmp_path / "banks", tmp_path / "one")
    better = own_data.metadata(data_type="STRING", codes=(*codes, own_data.code("3", "Three")), title="Better")
    own_data.write(tmp_path / "two", "C", better, None)
    made = run_import(tmp_path / "banks", tmp_path / "two").metadata.variables["C"]
    assert (made.title.en, len(made.codes)) == ("Better", 3)
    assert sorted(value for _, value in rows(tmp_path / "banks", 2, "FROM bank.var_C")) == ["1", "2"]
    for changed in (
        own_data.metadata(data_type="STRING", codes=codes[:1]),
        own_data.metadata(data_type="LONG"),
        own_data.metadata(data_type="STRING", temporality="STATUS"),
    ):
        own_data.write(tmp_path / "three", "C", changed, None)
        with pytest.raises(TypeMismatchError, match=r"C/C\.json"):
            run_import(tmp_path / "banks", tmp_path / "three")
    assert list(banks.list_banks(tmp_path / "banks")[OWN]) == [1, 2]


def test_coverage_and_measuring_days_come_from_the_data(tmp_path: Path) -> None:
    lines = ["a;1;2020-11-01;2020-11-01;", "b;1;2018-11-01;2018-11-01;", "b;1;2020-11-01;2020-11-01;"]
    own_data.write(tmp_path / "in", "S", own_data.metadata(temporality="STATUS"), lines)
    own_data.write(
        tmp_path / "in", "E", own_data.metadata(temporality="EVENT"), ["a;1;2019-01-01;;", "b;1;2018-05-05;2018-06-06;"]
    )
    lines = ["a;1;2018-01-01;2018-12-31;", "b;1;2019-01-01;2019-12-31;"]
    own_data.write(tmp_path / "in", "A", own_data.metadata(temporality="ACCUMULATED"), lines)
    own_data.write(tmp_path / "in", "F", own_data.metadata(), ["a;1;;2020-01-01;"])
    made = run_import(tmp_path / "banks", tmp_path / "in").metadata.variables
    assert [day.isoformat() for day in made["S"].status_dates] == ["2018-11-01", "2020-11-01"]
    assert (str(made["E"].valid_from), made["E"].valid_until) == ("2018-05-05", None)
    assert (str(made["A"].valid_from), str(made["A"].valid_until)) == ("2018-01-01", "2019-12-31")
    assert (made["F"].valid_from, made["F"].valid_until) == (None, None)


def test_a_synthetic_bank_takes_no_imports(tmp_path: Path) -> None:
    synthesize(tmp_path / "banks", OWN, 1, 1000, 1, SECRETS.bank_key, SECRETS.record_secret)
    write(tmp_path / "in", "AGE", ["a"])
    with pytest.raises(TypeMismatchError) as caught:
        run_import(tmp_path / "banks", tmp_path / "in")
    assert caught.value.reason == "BANK_NOT_IMPORTED"


def test_a_data_set_that_is_not_there_cannot_be_left_out(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", ["a"])
    with pytest.raises(UnknownNameError) as caught:
        run_import(tmp_path / "banks", tmp_path / "in", remove=frozenset({"AGES"}))
    assert caught.value.reason == "UNKNOWN_DATA_SET"


def test_a_version_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", [f"u{number}" for number in range(200_000)])
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InternalError) as folder:
        run_import(tmp_path / "file", tmp_path / "in")
    with pytest.raises(InternalError) as memory:
        run_import(tmp_path / "banks", tmp_path / "in", limits=Limits(threads=1, memory="4MB"))
    assert folder.value.reason == memory.value.reason == "BANK_NOT_WRITTEN"
    assert not (tmp_path / "banks" / OWN).exists()


def test_an_import_that_was_overtaken_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", ["a"])
    overtaken = []

    def overtake(*_: object) -> None:
        if not overtaken:
            overtaken.append(True)
            run_import(tmp_path / "banks", tmp_path / "in")

    with pytest.raises(TypeMismatchError) as caught:
        run_import(tmp_path / "banks", tmp_path / "in", progress=overtake)
    assert caught.value.reason == "BANK_CHANGED"
    assert sorted(path.name for path in (tmp_path / "banks" / OWN).iterdir()) == ["1"]


def test_a_killed_import_leaves_no_version_and_what_it_wrote_is_removed(tmp_path: Path) -> None:
    write(tmp_path / "in", "AGE", ["a"])
    process = multiprocessing.get_context("spawn").Process(
        target=die_while_importing, args=(tmp_path / "banks", tmp_path / "in")
    )
    process.start()
    process.join(60)
    assert process.exitcode == -9
    left = [path.name for path in (tmp_path / "banks" / OWN).iterdir()]
    assert [name.split("-")[0] for name in left] == [".1.partial"]
    assert banks.list_banks(tmp_path / "banks") == {}
    run_import(tmp_path / "banks", tmp_path / "in")
    assert [path.name for path in (tmp_path / "banks" / OWN).iterdir()] == ["1"]
