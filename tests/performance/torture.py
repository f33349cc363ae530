"""Torture: many sessions, idle ones and commands, kills and cancels at random moments. Run by `make torture`.

Every answer under load must be the same bytes as with the server to itself; after every kill nothing may be lost,
repeated or different. Exits 1 if anything is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from random import Random

from support.cancelling import AFTER, HEAVY, PREPARED, cancel_at, moments
from support.mishaps import PEOPLE, raw_client, server_pid, soon, workers
from support.service import Service
from support.survival import SCRIPT, answers, survive

CONFIG = """[server]
request_threads = 512
[limits]
max_sessions = 3000
max_sessions_per_user = 3000
max_workers = 16
command_timeout_seconds = 3600
"""
EXAMPLE = Path(__file__).parents[2] / "examples" / "multilevel.txt"
USERS = 10
MIX = (
    "summarize wage if age > {age}\n",
    "tabulate sex level if age > {age}\n",
    "correlate wage age if age > {age}\n",
    "regress wage age if age > {age}\n",
    "histogram wage, bin(10)\n",
    "ci wage\n",
    "anova wage sex\n",
    "tabulate sex, summarize(wage) mean p50\n",
    "boxplot wage, over(sex)\n",
    "normaltest wage\n",
)


def main() -> None:
    """Run the parts that were asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("--persons", type=int, default=100_000)
    options.add_argument("--sessions", type=int, default=100, help="sessions that run the example at once; 0 for none")
    options.add_argument("--idle", type=int, default=1000, help="idle sessions; 0 for none")
    options.add_argument("--kills", type=int, default=200, help="kills at random moments; 0 for none")
    options.add_argument("--cancels", type=int, default=200, help="commands cancelled at random moments; 0 for none")
    options.add_argument("--commands", type=int, default=10_000, help="commands of one session, for memory; 0 for none")
    given = options.parse_args()
    wrong = 0
    if given.sessions or given.idle or given.cancels:
        with served(given.persons) as service:
            wrong += cancels(service, given.cancels) if given.cancels else 0
            wrong += crowd(service, given.sessions) if given.sessions else 0
            wrong += idle(service, given.idle) if given.idle else 0
    if given.commands:
        with served(20_000) as service:
            wrong += commands(service, given.commands)
    if given.kills:
        wrong += kills(given.kills)
    sys.exit(1 if wrong else 0)


