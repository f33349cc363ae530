"""Quotas hold for each member of a project, over restarts and parallel calls; the client is warned, then told."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mishaps import PEOPLE, RawClient, commands_of, copy_of, long_command, raw_client, serving
from support.service import Service

from grille.v1 import analysis_pb2


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("quotas"))) as served:
        for user in ("eli", "ole", "siv", "tor", "una"):
            served.add_project(user)
            served.admin(
                *("user", "add", served.home, user, "--project", user, "--role", "researcher"),
                *("--out", served.bundle(user), "--server", served.address),
            )
        yield served


def limit(service: Service, project: str, *quotas: str) -> str:
    """Set quotas of a project while the server runs; return what the command shows."""
    options = [word for quota in quotas for word in ("--quota", quota)]
    return service.admin("project", "quota", service.home, project, *options).out


def test_the_client_is_warned_before_the_limit_and_refused_at_it(service: Service) -> None:
    limit(service, "eli", "commands=10")
    before = service.grille("run", "-", "--format", "json", user="eli", stdin=PEOPLE + "summarize wage\n" * 2)
    assert (before.code, before.err) == (0, "")
    done = service.grille("run", "-", "--format", "json", user="eli", stdin="help\n" * 6)
    statuses = [one["status"] for one in done.json["results"]]
    assert (done.code, statuses) == (1, ["ok"] * 4 + ["error"])
    assert done.json["results"][-1]["reason"] == "QUOTA_REACHED"
    assert done.json["results"][1]["warnings"] == [
        {"key": "quota_commands", "text": "8 of 10 commands of the day in the project eli are used."}
    ]
    assert "8 of 10 commands" in done.err
    told = service.grille("run", "-", "--lang", "no", user="eli", stdin="help\n")
    assert "brukt opp" in told.out + told.err
    shown = limit(service, "eli")
    assert "eli 10" in shown
    own = service.grille("sessions", "quota", user="eli").out
    assert ["10", "10"] in [line.split()[:2] for line in own.splitlines()]
    assert service.grille("run", "-", user="siv", stdin="help\n").code == 0  # another's quota is another's


def test_answers_with_figures_are_counted_and_refusals_are_not(service: Service) -> None:
    limit(service, "ole", "releases=2")
    script = PEOPLE + "summarize wage\n"
    assert service.grille("run", "-", user="ole", stdin=script).code == 0
    refused = service.grille(
        "run", "-", "--format", "json", user="ole", stdin=PEOPLE + "summarize wage if sex == '9'\n"
    )
    assert refused.json["results"][-1]["status"] == "refused"
    assert service.grille("run", "-", user="ole", stdin=script).code == 0
    last = service.grille("run", "-", "--format", "json", user="ole", stdin=script).json["results"][-1]
    assert (last["command"], last["reason"]) == ("summarize", "QUOTA_REACHED")


def test_parallel_sessions_cannot_overspend(service: Service) -> None:
    limit(service, "siv", "commands=0", "releases=5")
    reasons: list[str] = []

    def ask() -> None:
        with raw_client(service, "siv") as raw:
            session = raw.open()
            raw.run(session, PEOPLE)
            for _ in range(3):
                last = raw.run(session, "summarize wage\n")[-1]
                reasons.append(last.failed.error.reason if last.HasField("failed") else "")
            raw.close(session)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reasons) == [""] * 5 + ["QUOTA_REACHED"] * 7


def test_processor_time_runs_out_while_a_command_runs(service: Service) -> None:
    limit(service, "tor", "cpu-seconds=2")
    with raw_client(service, "tor") as raw:
        session = raw.open()
        start = time.monotonic()
        reason = raw.failure(session, PEOPLE + long_command(380) * 3)
        assert reason == "QUOTA_REACHED"
        assert time.monotonic() - start < 40
        assert raw.failure(session, "help\n") == "QUOTA_REACHED"
        assert commands_of(service, session)[-1]["reason"] == "QUOTA_REACHED"
        raw.close(session)
    used, *_ = next(line.split() for line in service.grille("sessions", "quota", user="tor").out.splitlines()
                    if "processor" in line)  # fmt: skip
    assert used == "10"  # told in steps of ten


def test_rows_and_disk_are_counted(service: Service) -> None:
    limit(service, "una", "rows-thousand=60")
    reasons = [
        one["reason"]
        for _ in range(2)
        for one in service.grille("run", "-", "--format", "json", user="una", stdin=PEOPLE).json["results"]
    ]
    assert "QUOTA_REACHED" in reasons
    assert reasons[0] is reasons[1] is None
    limit(service, "una", "rows-thousand=0", "disk-mib=15")
    done = service.grille("run", "-", "--format", "json", user="una", stdin=PEOPLE).json["results"][-1]
    assert done["reason"] == "QUOTA_REACHED"
    assert "disk" in done["message"]
    limit(service, "una", "disk-mib=160")
    assert service.grille("run", "-", user="una", stdin=PEOPLE).code == 0


def test_a_request_told_again_is_charged_once(service: Service, template: Service, tmp_path: Path) -> None:
    own = copy_of(template, tmp_path)
    own.admin("project", "quota", own.home, "wages", "--quota", "commands=6")
    identifier = str(uuid.uuid4())
    with serving(own), raw_client(own) as raw:
        session = raw.open()
        for _ in range(4):
            ask(raw, session, PEOPLE + "summarize wage\n", identifier)
    with serving(own), raw_client(own) as raw:  # a restart neither forgets nor repeats
        told = ask(raw, session, PEOPLE + "summarize wage\n", identifier)
        assert told[-1].HasField("finished")
        assert "ada 5" in limit(own, "wages")
        assert raw.run(session, "help\n")[-1].HasField("finished")
        assert raw.failure(session, "help\n") == "QUOTA_REACHED"
        raw.close(session)


def ask(raw: RawClient, session: str, script: str, identifier: str) -> list[analysis_pb2.RunScriptResponse]:
    request = analysis_pb2.RunScriptRequest(session_id=session, script=script.encode(), request_id=identifier)
    return list(raw.analysis.RunScript(request))


def test_quotas_of_a_project_are_set_when_it_is_added_and_later(service: Service) -> None:
    service.admin("project", "add", service.home, "tight", "--bank", "no.ssb.fdb", "--quota", "releases=7")
    assert ["releases", "7", "project"] in [line.split()[:3] for line in limit(service, "tight").splitlines()]
    service.admin("project", "quota", service.home, "tight", "--default", "releases")
    assert ["releases", "-", "config.toml"] in [line.split()[:3] for line in limit(service, "tight").splitlines()]
    service.admin("project", "add", service.home, "strictly", "--bank", "no.ssb.fdb", "--policy", "strict")
    assert ["releases", "5000"] in [line.split()[:2] for line in limit(service, "strictly").splitlines()]
