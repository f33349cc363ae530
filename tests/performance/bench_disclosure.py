"""Measure sketches of a bank and the ledger among many earlier sets: `bench_disclosure.py [KIND ...]`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
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

    kinds = {"of any size": _any_size, "mostly cells of tables": _cells}
    for name, sizes in kinds.items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            _ledger(name, sizes)


def _any_size(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(10, UNITS, count)


def _cells(rng: np.random.Generator, count: int) -> np.ndarray:
    # half of all have fewer than 3 000 units, so that many are of nearly the same size
    return np.minimum(10 + rng.lognormal(8.0, 1.5, count).astype(np.int64), UNITS)


def _ledger(name: str, sizes: Callable[[np.random.Generator, int], np.ndarray]) -> None:
    """Time one more set among EARLIER sets, by the clock and by the processor."""
    rng = np.random.default_rng(1)

    def some_sets(count: int) -> list[AnalysisSet]:
        # random words are what sketches of large sets look like
        return [
            AnalysisSet("b", "PERSON", UnitCount(int(n), int(key)), tuple(map(int, words)), "bench")
            for n, key, words in zip(
                sizes(rng, count),
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
        for one in some_sets(1000):
            start, worked = time.perf_counter(), time.thread_time()
            ledger.admit("p", [one], policy)
            times.append((time.perf_counter() - start, time.thread_time() - worked))
        for what, taken in zip(("by the clock", "of the processor"), np.array(times).T * 1e3, strict=True):
            median, tail, last = np.percentile(taken, [50, 95, 99])
            print(f"a set among {EARLIER} {name}: {what} median {median:.1f} ms, p95 {tail:.1f} ms, p99 {last:.1f} ms")
        start = time.perf_counter()
        ledger.admit_separately("p", some_sets(500), policy)
        print(f"a table of 500 cells: {(time.perf_counter() - start) * 1e3:.0f} ms")
        ledger.close()
        print(f"on disk: {path.stat().st_size / 1e6:.0f} MB")
        start = time.perf_counter()
        Ledger(path, SECRET).close()
        print(f"reading all on opening: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
