"""Runs a script again and again while its server, client or worker is killed, and looks whether anything was lost."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from support.mishaps import PEOPLE, client, commands_of, is_running, long_command, records_of, soon, workers
from support.service import Service

SCRIPT = (
    PEOPLE
    + "define-labels sexes '1' Mann '2' Kvinne\n"
    + "generate half = wage / 2\n"
    + "tabulate sex\n"
    + long_command(60)
    + "summarize wage half\n"
    + "keep if sex == '1'\n"
    + "summarize half\n"
    + "histogram wage, bin(10)\n"
    + "use people\n"
    + "summarize effort\n"
)
COMMANDS = 14


def answers(document: dict[str, Any]) -> list[Any]:
    """Source, status and blocks of every result."""
    return [(one["line"], one["source"], one["status"], one["blocks"]) for one in document["results"]]


def places(service: Service, session: str) -> Counter[str]:
    """How often each place of the script has been answered."""
    return Counter(one["detail"]["place"] for one in commands_of(service, session) if one["outcome"] == "answered")


ONCE = Counter(f"{index}/{COMMANDS}" for index in range(1, COMMANDS + 1))


def sessions_of(service: Service) -> list[str]:
    return [str(one["session"]) for one in records_of(service) if one["event"] == "session_opened"]


def next_session(service: Service, known: list[str]) -> str:
    """Wait for a session that was not there before."""
    soon(lambda: len(sessions_of(service)) > len(known))
    return sessions_of(service)[-1]


def survive(
    service: Service, undisturbed: list[Any], rounds: int, seed: int, tell: Callable[[str], None] = lambda _: None
) -> Counter[str]:
    """Run the script again and again while something is killed at a random moment; count what was killed."""
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    service.start()
    try:
        for number in range(rounds):
            victim = ("server", "client", "worker")[number % 3]
            known = sessions_of(service)
            process = client(service, "run", "-", "--keep", "--format", "json", script=SCRIPT)
            session = next_session(service, known)
            time.sleep(chance.uniform(0.0, 1.5))
            killed[victim] += 1
            if victim == "server":
                service.stop(signal.SIGKILL)
                time.sleep(chance.uniform(0.0, 0.5))
                service.start()
            elif victim == "client":
                soon(lambda session=session: commands_of(service, session))  # else there is nothing to come back to
                process.kill()
            else:
                for pid in workers(service):
                    os.kill(pid, signal.SIGKILL)
                    soon(lambda pid=pid: not is_running(pid))
            out, err = process.communicate(timeout=900)
            if (
                not out and victim != "client"
            ):  # the server died when it had opened the session and the client had not heard of it yet
                assert victim == "server", (victim, process.returncode, err)
                assert process.returncode == 3, err
                assert not commands_of(service, session)
                killed["server before the client knew its session"] += 1
                assert service.grille("sessions", "close", session).code == 0
                continue
            if victim == "client":
                resumed = service.grille("sessions", "resume", session, "--format", "json")
                found, complaint = resumed.json, resumed.err
            else:
                found, complaint = json.loads(out), err.decode()
            if victim == "worker" and found["results"][-1]["reason"] == "WORKER_LOST":
                done = len(found["results"]) - 1  # the running command is lost, and told so; the data sets are there
                rest = "".join(line + "\n" for line in SCRIPT.splitlines()[done:])
                after = service.grille("run", "-", "--session", session, "--format", "json", stdin=rest)
                assert after.code == 0, after.out
                blocks = [one[3] for one in answers(found)[:-1]] + [one[3] for one in answers(after.json)]
                assert blocks == [one[3] for one in undisturbed]
            else:
                assert answers(found) == undisturbed, complaint
                assert places(service, session) == ONCE
            assert service.grille("sessions", "replay", session).code == 0
            assert service.grille("sessions", "close", session).code == 0
            if number % 10 == 9:
                tell(f"{number + 1} kills of {rounds}")
    finally:
        assert service.stop() == 0
    assert "sound" in service.admin("audit", "verify", service.home).out
    return killed
