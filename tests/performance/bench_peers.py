"""regress and regress-mml beside statsmodels and lme4, all with the rows in memory: by rows, groups and covariates.

`python tests/performance/bench_peers.py [--seconds N] [--largest N]`; a peer that takes longer than N seconds (60) is
stopped. Ours are the pass over the rows, the fit and the leverages that the gate asks for; the peers fit alone. lme4
joins where Rscript with lme4 is installed. Worker processes have one BLAS thread, and so has ours here; the peers have
their defaults.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded, as in a worker

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics.design import DesignSpec, DesignTerm, DesignVariable, expand
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.ols import fit_ols
from grille.server.statistics.reml import fit_mixed

BATCH = 131_072

STATSMODELS = """
import sys, time, numpy as np, statsmodels.api as sm
kind, path, rows, columns = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = np.fromfile(path).reshape(columns, rows)
y, x, top, middle = data[0], sm.add_constant(data[1:-2].T), data[-2], data[-1]
start = time.perf_counter()
if kind == "ols":
    sm.OLS(y, x).fit()
elif kind == "two":
    sm.MixedLM(y, x, groups=middle).fit()
else:
    import pandas as pd
    names = [f"x{number}" for number in range(x.shape[1] - 1)]
    frame = pd.DataFrame(x[:, 1:], columns=names).assign(y=y, top=top.astype(int), m=middle.astype(int))
    within = {"groups": "top", "re_formula": "1", "vc_formula": {"m": "0 + C(m)"}}
    sm.MixedLM.from_formula("y ~ " + " + ".join(names), frame, **within).fit()
print(time.perf_counter() - start)
"""

LME4 = """
suppressMessages(library(lme4)); a <- commandArgs(TRUE); n <- as.integer(a[3]); k <- as.integer(a[4])
d <- as.data.frame(matrix(readBin(a[2], "double", n * k), n)); p <- k - 3
names(d) <- c("y", paste0("x", seq_len(p)), "top", "m")
r <- if (a[1] == "two") "+ (1 | m)" else "+ (1 | top / m)"
f <- paste("y ~", paste(paste0("x", seq_len(p)), collapse = " + "), r)
cat(system.time(lmer(as.formula(f), d))[["elapsed"]])
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--largest", type=int, default=10_000_000)
    options = parser.parse_args()
    print(
        f"{'rows':>10} {'groups':>16} {'p':>3} {'ours':>9}  {'statsmodels':>18} {'lme4':>18}   "
        "of which pass, fit, leverage"
    )
    for rows in (10_000, 100_000, 1_000_000, 10_000_000):
        if rows > options.largest:
            continue
        row(rows, "no groups", 1, 1, (), "ols", options.seconds)
        for middle in (15, 400, rows // 50):
            row(rows, f"{middle:,}", middle, 1, ("m",), "two", options.seconds)
        for top, middle in ((10, 400), (400, rows // 50)):
            if middle < 2 * top:
                continue
            row(rows, f"{top} > {middle:,}", middle, top, ("top", "m"), "three", options.seconds)
    for covariates in (2, 4, 16, 32, 60):
        row(min(1_000_000, options.largest), "400", 400, 1, ("m",), "", options.seconds, covariates)
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"largest resident size of ours, rows included: {largest:.2f} GiB")


def row(
    rows: int,
    label: str,
    middle: int,
    top: int,
    groups: tuple[str, ...],
    peers: str,
    seconds: float,
    covariates: int = 8,
) -> None:
    """Print one line of the table."""
    columns, of_middle = generated(rows, middle, top, covariates)
    pass_, fit, leverage = ours(columns, of_middle, groups)
    total = pass_ + fit + leverage
    others = ["", ""]
    if peers and rows <= 1_000_000:
        others = list(beside(columns, of_middle, peers, seconds, total))
    parts = f"{pass_:.3f} {fit:.3f} {leverage:.3f}"
    print(
        f"{rows:>10,} {label:>16} {covariates:>3} {total:>7.3f} s  {others[0]:>18} {others[1]:>18}   {parts}",
        flush=True,
    )


def generated(rows: int, middle: int, top: int, covariates: int) -> tuple[list[NDArray[np.float64]], NDArray[np.int32]]:
    """Make outcome, covariates (half of them 0/1) and the middle group of each row; its top group is m modulo `top`."""
    rng = np.random.default_rng(1)
    m = rng.integers(0, middle, rows).astype(np.int32)
    y = rng.normal(40.0, 1.0, rows) + 0.5 * rng.normal(size=middle)[m] + 0.3 * rng.normal(size=top)[m % top]
    columns = []
    for place in range(covariates):
        x = rng.normal(30.0, 5.0, rows) if place % 2 else (rng.random(rows) < 0.3).astype(float)
        y += 0.1 * place * x
        columns.append(x)
    return [y, *columns, (m % top).astype(float)], m


def ours(
    columns: list[NDArray[np.float64]], middle: NDArray[np.int32], groups: tuple[str, ...]
) -> tuple[float, float, float]:
    """Return the seconds of pass, fit and leverages; the best of three."""
    names = ["y", *(f"x{place}" for place in range(len(columns) - 2))]
    top = columns[-1].astype(np.int32)

    def passes() -> Iterator[Batch]:
        for start in range(0, len(middle), BATCH):
            part = slice(start, start + BATCH)
            numbers = {name: column[part] for name, column in zip(names, columns, strict=False)}
            yield Batch(numbers, {"m": middle[part], "top": top[part]}, len(middle[part]))

    levels = FactorLevels(
        {name: tuple(map(float, range(int(of.max()) + 1))) for name, of in (("m", middle), ("top", top))}
    )
    terms = tuple(DesignTerm((DesignVariable(name, "continuous"),)) for name in names[1:])
    design = expand(DesignSpec("y", terms), levels)
    found = []
    for _ in range(3):
        marks = [time.perf_counter()]
        moments = collect_moments(passes, design, levels, groups)
        marks.append(time.perf_counter())
        fit = fit_mixed(moments) if groups else fit_ols(moments)
        marks.append(time.perf_counter())
        design_leverage(moments, fit.scaling, passes, getattr(fit, "ratios", None))
        marks.append(time.perf_counter())
        found.append(tuple(np.diff(marks)))
    best = min(found, key=sum)
    return float(best[0]), float(best[1]), float(best[2])


def beside(
    columns: list[NDArray[np.float64]], middle: NDArray[np.int32], kind: str, seconds: float, total: float
) -> Iterator[str]:
    """Yield what statsmodels and lme4 take, and how many times ours that is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.bin"
        np.concatenate([*columns, middle.astype(float)]).tofile(path)
        given = (kind, str(path), str(len(middle)), str(len(columns) + 1))
        yield told(lambda: run([sys.executable, "-W", "ignore", "-c", STATSMODELS, *given], seconds), total)
        if kind == "ols" or shutil.which("Rscript") is None:
            yield ""
        else:
            yield told(lambda: run(["Rscript", "-e", LME4, *given], seconds), total)


def run(command: list[str], seconds: float) -> float | None:
    """Return the seconds that a peer says it took, or None when it was stopped."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 15, env=environment)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.split()[-1])


def told(measure: Callable[[], float | None], total: float) -> str:
    try:
        found = measure()
    except RuntimeError as error:
        return str(error)[:18]
    return "stopped" if found is None else f"{found:8.2f} s {found / total:5.0f} x"


if __name__ == "__main__":
    main()
