"""The example script on a whole country, beside a hand-written program that computes the same unprotected numbers.

`python tests/performance/bench_script.py [--persons N] [--home HOME]`; without HOME a register is made first.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

from support.hand_written import run_by_hand
from support.service import BANK, VERSION, Service, command, free_port

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "bench-script"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=5_500_000)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(Path(folder) / "config")}
        if options.home is not None:
            (Path(folder) / "home").symlink_to(options.home.resolve())
        else:
            service.admin("init", service.home)
            start = time.perf_counter()
            service.admin(
                *("bank", "synthesize", service.home, "--bank", BANK, "--version", VERSION),
                *("--persons", options.persons, "--seed", 1),
            )
            print(f"register of {options.persons:,} persons made in {time.perf_counter() - start:.0f} s")
        if PROJECT not in service.admin("project", "list", service.home).out:
            service.add_project(PROJECT)
        service.add_user("bench", PROJECT)
        # the first reads the register from disk, which the server's runs then find in memory
        by_hand = min(run_by_hand(service.home, BANK, VERSION) for _ in range(3))
        service.start()
        try:
            ours, memory = through_server(service)
            again, _ = through_server(service)
        finally:
            service.stop()
        print(f"hand-written DuckDB and numpy, best of three{by_hand:8.2f} s")
        for label, seconds in (("first run", ours), ("second run", again)):
            ratio = seconds / by_hand
            print(f"example script, gate on, {label:19s}{seconds:8.2f} s   {ratio:5.2f} x hand-written")
        print(f"session worker, largest resident size       {memory / 2**30:8.2f} GiB")
        small(service)


def through_server(service: Service) -> tuple[float, int]:
    """Return the time of the whole client run, in seconds, and the worker's largest resident size, in bytes."""
    assert service.process is not None
    watcher = Watcher(service.process.pid)
    start = time.perf_counter()
    done = service.grille("run", ROOT / "examples" / "multilevel.txt", "--format", "json", user="bench")
    elapsed = time.perf_counter() - start
    assert done.code == 0, done.out[-2000:] + done.err
    slowest = sorted(((r["elapsed_ms"], r["source"][:70]) for r in done.json["results"]), reverse=True)[:12]
    for milliseconds, source in slowest:
        print(f"    {milliseconds / 1000:7.2f} s  {source}")
    return elapsed, watcher.stop()


class Watcher:
    """Watches the resident size of all descendants of a process and keeps the largest of any."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._largest = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            for process in descendants(self._root):
                try:
                    status = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                for line in status.splitlines():
                    if line.startswith("VmHWM:"):
                        self._largest = max(self._largest, int(line.split()[1]) * 1024)

    def stop(self) -> int:
        """Stop and return the largest size seen, in bytes."""
        self._done.set()
        self._thread.join()
        return self._largest


def descendants(root: int) -> list[int]:
    """Return the process ids of all children, and their children, of a process."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def small(service: Service) -> None:
    """Time what a researcher waits for all day: help, opening a session, an empty command."""
    start = time.perf_counter()
    command("grille", "--help")
    print(f"grille --help                               {time.perf_counter() - start:8.3f} s")
    service.start()
    try:
        lines = "\n".join(f"create-dataset d{number}" for number in range(200))
        service.grille("run", "-", "--format", "json", user="bench", stdin="help\n")
        document = json.loads(service.grille("run", "-", "--format", "json", user="bench", stdin=lines).out)
        commands = sorted(result["elapsed_ms"] for result in document["results"])
        print(f"empty command in the server, median         {commands[100] / 1000:8.3f} s")
        log = [json.loads(line) for line in service.log().splitlines() if "OpenSession" in line]
        print(f"session opened, latest                      {log[-1]['elapsed_ms'] / 1000:8.3f} s")
    finally:
        service.stop()


if __name__ == "__main__":
    main()
