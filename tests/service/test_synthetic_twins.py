"""A script can be tried on a synthetic twin: same variables and rules, every output marked, nothing of the register."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.service import BANK, VERSION, Service, block, command, free_port, records

from grille.server.audit.chain import unseal

EXAMPLE = Path(__file__).parents[2] / "examples" / "multilevel.txt"
MARK = "Synthetic twin: numbers mean nothing"
SCRIPT = f"""require {BANK}:{VERSION} as db
create-dataset d
import db/BEFOLKNING_KJOENN as sex
import db/INNTEKT_LONN 2022-12-31 as wage
tabulate sex
histogram wage
"""


@pytest.fixture(scope="module")
def running(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("twins")
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    service = Service(folder, f"127.0.0.1:{free_port()}", environment=dict(template.environment))
    service.environment["GRILLE_SERVER"] = service.address
    service.start()
    yield service
    assert service.stop() == 0


def twin(service: Service, script: str, *options: object) -> Any:
    return service.grille("run", "--twin", "-", *options, stdin=script)


def audit(service: Service) -> list[dict[str, Any]]:
    paths = sorted((service.home / "audit").glob("records-*.jsonl"))
    return [dict(unseal(line.rstrip(b"\n")).fields) for path in paths for line in path.open("rb")]


def test_the_whole_example_runs_on_a_twin_that_the_first_wish_makes(running: Service) -> None:
    assert not (running.home / "twins" / BANK).exists()
    done = running.grille("run", "--twin", EXAMPLE, "--format", "json")
    assert done.code == 0, done.out[-2000:] + done.err
    assert (running.home / "twins" / BANK / str(VERSION) / "data.duckdb").exists()
    document = done.json
    assert document["twin"] is True
    figures = [one for one in document["results"] if any(b["kind"] in ("table", "plot") for b in one["blocks"])]
    assert len(figures) >= 15
    for result in figures:
        assert result["blocks"][0]["key"] == "synthetic_twin"
        assert MARK in result["blocks"][0]["text"]
        for one in result["blocks"][1:]:
            if one["kind"] == "plot":
                assert MARK in (one["spec"]["title"]["text"], one["spec"]["title"].get("subtitle"))
            if one["kind"] == "table":
                assert MARK in one["title"]
    variances = [
        row["variance"]
        for result in document["results"]
        if result["command"] == "regress-mml"
        for table in result["blocks"]
        if table["key"] == "random_effects"
        for row in records(table)
    ]
    assert len(variances) >= 12
    assert all(value is not None and value >= 0 for value in variances)


def test_a_twin_has_nothing_of_the_register(running: Service) -> None:
    invented = twin(running, SCRIPT, "--format", "json").json
    real = running.run(SCRIPT)
    assert [one["status"] for one in real["results"]] == [one["status"] for one in invented["results"]]
    assert "twin" not in real
    assert "synthetic_twin" not in json.dumps(real)
    counts = [records(block(one, "tabulate", "frequencies")) for one in (real, invented)]
    assert counts[0] != counts[1]


@pytest.mark.parametrize("format", ["text", "markdown", "html", "csv", "json"])
def test_every_format_says_that_the_numbers_mean_nothing(running: Service, format: str) -> None:
    done = twin(running, SCRIPT, "--format", format)
    assert done.code == 0, done.err
    assert MARK in done.out.replace("\\", "")
    if format in ("text", "markdown", "html"):
        assert done.out.replace("\\", "").count(MARK) >= 4, "at the top and with each table and picture"
    if format in ("html", "json"):
        return  # words and titles are the same as those of the others
    norwegian = twin(running, SCRIPT, "--format", format, "--lang", "no")
    assert "Syntetisk tvilling: tallene betyr ingenting" in norwegian.out.replace("\\", "")


def test_files_of_tables_and_pictures_are_marked_too(running: Service, tmp_path: Path) -> None:
    assert twin(running, SCRIPT, "--out", tmp_path / "results").code == 0
    tables = list((tmp_path / "results").glob("*.csv"))
    pictures = list((tmp_path / "results").glob("*.svg"))
    assert tables
    assert pictures
    assert all(path.read_text().startswith(f"# {MARK}\n") for path in tables)
    assert all(MARK in path.read_text() for path in pictures)


def test_a_twin_meets_the_same_rules_in_a_ledger_of_its_own(running: Service) -> None:
    def rows(path: Path) -> int:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            (count,) = connection.execute("SELECT count(*) FROM released_sets").fetchall()[0]
        return int(count)

    ledgers = running.home / "ledger.sqlite", running.home / "twins" / "ledger.sqlite"
    before = [rows(path) for path in ledgers]
    done = twin(running, SCRIPT.replace("tabulate sex\n", "tabulate sex if wage > 200000\n"), "--format", "json")
    assert done.code == 0
    after = [rows(path) for path in ledgers]
    assert (after[0], after[1] > before[1]) == (before[0], True)
    rules = {rule["rule"] for one in done.json["results"] for rule in one["rules"]}
    assert "count_noise" in rules
    refused = twin(
        running, SCRIPT.replace("import db/INNTEKT", "keep if sex == '9'\nimport db/INNTEKT"), "--format", "json"
    )
    assert refused.json["results"][-1]["reason"] == "POPULATION_TOO_SMALL"


def test_the_audit_log_tells_twins_from_registers(running: Service) -> None:
    document = twin(running, SCRIPT, "--format", "json").json
    real = running.run(SCRIPT)
    found = audit(running)
    mine = [one for one in found if one["session"] == document["session"] and one["event"] != "session_closed"]
    assert mine[0]["event"] == "session_opened"
    assert len(mine) == 7
    assert all(one["detail"]["twin"] == "yes" for one in mine)
    others = [one for one in found if one["session"] == real["session"]]
    assert others
    assert all("twin" not in one["detail"] for one in others)


def test_a_session_that_stays_open_stays_a_twin(running: Service) -> None:
    kept = twin(running, SCRIPT, "--keep", "--format", "json")
    session = kept.json["session"]
    again = running.grille("run", "--session", session, "-", "--format", "json", stdin="summarize wage\n")
    assert again.code == 0, again.err
    assert again.json["twin"] is True
    refused = running.grille("run", "--twin", "--session", session, "-", stdin="summarize wage\n")
    assert (refused.code, "TWIN_OR_SESSION" in refused.err) == (2, True)


def test_the_custodian_makes_twins_of_older_versions(running: Service) -> None:
    made = ("bank", "twin", running.home, "--bank", BANK, "--version")
    assert "VERSION_EXISTS" in command("grille-server", *made, VERSION).err
    assert "UNKNOWN_BANK_VERSION" in command("grille-server", *made, VERSION + 1).err
    assert "BAD_REGISTER_SIZE" in command("grille-server", *made, VERSION, "--persons", 3).err
