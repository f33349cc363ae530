"""The auditor's report tells an attack from honest work, with the server running, and holds no size of any set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from support.service import BANK, VERSION, Service, command, free_port

HEAD = f"""require {BANK}:{VERSION} as db
create-dataset d
import db/BEFOLKNING_FOEDSELS_AAR_MND as birth
import db/BEFOLKNING_KJOENN as sex
import db/INNTEKT_LONN 2022-12-31 as wage
"""


@pytest.fixture(scope="module")
def running(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    service = Service(folder, f"127.0.0.1:{free_port()}", environment=dict(template.environment))
    service.environment["GRILLE_SERVER"] = service.address
    service.start()
    yield service
    assert service.stop() == 0


def report(service: Service, *options: object) -> dict[str, Any]:
    done = command("grille-server", "audit", "report", service.home, "--json", *options)
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def kinds(document: dict[str, Any]) -> set[str]:
    return {one["kind"] for one in document["alarms"]}


def answered(service: Service, script: str, user: str = "ada") -> None:
    results = service.run(HEAD + script, user=user)["results"]
    assert results[-1]["status"] == "ok", results[-1]


def test_honest_work_raises_no_alarm(running: Service) -> None:
    answered(running, "summarize wage\nsummarize wage if sex == '1'\ntabulate sex\nregress wage birth\n")
    document = report(running)
    assert document["alarms"] == []
    (ada,) = (one for one in document["activities"] if one["user"] == "ada")
    assert (ada["project"], ada["sessions"], ada["commands"], ada["released"]) == ("wages", 1, 9, 4)
    assert ada["sets"] == 3 or ada["sets"] == 4
    assert document["projects"][0]["released_sets"] >= 3


def test_a_window_that_closes_step_by_step_is_seen(running: Service) -> None:
    steps = "".join(f"summarize wage if birth > {1950 + i}00\n" for i in range(6))
    answered(running, steps)
    document = report(running)
    (alarm,) = (one for one in document["alarms"] if one["kind"] == "SHRINKING_SETS")
    assert alarm["users"] == ["ada"]
    first, *_, last = alarm["records"][-6:]
    assert last - first == 5, "the six steps follow one another"


def test_the_same_units_divided_again_and_again_are_seen(running: Service) -> None:
    parts = "".join(f"generate p{i} = birth > {1955 + 3 * i}00\ntabulate p{i}\n" for i in range(10))
    answered(running, parts, user="bo")
    document = report(running)
    assert "MANY_PARTITIONS" in kinds(document)
    assert document["divided_sets"][0]["ways"] >= 10
    assert "bo" in document["divided_sets"][0]["users"]


def test_refusals_in_a_row_are_seen_and_the_report_can_be_narrowed(running: Service) -> None:
    for year in range(1850, 1855):
        result = running.run(f"{HEAD}summarize wage if birth < {year}00\n", user="bo")["results"][-1]
        assert result["status"] == "refused"
    assert "REFUSALS_IN_A_ROW" in kinds(report(running))
    mine = report(running, "--user", "bo")
    assert {one["user"] for one in mine["activities"]} <= {"bo", ""}
    assert "SHRINKING_SETS" not in kinds(mine)
    assert command("grille-server", "audit", "report", running.home, "--project", "nowhere").code == 1


def test_alarms_are_recorded_when_they_happen_and_not_told_to_the_researcher(running: Service) -> None:
    lines = [line for path in sorted((running.home / "audit").glob("records-*.jsonl")) for line in path.open()]
    alarms = [one for one in map(json.loads, lines) if one.get("event") == "alarm"]
    assert {one["reason"] for one in alarms} == {"MANY_PARTITIONS", "REFUSALS_IN_A_ROW"}
    assert all(one["subject"] == "bo" and one["detail"]["records"] for one in alarms)
    assert "alarm" in running.log()
    assert "MANY_PARTITIONS" not in running.grille("run", "-", user="bo", stdin=HEAD + "tabulate sex\n").out


def test_the_auditor_has_the_same_report_through_the_client_and_a_researcher_has_none(running: Service) -> None:
    done = running.grille("audit", "report", "--format", "json", user="audun")
    assert done.code == 0, done.err
    mine, theirs = json.loads(done.out), report(running)
    assert mine["alarms"] == [one for one in theirs["alarms"] if one["project"] in ("wages", "")]
    assert mine["activities"] == theirs["activities"]
    text = running.grille("audit", "report", "--lang", "no", user="audun").out
    assert text.startswith("Alarmer: ")
    assert "SHRINKING_SETS" in text
    for user in ("ada", "kari"):
        refused = running.grille("audit", "report", user=user)
        assert (refused.code, "NOT_AN_AUDITOR" in refused.err) == (4, True)
    elsewhere = running.grille("audit", "report", "--project", "other", user="audun")
    assert (elsewhere.code, "NOT_AN_AUDITOR" in elsewhere.err) == (4, True)


def test_a_person_reads_alarms_first_in_both_languages(running: Service) -> None:
    english = command("grille-server", "audit", "report", running.home).out
    assert english.splitlines()[0].startswith("ALARMS: ")
    assert "SHRINKING_SETS" in english
    norwegian = command("grille-server", "--lang", "no", "audit", "report", running.home).out
    assert norwegian.splitlines()[0].startswith("ALARMER: ")
    assert "Oppføringer" in norwegian
