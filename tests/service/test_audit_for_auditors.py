"""What an auditor reads, exports and verifies through the client, and what nobody can change unseen on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.mishaps import PEOPLE, copy_of, records_of, serving
from support.service import Done, Service

from grille.client.verification.exports import ExportVerifier
from grille.client.verification.keys import id_of, parse_key
from grille.client.words import Words
from grille.server.audit.signing import key_pem

SCRIPT = PEOPLE + "tabulate sex\nsummarize wage\ntabulate nobody\n"


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = copy_of(template, tmp_path_factory.mktemp("auditors"))
    made.add_project("health")
    made.add_user("hege", "health")
    made.add_user("henrik", "health", role="auditor")
    with serving(made) as served:
        assert served.grille("run", "-", stdin=SCRIPT).code == 1
        assert served.grille("run", "-", user="hege", stdin=PEOPLE + "summarize wage\n").code == 0
        yield served


def audit(service: Service, *arguments: object, user: str = "audun") -> Done:
    return service.grille("audit", *arguments, user=user)


def listed(service: Service, *arguments: object, user: str = "audun") -> list[dict[str, Any]]:
    done = audit(service, "list", "--format", "json", *arguments, user=user)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_an_auditor_sees_the_own_project_and_the_server_and_no_other_project(service: Service) -> None:
    for user, project, other in (("audun", "wages", "health"), ("henrik", "health", "wages")):
        records = listed(service, "--limit", 10_000, user=user)
        assert {one["project"] for one in records} == {project, ""}
        assert [one["sequence"] for one in records] == sorted((one["sequence"] for one in records), reverse=True)
        written = {one["sequence"]: one for one in records_of(service)}
        assert all(written[one["sequence"]] == one for one in records)
        denied = audit(service, "list", "--project", other, user=user)
        assert (denied.code, "[NOT_AN_AUDITOR]" in denied.err) == (4, True)


def test_filters_hold_together(service: Service) -> None:
    mine = listed(service, "--limit", 10_000)
    session = next(one["session"] for one in mine if one["command"] == "tabulate")
    start = next(one["time"] for one in mine if one["event"] == "session_opened")
    tried: list[tuple[tuple[object, ...], Any]] = [
        (("--command", "tabulate"), lambda one: one["command"] == "tabulate"),
        (("--command", "tabulate", "--outcome", "failed"), lambda one: one["reason"] == "UNKNOWN_VARIABLE"),
        (("--reason", "UNKNOWN_VARIABLE"), lambda one: one["reason"] == "UNKNOWN_VARIABLE"),
        (("--user", "ada", "--event", "session_opened"), lambda one: one["event"] == "session_opened"),
        (("--session", session[:6]), lambda one: one["session"] == session),
        (("--project", "wages", "--until", start), lambda one: one["project"] == "wages" and one["time"] < start),
        (("--event", "command", "--since", start), lambda one: one["event"] == "command"),
    ]
    for filters, fits in tried:
        expected = [one["sequence"] for one in mine if fits(one)]
        assert [one["sequence"] for one in listed(service, *filters)] == expected, filters
        assert expected, filters
    assert listed(service, "--user", "nobody") == []
    assert len(listed(service, "--limit", 3)) == 3
    assert "[BAD_FILTER]" in audit(service, "list", "--session", "abc").err
    assert "[BAD_TIME]" in audit(service, "list", "--since", "yesterday").err


def test_nothing_that_was_released_stands_in_a_record(service: Service) -> None:
    result = service.run(PEOPLE + "summarize wage\n")["results"][-1]
    figures = [cell for row in result["blocks"][0]["rows"] for cell in row if isinstance(cell, float) and cell > 100]
    shown = audit(service, "show", result["receipt"]["record"])
    assert shown.code == 0
    assert "summarize wage" in shown.out
    assert figures
    assert not any(str(figure) in shown.out for figure in figures)


def test_a_record_of_another_project_is_as_unknown_as_none(service: Service) -> None:
    theirs = next(one["sequence"] for one in records_of(service) if one["project"] == "health")
    for number in (theirs, 10**9, 0):
        done = audit(service, "show", number)
        assert (done.code, "[UNKNOWN_RECORD]" in done.err) == (1, True)


def test_every_reading_is_recorded(service: Service) -> None:
    audit(service, "list", "--user", "ada")
    audit(service, "show", 1)
    last = [one for one in records_of(service) if one["event"] == "audit_read"][-2:]
    assert [one["subject"] for one in last] == ["audun", "audun"]
    assert [one["detail"] for one in last] == [{"reading": "list", "user": "ada"}, {"reading": "show", "record": "1"}]


def test_one_record_is_proven_without_the_others(service: Service, tmp_path: Path) -> None:
    number = listed(service, "--command", "tabulate")[-1]["sequence"]
    file = tmp_path / "proof.json"
    assert audit(service, "export", "--record", number, "--proof", "--out", file).code == 0
    assert service.grille("verify", file).code == 0
    proof = json.loads(file.read_text())
    assert all(one not in file.read_text() for one in ("summarize", "create-dataset"))
    for change in (
        {"record": {**proof["record"], "source": "tabulate secret"}},
        {"record": {**proof["record"], "sequence": number + 1}},
        {"path": [*proof["path"][:-1], "0" * 64]},
        {"checkpoint": {**proof["checkpoint"], "root": "0" * 64}},
    ):
        file.write_text(json.dumps({**proof, **change}))
        assert service.grille("verify", file).code == 1, change


def test_the_log_is_fetched_and_verified_with_a_key_that_did_not_come_with_it(service: Service, tmp_path: Path) -> None:
    done = audit(service, "verify", "--format", "json")
    assert (done.code, done.json["sound"]) == (0, True)
    anchor = done.json["facts"]["anchor"]
    assert audit(service, "verify", "--anchor", anchor).code == 0
    number, _, own = anchor.partition(":")
    assert audit(service, "verify", "--anchor", f"{number}:{own[::-1]}").code == 1
    other = tmp_path / "other.pem"
    other.write_text(key_pem(Ed25519PrivateKey.generate().public_key()))
    assert audit(service, "verify", "--key", other).code == 1


def test_an_export_shows_of_other_projects_the_hashes_alone_and_every_change_of_it_is_found(
    service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "log.jsonl"
    assert audit(service, "export", "--out", file).code == 0
    assert "[FILE_NOT_WRITTEN]" in audit(service, "export", "--out", file).err
    text = file.read_text()
    assert "hege" not in text
    assert '"withheld"' in text
    lines = text.splitlines(keepends=True)
    assert audit(service, "verify", file).code == 0

    def verdict(changed: list[str]) -> int:
        file.write_text("".join(changed))
        return service.grille("verify", file).code

    key = parse_key((service.home / "keys" / "audit-signing.pub").read_bytes())
    assert key is not None

    def sound(changed: list[str]) -> bool:
        return ExportVerifier({id_of(key): key}, Words.ENGLISH).take(map(json.loads, changed[1:])).sound

    assert sound(lines)
    for place, line in enumerate(lines):
        if '"public_key"' in line or place == 0:
            continue
        assert not sound(lines[:place] + lines[place + 1 :]), line[:80]
        assert not sound([*lines[: place + 1], line, *lines[place + 1 :]]), line[:80]
        if 0 < place < len(lines) - 1 and '"public_key"' not in lines[place + 1]:
            assert not sound([*lines[:place], lines[place + 1], line, *lines[place + 2 :]]), line[:80]
    assert verdict([line.replace('"ada"', '"eve"') for line in lines]) == 1
    assert verdict(lines[:-3]) == 1
    assert verdict(lines) == 0
