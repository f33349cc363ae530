"""However the server ends, what was answered is recorded, the log is sound and the next start works."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from support.mishaps import (
    PEOPLE,
    client,
    commands_of,
    copy_of,
    descendants,
    is_running,
    long_command,
    processor_seconds,
    raw_client,
    reason_of,
    records_of,
    server_pid,
    serving,
    soon,
    workers,
)
from support.service import Service


@pytest.mark.parametrize("whole_group", [False, True], ids=["server", "every-process"])
def test_sigterm_lets_the_running_script_finish(template: Service, tmp_path: Path, whole_group: bool) -> None:
    service = copy_of(template, tmp_path)
    with serving(service), raw_client(service) as raw:
        session = raw.open()
        raw.run(session, PEOPLE)
        (pid,) = workers(service)
        used = processor_seconds(pid)
        script = long_command(150) + "tabulate sex\n"
        running = client(service, "run", "-", "--session", session, "--format", "json", script=script)
        soon(lambda: processor_seconds(pid) > used + 0.1)
        beside = raw.open()
        for receiver in [server_pid(service), *(descendants(server_pid(service)) if whole_group else ())]:
            os.kill(receiver, signal.SIGTERM)
        soon(lambda: reason_of(lambda: raw.run("x", "history\n")).startswith("UNAVAILABLE"))
        late = service.grille("run", "-", stdin="create-dataset x\n")
        assert late.code == 3
        out, _ = running.communicate(timeout=30)
        results = json.loads(out)["results"]
        assert [(one["command"], one["status"]) for one in results] == [("generate", "ok"), ("tabulate", "ok")]
        assert service.process is not None
        assert service.process.wait(30) == 0
        service.process = None
    assert [one["event"] for one in records_of(service)[-2:]] == ["command", "server_stopped"]
    with serving(service), raw_client(service) as raw:
        assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")  # the sessions are there again
        assert raw.run(beside, "history\n")[-1].HasField("finished")
        raw.close(session)
        raw.close(beside)


def test_a_kill_at_work_loses_no_record_and_the_next_start_works(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path)
    service.start()
    with raw_client(service) as raw:
        session = raw.open()
        raw.run(session, PEOPLE)
        (pid,) = workers(service)
        used = processor_seconds(pid)
        script = "tabulate sex\n" + long_command(380)
        service.environment["GRILLE_RECONNECT_SECONDS"] = "0"
        running = client(service, "run", "-", "--session", session, "--format", "json", script=script)
        soon(lambda: processor_seconds(pid) > used + 0.2)
        children = descendants(server_pid(service))
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
        out, err = running.communicate(timeout=30)
    assert running.returncode == 3
    assert b"[CONNECTION_LOST]" in err
    assert b'"command": "tabulate"' in out
    soon(lambda: not any(is_running(child) for child in children), 5)
    assert [one["source"] for one in commands_of(service, session)][-1] == "tabulate sex"
    assert list((service.home / "sessions").iterdir())
    with serving(service):
        assert not (service.home / "sessions" / session).exists()  # its key died with the server
        with raw_client(service) as raw:
            assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")
        assert service.grille("run", "-", stdin=PEOPLE + "tabulate sex\n").code == 0


def test_a_kill_at_any_moment_leaves_a_log_with_every_answer(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path)
    answered: list[int] = []
    for _ in range(3):
        service.start()
        with raw_client(service) as raw:
            session = raw.open()
            raw.run(session, PEOPLE)

            def ask(raw=raw, session=session) -> None:  # type: ignore[no-untyped-def]
                for event in raw.stream(session, "tabulate sex\n" * 500):
                    if event.HasField("finished"):
                        answered.append(event.finished.audit_record)

            asking = threading.Thread(target=lambda ask=ask: reason_of(ask))  # type: ignore[misc]
            before = len(answered)
            asking.start()
            soon(lambda before=before: len(answered) > before + 5)
            time.sleep(0.05)
            service.stop(signal.SIGKILL)
            asking.join()
    with serving(service):
        pass
    written = {one["sequence"]: one for one in records_of(service)}
    assert len(set(answered)) == len(answered) > 15
    assert all(written[number]["outcome"] == "answered" for number in answered)
