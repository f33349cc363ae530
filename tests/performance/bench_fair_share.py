"""How long a small question waits while another user keeps the server busy. Run by `make bench`.

One user runs long commands in as many sessions as allowed; another asks a small question again and again, first with
the server to itself, then beside the heavy user.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

from support.mishaps import PEOPLE, RawClient, long_command, raw_client
from support.service import Service

QUESTION = "tabulate sex\n"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--persons", type=int, default=200_000)
    options.add_argument("--questions", type=int, default=40)
    options.add_argument("--heavy", type=int, default=4, help="sessions of the heavy user")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = Service.build(Path(folder), persons=given.persons)
        service.add_user("bo", "wages")
        service.start()
        try:
            with raw_client(service, "bo") as small:
                session = small.open()
                small.run(session, PEOPLE)
                show("alone", ask(small, session, given.questions))
                with heavy_user(service, given.heavy) as computing:
                    show("beside a heavy user", ask(small, session, given.questions))
                print(f"the heavy user's commands meanwhile: {computing.answered} answered")
        finally:
            service.stop()


def ask(small: RawClient, session: str, times: int) -> list[float]:
    """Ask the small question; return the seconds that each answer took."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        last = small.run(session, QUESTION)[-1]
        taken.append(time.perf_counter() - start)
        assert last.HasField("finished"), last
        time.sleep(0.1)
    return taken


class heavy_user:  # noqa: N801  # reads as what it is in a with statement
    """Long commands in several sessions of ada during the block."""

    def __init__(self, service: Service, sessions: int) -> None:
        self._service, self._sessions = service, sessions
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.answered = 0

    def __enter__(self) -> heavy_user:
        started = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._work, args=(started,)) for _ in range(self._sessions)]
        for thread in self._threads:
            thread.start()
        for _ in self._threads:
            started.acquire()
        time.sleep(3)  # until the first of them count as long
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, started: threading.Semaphore) -> None:
        with raw_client(self._service, "ada") as heavy:
            session = heavy.open()
            heavy.run(session, PEOPLE)
            started.release()
            while not self._over.is_set():
                call = heavy.analysis.RunScript(_request(session, long_command(150) + "drop effort\n"), timeout=600)
                for event in call:
                    self.answered += event.HasField("finished")
                    if self._over.is_set():
                        call.cancel()
                        break
            time.sleep(0.5)
            heavy.close(session)


def _request(session: str, script: str) -> object:
    from grille.v1 import analysis_pb2

    return analysis_pb2.RunScriptRequest(session_id=session, script=script.encode())


def show(name: str, taken: list[float]) -> None:
    """Print median, 95th percentile and longest."""
    ordered = sorted(taken)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{name:20} median {statistics.median(taken):.3f} s, 95 % {p95:.3f} s, longest {ordered[-1]:.3f} s")


if __name__ == "__main__":
    main()
