"""The policy of a bank limits its projects in a running server, and only two custodians can loosen it."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.service import BANK, Done, Service, command, free_port

from grille.server.operations.cli import run
from grille.server.operations.terminal import Terminal

SCRIPT = f"""require {BANK}:30 as db
create-dataset d
import db/BEFOLKNING_KJOENN as sex
tabulate sex
"""


@pytest.fixture(scope="module")
def running(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server of its own, as its policies change."""
    folder = tmp_path_factory.mktemp("policies")
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    service = Service(folder, f"127.0.0.1:{free_port()}", environment=dict(template.environment))
    service.environment["GRILLE_SERVER"] = service.address
    for name in ("kari", "ola", "per"):
        policy("policy", "key", folder / f"{name}.pem")
    service.start()
    yield service
    assert service.stop() == 0


def policy(*arguments: object, code: int = 0) -> Done:
    """Run grille-server in this process, as starting another takes most of a second."""
    out, err = io.StringIO(), io.StringIO()
    done = Done(run([*map(str, arguments)], Terminal(out, err)), out.getvalue(), err.getvalue())
    assert done.code == code, done.err
    return done


def key(service: Service, name: str) -> Path:
    return service.folder / f"{name}.pem"


def policy_file(service: Service, text: str) -> Path:
    path = service.folder / "wanted.toml"
    path.write_text(text)
    return path


def shown(service: Service, *what: object) -> dict[str, Any]:
    document = json.loads(policy("policy", "show", service.home, *what, "--json").out)
    return {one["key"]: one["value"] for one in document["numbers"]} | {"profile": document["profile"]}


def policy_records(service: Service) -> list[dict[str, Any]]:
    lines = [line for path in sorted((service.home / "audit").glob("records-*.jsonl")) for line in path.open()]
    return [one for one in map(json.loads, lines) if one.get("event") == "policy_changed"]


