"""Measure sketches of a bank and the ledger among many earlier sets: `python tests/performance/bench_disclosure.py`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from grille.server.disclosure.evidence import AnalysisSet, UnitCount
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements

UNITS = 5_500_000
EARLIER = 100_000
SECRET = b"s" * 32


def main() -> None:
    """Print what was measured."""
    start = time.perf_counter()
    numbers = np.arange(UNITS, dtype=np.uint32)
    record_keys(numbers, SECRET)
    sketch_columns(unit_elements(numbers, SECRET))
    print(f"record keys and sketches of {UNITS} units: {time.perf_counter() - start:.1f} s")

    rng = np.random.default_rng(1)

    def some_sets(count: int) -> list[AnalysisSet]:
        # random words are what sketches of large sets look like
        return [
            AnalysisSet("b", "PERSON", UnitCount(int(n), int(key)), tuple(map(int, words)), "bench")
            for n, key, words in zip(
                rng.integers(10, UNITS, count),
                rng.integers(0, 2**63, count),
                rng.integers(0, 2**63, (count, 6)),
                strict=True,
            )
        ]

    policy = Policy.standard()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        ledger = Ledger(path, SECRET)
        for _ in range(EARLIER // 1000):
            ledger.admit_separately("p", some_sets(1000), policy)
        times = []
        for one in some_sets(300):
            start = time.perf_counter()
            ledger.admit("p", [one], policy)
            times.append(time.perf_counter() - start)
        median, tail = np.percentile(times, [50, 95]) * 1e3
        print(f"a set among {EARLIER}: median {median:.1f} ms, p95 {tail:.1f} ms")
        start = time.perf_counter()
        ledger.admit_separately("p", some_sets(500), policy)
        print(f"a table of 500 cells: {(time.perf_counter() - start) * 1e3:.0f} ms")
        ledger.close()
        print(f"on disk: {path.stat().st_size / 1e6:.0f} MB")
        start = time.perf_counter()
        Ledger(path, SECRET).close()
        print(f"reading all on opening: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
