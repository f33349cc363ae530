"""Measure the one pass and the fits from batches in memory.

`OPENBLAS_NUM_THREADS=1 python tests/performance/bench_statistics.py` measures as in a worker process: on a shared
machine threads inside BLAS wait for each other, and cost up to 20 times what they gain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics.design import Design, DesignSpec, DesignTerm, DesignVariable, Pass, expand, fill
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.ols import ClusterVariable, fit_ols
from grille.server.statistics.reml import fit_mixed

ROWS_PER_BATCH = 131_072
COVARIATES = 8


def generated(rows: int, middle: int, top: int, seed: int) -> tuple[Pass, FactorLevels]:
    """Make rows with covariates x0..x7 (half of them 0/1), and nested groups `middle` inside `top`."""
    rng = np.random.default_rng(seed)
    g = rng.integers(0, middle, rows).astype(np.int32)
    h = (g % top).astype(np.int32)
    numbers: dict[str, NDArray[np.float64]] = {}
    y = rng.normal(size=rows) + 0.5 * rng.normal(size=middle)[g] + 0.3 * rng.normal(size=top)[h] + 40.0
    for j in range(COVARIATES):
        x = rng.normal(30.0, 5.0, rows) if j % 2 else (rng.random(rows) < 0.3).astype(float)
        numbers[f"x{j}"] = x
        y += 0.1 * j * x
    numbers["y"] = y
    batches = [
        Batch(
            {name: values[a : a + ROWS_PER_BATCH].copy() for name, values in numbers.items()},
            {"g": g[a : a + ROWS_PER_BATCH].copy(), "h": h[a : a + ROWS_PER_BATCH].copy()},
            min(rows - a, ROWS_PER_BATCH),
        )
        for a in range(0, rows, ROWS_PER_BATCH)
    ]
    levels = FactorLevels({"g": tuple(map(float, range(middle))), "h": tuple(map(float, range(top)))})
    return lambda: iter(batches), levels


def bare_pass(passes: Pass, design: Design, groups: int) -> None:
    """Do what cannot be left out: assemble, cross-products, one bincount per column."""
    q = len(design.columns) + 1
    block = np.empty((q, ROWS_PER_BATCH))
    cross, sums = np.zeros((q, q)), np.zeros((q + 1, groups))
    for batch in passes():
        part = fill(design, batch, block)
        cross += part @ part.T
        codes = batch.factors["g"].astype(np.intp)
        sums[q] += np.bincount(codes, minlength=groups)
        for j in range(q):
            sums[j] += np.bincount(codes, weights=part[j], minlength=groups)


def timed(label: str, work: Callable[[], object], repeats: int = 5) -> None:
    """Print the median time of `work`."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    print(f"  {label:<44} {1000 * sorted(times)[len(times) // 2]:9.1f} ms")


def cases() -> Iterator[tuple[str, int, int, int, tuple[str, ...]]]:
    """Yield title, rows, lowest groups, top groups and group variables."""
    yield "1e6 rows, 8 covariates, 400 groups", 1_000_000, 400, 20, ("g",)
    yield "1e6 rows, 8 covariates, 400 groups in 20", 1_000_000, 400, 20, ("h", "g")
    yield "1e6 rows, 8 covariates, 200 000 groups in 428", 1_000_000, 200_000, 428, ("h", "g")
    yield "1e6 rows, 8 covariates, 200 000 groups in 20 000", 1_000_000, 200_000, 20_000, ("h", "g")


def main() -> None:
    """Print the figures."""
    spec = DesignSpec("y", tuple(DesignTerm((DesignVariable(f"x{j}", "continuous"),)) for j in range(COVARIATES)))
    for title, rows, middle, top, groups in cases():
        passes, levels = generated(rows, middle, top, 1)
        design = expand(spec, levels)
        print(title)
        timed("bare pass", lambda: bare_pass(passes, design, middle))  # noqa: B023
        timed("collect_moments", lambda: collect_moments(passes, design, levels, groups))  # noqa: B023
        moments = collect_moments(passes, design, levels, groups)
        timed("fit_mixed", lambda: fit_mixed(moments))  # noqa: B023
        fit = fit_mixed(moments)
        print(f"  {fit.convergence}")
        timed("leverage, bound", lambda: design_leverage(moments, fit.scaling, passes, fit.ratios))  # noqa: B023
        print(f"  {design_leverage(moments, fit.scaling, passes, fit.ratios)}")
        timed("leverage, exact", lambda: design_leverage(moments, fit.scaling, passes, fit.ratios, (0, 0)))  # noqa: B023
        timed("fit_ols", lambda: fit_ols(moments))  # noqa: B023
        timed("fit_ols robust", lambda: fit_ols(moments, 95, "robust", passes))  # noqa: B023
        cluster = ClusterVariable("g", middle)
        timed("fit_ols cluster", lambda: fit_ols(moments, 95, "cluster", passes, cluster))  # noqa: B023


if __name__ == "__main__":
    main()
