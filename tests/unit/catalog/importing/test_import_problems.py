"""Every problem of every data set is told at once, with its file and line, and never with a value or an identifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import own_data
from support.imports import rows, run_import

from grille.server.errors import TypeMismatchError, UnknownNameError
from grille.server.text import Language


def problems(banks: Path, source: Path, **options: Any) -> list[str]:
    with pytest.raises(TypeMismatchError) as caught:
        run_import(banks, source, **options)
    assert caught.value.reason == "DATA_SETS_INVALID"
    first, *lines = caught.value.message.in_language(Language.ENGLISH).split("\n")
    assert first == f"Nothing was imported; problems in the data sets: {len(lines)}"
    assert len(caught.value.message.in_language(Language.NORWEGIAN).split("\n")) == len(lines) + 1
    assert not (banks / "no.test.own").exists()
    return [line.strip() for line in lines]


def test_all_data_sets_are_looked_through_before_anything_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in"
    own_data.write(source, "FIRST", own_data.metadata(), ["secret1;1;;;", "secret2;x77;;;", "secret1;3;;;"])
    own_data.write(source, "SECOND", '{\n "temporalityType": "FIXED",\n oops', ["a;1;;;"])
    own_data.write(source, "THIRD", own_data.metadata(), None)
    own_data.write(source, "Fourth", own_data.metadata(), ["a;1;;;"])
    own_data.write(source, "FIFTH", own_data.metadata(), ["a;1;;;"])
    found = problems(tmp_path / "banks", source)
    assert found == [
        "Fourth: a data set's name has A-Z, 0-9 and _, begins with a letter and has at most 100 characters",
        "FIRST/FIRST.csv:2: column 2 is not a number",
        "FIRST/FIRST.csv:3: the unit has a value already",
        "SECOND/SECOND.json:3: not JSON: Expecting property name enclosed in double quotes",
        "THIRD/THIRD.csv: the file is missing",
    ]
    assert "secret" not in " ".join(found)
    assert "x77" not in " ".join(found)


@pytest.mark.parametrize(
    "changes,told",
    [
        ({"temporalityType": "SOMETIMES"}, "temporalityType: Input should be 'FIXED', 'STATUS'"),
        ({"sensitivityLevel": None}, "sensitivityLevel: Input should be 'PERSON_GENERAL'"),
        ({"subjectFields": []}, "subjectFields: List should have at least 1 item"),
        ({"identifierVariables": [{"unitType": "DRAGON"}]}, "identifierVariables.0.unitType: Input should be"),
    ],
)
def test_a_fault_in_metadata_is_at_its_line(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    document = {**own_data.metadata(), **changes}
    place = own_data.write(tmp_path / "in", "SUBJECT", document, ["a;1;;;"])
    (only,) = problems(tmp_path / "banks", tmp_path / "in")
    file, number, text = only.split(":", 2)
    assert file == "SUBJECT/SUBJECT.json"
    assert text.strip().startswith(told)
    key = told.split(":")[0].split(".")[-1]
    written = (place / "SUBJECT.json").read_text().splitlines()
    assert int(number) == next(at for at, one in enumerate(written, 1) if f'"{key}"' in one)


def test_parts_that_are_missing_or_misplaced_are_told_and_not_stumbled_over(tmp_path: Path) -> None:
    whole = own_data.metadata()
    for name in whole:
        own_data.write(tmp_path / "in", f"WITHOUT_{name.upper()}", {k: v for k, v in whole.items() if k != name}, [])
    for name, value in (("A_TEXT", "text"), ("A_LIST", []), ("A_NUMBER", 1)):
        own_data.write(tmp_path / "in", name, json.dumps(value), ["a;1;;;"])
    codes = own_data.metadata(data_type="STRING", codes=({"code": "1"},))
    own_data.write(tmp_path / "in", "CODE_WITHOUT_DATES", codes, ["a;1;;;"])
    mixed = own_data.metadata(data_type="LONG", codes=(own_data.code("1", "One"),))
    own_data.write(tmp_path / "in", "CODE_OF_ANOTHER_TYPE", mixed, ["a;1;;;"])
    twice = own_data.metadata(data_type="STRING", codes=(own_data.code("1", "One"), own_data.code("1", "Uno")))
    own_data.write(tmp_path / "in", "CODE_TWICE", twice, ["a;1;;;"])
    found = problems(tmp_path / "banks", tmp_path / "in")
    for place in (tmp_path / "in").iterdir():
        assert any(one.startswith(f"{place.name}/{place.name}.json") for one in found), place.name


PERIODS = {
    "EVENT": "2020-01-01;2020-12-31;",
    "ACCUMULATED": "2020-01-01;2020-12-31;",
    "STATUS": "2020-01-01;2020-01-01;",
}


@pytest.mark.parametrize(
    "temporality,lines,line,told",
    [
        ("FIXED", ["a;1;;;", ";2;;;"], 2, "column 1 holds no identifier"),
        ("FIXED", ["a;1;;;", "b;;;;"], 2, "column 2, the value, is empty"),
        ("FIXED", ["a;1;;;", "", "b;2;2020-01-01;;"], 3, "column 3 must be empty"),
        ("FIXED", ["a;1;;;", "", "b;2"], 3, "a line has five columns"),
        ("STATUS", ["a;1;2020-01-01;2020-01-01;", "b;1;2020-01-01;2020-01-02;"], 2, "columns 3 and 4 must both"),
        ("STATUS", ["a;1;2020-01-01;2020-01-01;", "b;1;;;"], 2, "columns 3 and 4 must both"),
        (
            "STATUS",
            ["a;1;2020-01-01;2020-01-01;", "a;2;2020-01-01;2020-01-01;"],
            2,
            "the unit has a value on this day already",
        ),
        ("ACCUMULATED", ["a;1;2020-12-31;2020-01-01;"], 1, "columns 3 and 4 must hold a period"),
        ("ACCUMULATED", ["a;1;2020-01-01;2020-12-31;", "a;1;2020-12-31;2021-12-31;"], 2, "the period overlaps"),
        ("EVENT", ["a;1;2020-01-01;;", "b;1;;2020-01-01;"], 2, "column 3 must hold a start"),
        ("EVENT", ["a;1;2020-01-01;;", "a;1;2021-01-01;;"], 2, "the period overlaps"),
        ("EVENT", ["a;1;2020-01-01;2020-02-30;"], 1, "column 4 is not a date"),
        ("EVENT", ["a;1;01.01.2020;;"], 1, "column 3 is not a date"),
        ("EVENT", ["a;1;2060-01-01;;"], 1, "dates lie between"),
    ],
)
def test_a_fault_in_data_is_at_its_line(
    tmp_path: Path, temporality: str, lines: list[str], line: int, told: str
) -> None:
    own_data.write(tmp_path / "in", "SUBJECT", own_data.metadata(temporality=temporality), lines)
    found = problems(tmp_path / "banks", tmp_path / "in")
    assert any(one.startswith(f"SUBJECT/SUBJECT.csv:{line}: {told}") for one in found), found


def test_values_outside_the_code_list_are_found_but_sentinels_are_in_it(tmp_path: Path) -> None:
    document = own_data.metadata(data_type="LONG", codes=(own_data.code(1, "One"),), missing=((99, "Unknown"),))
    own_data.write(tmp_path / "in", "SUBJECT", document, ["a;1;;;", "b;99;;;", "c;2;;;"])
    assert problems(tmp_path / "banks", tmp_path / "in") == [
        "SUBJECT/SUBJECT.csv:3: column 2 is neither in the code list nor among the missing values"
    ]


def test_of_many_lines_fifty_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    own_data.write(tmp_path / "in", "SUBJECT", own_data.metadata(), [f"u{number};x;;;" for number in range(70)])
    found = problems(tmp_path / "banks", tmp_path / "in")
    assert len(found) == 51
    assert found[-1] == "SUBJECT/SUBJECT.csv: and 20 more lines: column 2 is not a number"


def test_a_file_that_is_not_text_is_told_with_its_line(tmp_path: Path) -> None:
    place = own_data.write(tmp_path / "in", "SUBJECT", own_data.metadata(data_type="STRING"), ["a;1;;;"])
    with (place / "SUBJECT.csv").open("ab") as file:
        file.write(b"b;bl\xe5;;;\n")
    own_data.write(tmp_path / "in", "EMPTY", own_data.metadata(), [])
    own_data.write(tmp_path / "in", "BLANK", own_data.metadata(), ["", ""])
    latin = own_data.write(tmp_path / "in", "LATIN", own_data.metadata(), ["a;1;;;"])
    (latin / "LATIN.json").write_bytes(b'{"title": "bl\xe5"}')
    assert problems(tmp_path / "banks", tmp_path / "in") == [
        "BLANK/BLANK.csv: the file has no rows",
        "EMPTY/EMPTY.csv: the file has no rows",
        "LATIN/LATIN.json: the file is not UTF-8",
        "SUBJECT/SUBJECT.csv:2: the file is not UTF-8 text",
    ]


def test_a_line_without_end_is_told(tmp_path: Path) -> None:
    own_data.write(
        tmp_path / "in", "LONG", own_data.metadata(data_type="STRING"), [f"a;{'x' * 40_000_000};;;", "b;1;;;"]
    )
    (only,) = problems(tmp_path / "banks", tmp_path / "in")
    assert only == "LONG/LONG.csv: a line is too long, or a quotation mark is not closed"


@pytest.mark.parametrize("content,reason", [(False, "FOLDER_NOT_FOUND"), (True, "NO_DATA_SETS")])
def test_a_folder_without_data_sets_is_refused(tmp_path: Path, content: bool, reason: str) -> None:
    if content:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "notes.txt").write_text("x")
    with pytest.raises(UnknownNameError) as caught:
        run_import(tmp_path / "banks", tmp_path / "in")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "name", ['"\'); DROP TABLE bank.units_PERSON; --"', 'b"', "$id", "{table}", "%s", "NULL", "../x"]
)
def test_hostile_text_is_only_text(tmp_path: Path, name: str) -> None:
    # the name of the data set is that of a table of units but for case, which the database does not tell apart
    own_data.write(
        tmp_path / "in", "UNITS_PERSON", own_data.metadata(data_type="STRING"), ["a;1;;;", f"{name};{name};;;"]
    )
    made = run_import(tmp_path / "banks", tmp_path / "in")
    table = made.metadata.variables["UNITS_PERSON"].table
    found = rows(tmp_path / "banks", 1, f"SELECT v.value FROM bank.{table} v JOIN bank.units_PERSON USING (unit)")
    assert {value for (value,) in found} == {"1", name.strip('"') if name.startswith('"') else name}
