"""Random scripts for the parser and binder, random messages for a running server. Run by `make fuzz`; prints figures.

Scripts come in three ways: written by the grammar and mutated, by hypothesis, and by atheris, which keeps what reaches
new code. Whatever gives anything but plans or clean errors, takes longer than 20 seconds or makes memory grow, ends it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from support.mishaps import server_pid, workers
from support.random_scripts import Writer, shortest
from support.script_judge import judge, scope
from support.service import Service
from support.wire_fuzz import bombard, only_records_in

ROOT = Path(__file__).parents[2]
CHUNK = 2_000
"""Examples of one call of hypothesis, which remembers all that it has tried."""
HANG_SECONDS = 20
MOST_GROWTH_MIB = 64


def main() -> None:
    """Run the parts that were asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("--written", type=int, default=600_000, help="scripts by the grammar, mutated; 0 for none")
    options.add_argument("--hypothesis", type=int, default=50_000, help="scripts by hypothesis; 0 for none")
    options.add_argument("--atheris", type=int, default=350_000, help="scripts by atheris; 0 for none")
    options.add_argument("--messages", type=int, default=100_000, help="messages for a running server; 0 for none")
    options.add_argument("--seed", type=int, default=int(time.time()))
    given_ = options.parse_args()
    print(f"seed                     {given_.seed}", flush=True)
    scope()
    if given_.written:
        with measured("written scripts", given_.written):
            written(given_.written, given_.seed)
    if given_.hypothesis:
        with measured("hypothesis", given_.hypothesis):
            by_hypothesis(given_.hypothesis, given_.seed)
    if given_.atheris:
        by_coverage(given_.atheris, given_.seed)
    if given_.messages:
        messages(given_.messages, given_.seed)


def written(count: int, seed: int) -> None:
    """Judge scripts by the grammar; a failure is told by the shortest script that still fails."""
    for number in range(count):
        source = Writer(Random(f"{seed} {number}")).script()
        if _fails(source):
            short = shortest(source, _fails)
            print(f"FAILED: {short!r}", flush=True)
            judge(short.encode(errors="surrogatepass"))
        if number % 50_000 == 49_999:
            tell(f"{number + 1} scripts, {resident_mib():.0f} MiB")


def by_hypothesis(count: int, seed: int) -> None:
    """Judge scripts whose chance hypothesis holds, so that it can make a failing one simpler."""
    for first in range(0, count, CHUNK):

        @seeded(seed + first)
        @settings(
            max_examples=min(CHUNK, count - first),
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(st.randoms(use_true_random=False))
        def property_(chance: Random) -> None:
            with in_time():
                judge(Writer(chance).script().encode(errors="surrogatepass"))

        property_()
        if first % (10 * CHUNK) == 0:
            tell(f"hypothesis: {first + CHUNK} scripts, {resident_mib():.0f} MiB")


def by_coverage(count: int, seed: int) -> None:
    """Let atheris look for scripts in a process of its own."""
    corpus = ROOT / "build" / "fuzz-corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    crashes = ROOT / "build" / "fuzz-crashes"
    crashes.mkdir(exist_ok=True)
    path = os.pathsep.join(("tests", "build/fuzz", os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [
            *(sys.executable, "tests/performance/fuzz_coverage.py", f"-runs={count}", f"-seed={seed % 2**32}"),
            *(f"-timeout={HANG_SECONDS}", "-rss_limit_mb=1024", "-max_len=4000", "-print_final_stats=1"),
            *(f"-artifact_prefix={crashes}/", str(corpus), "examples"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    for line in lines[-60:] if done.returncode else [one for one in lines if "DONE" in one or one.startswith("stat::")]:
        print(f"atheris                  {line}")
    if done.returncode:
        raise SystemExit(f"atheris failed with {done.returncode}; what failed is in {crashes}")


def messages(count: int, seed: int) -> None:
    """Send random messages to a server of its own, whose memory must not grow and whose log holds only its lines."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service.build(Path(folder), persons=2_000)
        for user, role in (("bo", "researcher"), ("audun", "auditor"), ("kari", "custodian")):
            service.add_user(user, "wages", role=role)
        service.start()
        try:
            bombard(service, count // 10, seed, tell)
            before = resident_mib(server_pid(service))
            start = time.monotonic()
            said = bombard(service, count - count // 10, seed + count, tell)
            taken = time.monotonic() - start
            after = resident_mib(server_pid(service))
            assert service.run("create-dataset p\n")["results"][-1]["status"] == "ok"
            print(f"messages                 {count}, {taken * 1000 / said.total():.2f} ms each")
            print(f"workers at the end       {len(workers(service))}")
            print(f"server's memory          {before:.0f} MiB after a tenth, {after:.0f} MiB after all")
            for heard, times in said.most_common():
                print(f"  {times:8} {heard}")
            assert after < before + MOST_GROWTH_MIB, "the server grows with bad messages"
            assert only_records_in(service.log())
        finally:
            assert service.stop() == 0
        assert "sound" in service.admin("audit", "verify", service.home).out


@contextmanager
def measured(name: str, count: int) -> Iterator[None]:
    """Print how long a part took and what became of the memory of this process, which must not grow."""
    before, start, used = resident_mib(), time.monotonic(), time.process_time()
    yield
    after = resident_mib()
    print(
        f"{name:24} {count}, {(time.process_time() - used) * 1000 / count:.2f} ms of a processor each,"
        f" {time.monotonic() - start:.0f} s; memory {before:.0f} MiB before, {after:.0f} MiB after",
        flush=True,
    )
    assert after < before + MOST_GROWTH_MIB, "memory grows with the number of scripts"


def _fails(source: str) -> bool:
    try:
        with in_time():
            judge(source.encode(errors="surrogatepass"))
    except Exception:
        return True
    return False


@contextmanager
def in_time() -> Iterator[None]:
    """Raise in a block that takes too long."""
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def _hangs(*_: object) -> None:
    raise TimeoutError(f"longer than {HANG_SECONDS} s")


def resident_mib(pid: int | str = "self") -> float:
    """Resident memory of a process, MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def tell(text: str) -> None:
    """Say on standard error how far a part has come."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