@contextmanager
def served(persons: int) -> Iterator[Service]:
    """Serve a synthetic register to ten users."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service.build(Path(folder), persons=persons)
        (service.home / "config.toml").write_text(CONFIG)
        for number in range(USERS):
            service.add_user(f"user{number}", "wages")
        service.start()
        try:
            yield service
        finally:
            assert service.stop() == 0
            assert "sound" in service.admin("audit", "verify", service.home).out


def run_example(service: Service, user: str) -> tuple[list[bytes], str]:
    """Run the example in a session of its own; return the blocks as bytes, and the first failure."""
    with raw_client(service, user) as raw:
        session = raw.open()
        blocks, failure = [], ""
        request = _request(session)
        for event in raw.analysis.RunScript(request, timeout=3600):
            if event.HasField("block"):
                blocks.append(event.block.SerializeToString(deterministic=True))
            if event.HasField("failed"):
                failure = event.failed.error.reason
        raw.close(session)
    return blocks, failure


def crowd(service: Service, sessions: int) -> int:
    """Run the example in many sessions at once; return how many gave something else than one alone."""
    start = time.perf_counter()
    reference, failure = run_example(service, "user0")
    alone = time.perf_counter() - start
    assert reference, failure
    found: list[tuple[list[bytes], str]] = []

    def work(user: str) -> None:
        try:
            found.append(run_example(service, user))
        except Exception as error:
            found.append(([], repr(error)))

    threads = [threading.Thread(target=work, args=(f"user{number % USERS}",)) for number in range(sessions)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    largest = told = 0
    while any(thread.is_alive() for thread in threads):
        largest = max(largest, len(workers(service)))
        time.sleep(0.5)
        if len(found) >= told + 10:
            told = len(found)
            progress(f"{told} sessions of {sessions} have ended")
    taken = time.perf_counter() - start
    wrong = [why or "other bytes" for blocks, why in found if (blocks, why) != (reference, failure)]
    print(f"sessions at once         {sessions}")
    print(f"one alone                {alone:.1f} s, {len(reference)} blocks")
    print(f"all                      {taken:.1f} s, {taken / sessions:.2f} s each, at most {largest} workers")
    print(f"errors or other numbers  {len(wrong)} {sorted(set(wrong))[:5] if wrong else ''}", flush=True)
    return len(wrong)


def idle(service: Service, sessions: int) -> int:
    """Open many sessions, a tenth of them with data sets; return how many do not answer as they should."""
    pid, before, start = server_pid(service), private_mib(server_pid(service)), time.perf_counter()
    opened: list[str] = []
    wrong = 0
    with raw_client(service, "user1") as raw:
        for number in range(sessions):
            opened.append(raw.open())
            if number % 100 == 99:
                progress(f"{number + 1} idle sessions of {sessions}")
            script = PEOPLE if number % 10 == 0 else "define-labels sexes '1' Mann '2' Kvinne\n"
            wrong += not raw.run(opened[-1], script)[-1].HasField("finished")
        taken = time.perf_counter() - start
        soon(lambda: len(workers(service)) <= 16)
        awake = [private_mib(worker) for worker in workers(service)]
        server = (private_mib(pid) - before) / sessions
        start = time.perf_counter()
        wrong += not raw.run(opened[0], "tabulate sex\n")[-1].HasField("finished")
        woken = time.perf_counter() - start
        print(f"idle sessions            {sessions}, opened and used in {taken:.0f} s")
        print(
            f"workers                  {len(awake)}, {sum(awake) / max(len(awake), 1):.0f} MiB of their own on average"
        )
        print(f"a session at rest        {server:.3f} MiB in the server")
        print(f"waking one               {woken:.2f} s until its answer", flush=True)
        for session in opened:
            raw.close(session)
    return wrong


def cancels(service: Service, count: int) -> int:
    """Cancel heavy commands at random moments; print how soon it was told, return after how many the session failed."""
    taken: dict[str, list[float]] = {}
    wrong = 0
    with raw_client(service, "user0") as raw:
        session = raw.open()
        assert raw.run(session, PREPARED)[-1].HasField("finished")
        wait = moments(Random(count), 2.0)
        for _, kind in zip(range(count), cycle(HEAVY), strict=False):
            reason, seconds = cancel_at(raw, session, HEAVY[kind], next(wait))
            if reason == "CANCELLED":
                taken.setdefault(kind, []).append(seconds)
            wrong += not raw.run(session, AFTER)[-1].HasField("finished")
        raw.close(session)
    for kind, seconds_ in taken.items():
        ordered = sorted(seconds_)
        half, longest = ordered[len(ordered) // 2], ordered[-1]
        print(f"cancelled {kind:14} {len(ordered)}, median {half:.2f} s, longest {longest:.2f} s")
    print(f"sessions that failed     {wrong}", flush=True)
    return wrong


def commands(service: Service, count: int) -> int:
    """Run a mix of statistics in one session; print what memory it takes, return how many were not answered."""
    wrong = done = 0
    start = time.perf_counter()
    with raw_client(service, "user0") as raw:
        session = raw.open()
        assert raw.run(session, PREPARED)[-1].HasField("finished")
        for told in range(5):
            while done < count * told // 4:
                script = "".join(
                    MIX[(done + each) % len(MIX)].format(age=20 + (done + each) % 40) for each in range(20)
                )
                events = raw.run(session, script)
                wrong += not events[-1].HasField("finished")
                done += sum(one.HasField("finished") or one.HasField("failed") for one in events)
            (worker,) = workers(service)
            server, taken = server_pid(service), time.perf_counter() - start
            sizes = f"server {resident_mib(server):.0f} MiB, worker {resident_mib(worker):.0f} MiB"
            print(f"after {done:6} commands    {sizes}, {taken:.0f} s", flush=True)
        raw.close(session)
    print(f"scripts not answered     {wrong}", flush=True)
    return wrong


def kills(rounds: int) -> int:
    """Kill servers, clients and workers in turn; the first thing lost, repeated or different ends it."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service.build(Path(folder), persons=20_000)
        service.start()
        undisturbed = answers(service.run(SCRIPT))
        service.stop()
        start = time.perf_counter()
        try:
            killed = survive(service, undisturbed, rounds=rounds, seed=rounds, tell=progress)
        except AssertionError as error:
            print(f"kills                    FAILED: {error}")
            return 1
    each = ", ".join(f"{count} of the {victim}" for victim, count in sorted(killed.items()))
    print(
        f"kills at random moments  {each}, in {time.perf_counter() - start:.0f} s; nothing lost, repeated or different"
    )
    return 0


def progress(text: str) -> None:
    """Say on standard error how far a long part has come."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def private_mib(pid: int) -> float:
    """Memory that a process shares with no other, MiB (proc_pid_smaps_rollup, Private_Clean and Private_Dirty)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def resident_mib(pid: int) -> float:
    """Resident memory of a process, MiB (proc_pid_status, VmRSS)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _request(session: str) -> object:
    from grille.v1 import analysis_pb2

    return analysis_pb2.RunScriptRequest(session_id=session, script=EXAMPLE.read_bytes())


if __name__ == "__main__":
    main()
