"""`grille-server bank import` as a custodian meets it, and what a running server makes of a new version."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import own_data
from support.own_service import BANK, PLANTED
from support.service import Done, Service, block, command, records

TYPES = f"""require {BANK}:2 as o
create-dataset d
import o/BORN as born
import o/PAY 2021-07-01 as pay
import o/STAY 2030-01-01 as stay
import o/COUNT 2022-12-31 as count
generate year = year(born)
generate weekday = dow(born)
tabulate year
tabulate stay
summarize pay count weekday
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert command("grille-server", "init", tmp_path / "home").code == 0
    return tmp_path / "home"


def bank_import(home: Path, source: Path, *options: object, language: str = "en") -> Done:
    return command(
        *("grille-server", "--lang", language, "bank", "import", home, source, "--bank", "no.test.own"), *options
    )


def test_faults_are_listed_with_their_lines_and_nothing_is_made(home: Path, tmp_path: Path) -> None:
    own_data.write(tmp_path / "in", "ONE", own_data.metadata(), ["a;1;;;", "a;2;;;"])
    own_data.write(tmp_path / "in", "TWO", own_data.metadata(), ["a;x;;;"])
    done = bank_import(home, tmp_path / "in")
    assert done.code == 1
    assert done.out == ""
    assert done.err.splitlines() == [
        "grille-server: DATA_SETS_INVALID: Nothing was imported; problems in the data sets: 2",
        "  ONE/ONE.csv:2: the unit has a value already",
        "  TWO/TWO.csv:1: column 2 is not a number",
        "  Correct the files and run the command again.",
    ]
    norwegian = bank_import(home, tmp_path / "in", language="no").err.splitlines()
    assert norwegian[1:3] == [
        "  ONE/ONE.csv:2: enheten har allerede en verdi",
        "  TWO/TWO.csv:1: kolonne 2 er ikke et tall",
    ]
    assert list((home / "banks").iterdir()) == []


def test_versions_follow_each_other_and_are_listed(home: Path, tmp_path: Path) -> None:
    own_data.write(tmp_path / "in", "ONE", own_data.metadata(), ["a;1;;;"])
    own_data.write(tmp_path / "in", "TWO", own_data.metadata(), ["a;1;;;"])
    first = bank_import(home, tmp_path / "in")
    assert first.out.startswith("Made no.test.own version 1: 2 data sets (2 new, 0 replaced, 0 kept, 0 left out)\n")
    own_data.write(tmp_path / "later", "ONE", own_data.metadata(), ["a;2;;;", "b;3;;;"])
    second = bank_import(home, tmp_path / "later", "--remove", "TWO", language="no")
    assert second.out.startswith("Laget no.test.own versjon 2: 1 datasett (0 nye, 1 erstattet, 0 beholdt, 1 utelatt)\n")
    listed = command("grille-server", "bank", "list", home).out.splitlines()[1:]
    assert [line.split() for line in listed] == [["no.test.own", "1", "2"], ["no.test.own", "2", "1"]]


def test_a_running_server_serves_a_new_version_beside_the_old(own: Service, tmp_path: Path) -> None:
    units = range(PLANTED)
    born = [f"planted-{row};{1960 + row % 40}-02-29;;;" for row in units if (1960 + row % 40) % 4 == 0]
    pay = [f"planted-{row};{row}.25;2021-01-01;2021-12-31;" for row in units]
    pay += [f"planted-{row};0;2022-01-01;2022-12-31;" for row in units]
    stay = [f"planted-{row};{'A' if row % 8 else 'B'};2020-01-01;{'2020-12-31' if row % 8 else ''};" for row in units]
    count = [f"planted-{row};{row - 200};2022-12-31;2022-12-31;" for row in units]
    for name, kind, temporality, lines in (
        ("BORN", "DATE", "FIXED", born),
        ("PAY", "DOUBLE", "ACCUMULATED", pay),
        ("STAY", "STRING", "EVENT", stay),
        ("COUNT", "LONG", "STATUS", count),
    ):
        own_data.write(tmp_path / "in", name, own_data.metadata(data_type=kind, temporality=temporality), lines)
    own.admin("bank", "import", own.home, tmp_path / "in", "--bank", BANK)
    document = own.run(TYPES)
    assert [one["status"] for one in document["results"]] == ["ok"] * 11, document["results"][-1]
    years = {row[0]: row[-1] for row in block(document, "tabulate", "frequencies")["rows"]}
    assert years == {**{str(year): 10 for year in range(1960, 2000, 4)}, "total": 100}
    assert {row[0]: row[-1] for row in block(document, "tabulate", "frequencies", 1)["rows"]} == {"B": 50, "total": 50}
    described = {row["variable"]: row for row in records(block(document, "summarize", "summary"))}
    # those born on 29 February are every fourth; a session of the old version goes on as before
    assert described["count"]["n"] == 100
    assert described["pay"]["mean"] == pytest.approx(described["count"]["mean"] + 200.25, rel=1e-14)
    old = own.run(f"require {BANK}:1 as o\ncreate-dataset d\nimport o/BORN as born")
    assert old["results"][-1]["reason"] == "UNKNOWN_REGISTER_VARIABLE"