def last_result(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.run(SCRIPT)["results"][-1]
    return found


def test_every_bank_has_a_file_and_every_project_a_policy_on_record(running: Service) -> None:
    text = (running.home / "policies" / "banks" / f"{BANK}.toml").read_text()
    assert 'profile = "standard"' in text
    assert "# cell_min = 10" in text
    first = last_result(running)
    assert first["status"] == "ok", first
    assert {one["detail"]["what"] for one in policy_records(running)} >= {f"bank {BANK}", "project wages"}


def test_loosening_a_bank_takes_two_different_custodians_and_each_change_is_recorded(running: Service) -> None:
    home, change = running.home, running.folder / "change.json"
    loose = policy_file(running, "cell_min = 5\n")
    refused = policy("policy", "set", home, loose, "--bank", BANK, code=4)
    assert (refused.code, "SIGNATURES_NEEDED" in refused.err, "cell_min" in refused.err) == (4, True, True)
    enrolment = running.folder / "ola.json"
    policy("policy", "enrol", home, "kari", "--key", key(running, "kari"))
    policy("policy", "enrol", home, "ola", "--public", f"{key(running, 'ola')}.pub", "--out", enrolment)
    assert "SIGNATURES_NEEDED" in policy("policy", "apply", home, enrolment, code=4).err
    policy("policy", "sign", enrolment, "--key", key(running, "ola"), "--name", "ola")
    policy("policy", "apply", home, enrolment)
    again = policy("policy", "enrol", home, "karin", "--key", key(running, "kari"), code=4)
    assert again.code == 4, "the third enrolment needs two signatures"

    policy("policy", "set", home, loose, "--bank", BANK, "--out", change)
    again = policy("policy", "set", home, loose, "--bank", BANK, "--out", change, code=1)
    assert "FILE_NOT_WRITTEN" in again.err
    assert "SIGNATURES_NEEDED" in policy("policy", "apply", home, change, code=4).err
    seen = policy("policy", "sign", change, "--key", key(running, "kari"), "--name", "kari")
    assert "cell_min 10 -> 5  (looser)" in seen.out
    policy("policy", "sign", change, "--key", key(running, "kari"), "--name", "kari")
    assert "SIGNATURES_NEEDED" in policy("policy", "apply", home, change, code=4).err
    policy("policy", "sign", change, "--key", key(running, "per"), "--name", "ola")
    assert "SIGNATURE_INVALID" in policy("policy", "apply", home, change, code=4).err
    policy("policy", "sign", change, "--key", key(running, "ola"), "--name", "ola")

    document = json.loads(change.read_text())
    forged = running.folder / "forged.json"
    document["change"]["content"] = "cell_min = 4\n"
    forged.write_text(json.dumps(document))
    assert "SIGNATURE_INVALID" in policy("policy", "apply", home, forged, code=4).err
    assert shown(running, "--bank", BANK)["cell_min"] == 10

    policy("policy", "apply", home, change)
    assert shown(running, "--bank", BANK)["cell_min"] == 5
    assert "CHANGE_OUTDATED" in policy("policy", "apply", home, change, code=4).err
    assert last_result(running)["status"] == "ok"
    records = policy_records(running)
    assert any(one["detail"].get("signed_by") == "kari, ola" for one in records)
    assert any(one["detail"].get("looser") == "cell_min" for one in records)


def test_tightening_needs_no_signature_takes_projects_along_and_counts_at_once(running: Service) -> None:
    assert last_result(running)["status"] == "ok"
    made = policy("policy", "set", running.home, policy_file(running, "population_min = 1000000\n"), "--bank", BANK)
    assert "wages was tightened" in made.out
    assert shown(running, "--project", "wages")["population_min"] == 1_000_000
    refused = last_result(running)
    assert (refused["status"], refused["reason"]) == ("refused", "POPULATION_TOO_SMALL")
    assert "1000000" in refused["message"]


def test_a_project_may_not_be_added_looser_than_its_bank_and_follows_it_by_default(running: Service) -> None:
    bank = ("--bank", BANK)
    looser = policy("project", "add", running.home, "loose", *bank, "--policy", "standard", code=4)
    assert (looser.code, "POLICY_LOOSER" in looser.err, "population_min" in looser.err) == (4, True, True)
    policy("project", "add", running.home, "follows", *bank)
    assert shown(running, "--project", "follows")["population_min"] == 1_000_000
    policy("project", "add", running.home, "public", *bank, "--policy", "open")
    assert shown(running, "--project", "public")["profile"] == "open"


def test_a_project_loosened_on_disk_is_stopped_and_says_so(running: Service) -> None:
    path = running.home / "policies" / "wages.toml"
    good = path.read_bytes()
    path.write_text("population_min = 2000\n")
    stopped = last_result(running)
    assert (stopped["status"], stopped["reason"]) == ("error", "POLICY_LOOSER")
    assert BANK in stopped["message"]
    path.write_text("population_min = many\n")
    assert last_result(running)["reason"] == "POLICY_INVALID"
    path.unlink()
    assert last_result(running)["reason"] == "POLICY_MISSING"
    path.write_bytes(good)
    assert last_result(running)["reason"] == "POPULATION_TOO_SMALL"


def test_a_bank_loosened_on_disk_stops_its_projects_and_the_server(running: Service) -> None:
    path = running.home / "policies" / "banks" / f"{BANK}.toml"
    good = path.read_bytes()
    path.write_text("cell_min = 3\n")
    assert last_result(running)["reason"] == "POLICY_UNSIGNED"
    assert running.stop() == 0
    refused = command("grille-server", "serve", running.home, "--listen", running.address)
    assert (refused.code, "POLICY_UNSIGNED" in refused.err) == (4, True)
    path.write_bytes(good)
    running.start()
    assert last_result(running)["reason"] == "POPULATION_TOO_SMALL"


def test_signed_changes_that_disappear_or_are_altered_stop_the_server(running: Service) -> None:
    path = running.home / "policies" / "changes.jsonl"
    good = path.read_bytes()
    path.write_bytes(b"".join(good.splitlines(keepends=True)[:-1]))
    assert last_result(running)["reason"] in ("POLICY_ROLLED_BACK", "POLICY_UNSIGNED")
    path.write_bytes(good.replace(b"cell_min = 5", b"cell_min = 4"))
    assert last_result(running)["reason"] == "POLICY_CHANGES_DAMAGED"
    path.write_bytes(good)
    assert last_result(running)["reason"] == "POPULATION_TOO_SMALL"


def test_a_project_is_set_within_its_banks_policy_only(running: Service) -> None:
    home = running.home
    assert "POLICY_LOOSER" in policy("policy", "set", home, "strict", "--project", "wages", code=4).err
    tighter = policy_file(running, "population_min = 1000000\ncell_min = 30\n")
    policy("policy", "set", home, tighter, "--project", "wages")
    assert shown(running, "--project", "wages")["cell_min"] == 30
    assert last_result(running)["reason"] == "POPULATION_TOO_SMALL"
    detail = policy_records(running)[-1]["detail"]
    assert (detail["what"], detail["changed"]) == ("project wages", "cell_min 10 -> 30")
    assert os.stat(home / "policies" / "wages.toml").st_mode & 0o777 == 0o600
