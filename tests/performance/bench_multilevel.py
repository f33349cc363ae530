"""regress-mml through client and server, beside a bare pass over the same file, statsmodels and lme4.

`python tests/performance/bench_multilevel.py [--rows N] [--small N]`; lme4 joins when Rscript with lme4 is installed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from support.model_bank import COVARIATES, make_model_bank
from support.service import Service, free_port

from grille.server.catalog import bank_file
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys

GROUPS, TOP = 400, 10
BATCH = 131_072
PROJECT = "bench"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--small", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(Path(folder) / "config")}
        service.admin("init", service.home)
        for bank, rows in (("bench.large", options.rows), ("bench.small", options.small)):
            make_model_bank(service.home, bank, rows, GROUPS, TOP)
            service.admin("project", "add", service.home, bank, "--bank", bank, "--policy", "standard")
            service.add_user(bank.replace(".", "-"), bank)
        service.start()
        try:
            print(f"rows {options.rows:,}, 8 covariates, {GROUPS} groups")
            passes = [bare_pass(service.home, "bench.large") for _ in range(3)]
            bare = min(passes)
            print(f"  bare pass over the encrypted file, first   {passes[0]:8.3f} s")
            print(f"  bare pass over the encrypted file, best    {bare:8.3f} s")
            for label, groups in (("two levels", "G"), ("three levels", "H G")):
                first, later = through_server(service, "bench.large", groups)
                for when, seconds in (("first in a session", first), ("later", later)):
                    what = f"regress-mml, {label}, {when}"
                    print(f"  {what:42s} {seconds:8.3f} s   {seconds / bare:5.2f} x bare pass")
            print(f"rows {options.small:,}, 8 covariates, {GROUPS} groups")
            bare = min(bare_pass(service.home, "bench.small") for _ in range(3))
            first, later = through_server(service, "bench.small", "G")
            print(f"  bare pass over the encrypted file          {bare:8.3f} s")
            print(f"  regress-mml, two levels, first in a session{first:8.3f} s")
            print(f"  regress-mml, two levels, later             {later:8.3f} s")
            peers(service.home, "bench.small", later)
        finally:
            service.stop()


def through_server(service: Service, bank: str, groups: str, repeats: int = 4) -> tuple[float, float]:
    """Return the time in the server of the first regress-mml of a session and the best of later ones, in seconds.

    The covariates change places from one run to the next, so that no query is asked twice.
    """
    imports = [f"import b/{name} as {name.lower()}" for name in ("Y", *COVARIATES, "G", "H")]
    names = [name.lower() for name in COVARIATES]
    orders = [names[turn:] + names[:turn] for turn in range(repeats)]
    models = [
        f"regress-mml y {' '.join(order)} by {groups.lower()}, level({90 + turn})" for turn, order in enumerate(orders)
    ]
    script = "\n".join((f"require {bank}:1 as b", "create-dataset d", *imports, *models))
    document = service.run(script, user=bank.replace(".", "-"))
    results = [result for result in document["results"] if result["command"] == "regress-mml"]
    assert all(result["status"] == "ok" for result in results), results[-1]
    first, *later = (result["elapsed_ms"] / 1000 for result in results)
    return first, min(later)


def bare_pass(home: Path, bank: str) -> float:
    """Return the time to read the columns as Arrow batches and form centred cross-products and group sums."""
    names = (*COVARIATES, "Y")
    source = " POSITIONAL JOIN ".join(f'bank.main."{name}"' for name in (*names, "G"))
    columns = ", ".join(f'"{name}".value AS "{name}"' for name in (*names, "G"))
    with bank_file.open_version(Home(home).banks, bank, 1, load_keys(Home(home)).bank_key(bank)) as connection:
        start = time.perf_counter()
        block, cross = np.empty((len(names), BATCH)), np.zeros((len(names), len(names)))
        sums = np.zeros((len(names) + 1, GROUPS))
        origin = None
        for batch in connection.execute(f"SELECT {columns} FROM {source}").to_arrow_reader(BATCH):
            part = block[:, : batch.num_rows]
            for row, name in enumerate(names):
                part[row] = batch[name].to_numpy()
            codes = batch["G"].to_numpy()
            origin = part.mean(axis=1, keepdims=True) if origin is None else origin
            part -= origin
            cross += part @ part.T
            sums[-1] += np.bincount(codes, minlength=GROUPS)
            for row in range(len(names)):
                sums[row] += np.bincount(codes, weights=part[row], minlength=GROUPS)
        return time.perf_counter() - start


def peers(home: Path, bank: str, ours: float) -> None:
    """Time statsmodels, and lme4 where it is, on the same rows already in memory."""
    table = in_memory(home, bank)
    import statsmodels.api as sm

    design = sm.add_constant(np.column_stack([table[name] for name in COVARIATES]))
    start = time.perf_counter()
    sm.MixedLM(table["Y"], design, groups=table["G"]).fit()
    report("statsmodels MixedLM, rows in memory", time.perf_counter() - start, ours)
    if shutil.which("Rscript") is None:
        print("  lme4: Rscript is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.bin"
        np.column_stack([table[name] for name in ("Y", *COVARIATES, "G")]).astype("<f8").T.tofile(path)
        done = subprocess.run(
            ["Rscript", "-e", R_PROGRAM, str(path), str(len(table["Y"]))], capture_output=True, text=True
        )
    if done.returncode:
        print("  lme4:", done.stderr.strip().splitlines()[-1])
        return
    report("lme4 lmer, rows in memory", float(done.stdout.split()[-1]), ours)


R_PROGRAM = """
suppressMessages(library(lme4)); a <- commandArgs(TRUE); n <- as.integer(a[2])
d <- as.data.frame(matrix(readBin(a[1], "double", n * 10), n)); names(d) <- c("y", paste0("x", 1:8), "g")
cat(system.time(lmer(y ~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + (1 | g), d))[["elapsed"]])
"""


def report(label: str, seconds: float, ours: float) -> None:
    print(f"  {label:42s} {seconds:8.3f} s   {seconds / ours:5.0f} x ours")


def in_memory(home: Path, bank: str) -> dict[str, Any]:
    """Return every column of the bank as arrays."""
    names = (*COVARIATES, "Y", "G")
    with bank_file.open_version(Home(home).banks, bank, 1, load_keys(Home(home)).bank_key(bank)) as connection:
        return {
            name: connection.execute(f'SELECT value FROM bank.main."{name}"').fetchnumpy()["value"] for name in names
        }


if __name__ == "__main__":
    main()
