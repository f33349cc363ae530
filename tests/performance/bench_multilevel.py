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

BANKS = {"bench.large": (400, 10), "bench.small": (400, 10), "bench.deep": (20_000, 400)}
"""Groups, and larger groups that they are in."""
BATCH = 131_072


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--small", type=int, default=1_000_000)
    options = parser.parse_args()
    rows = {"bench.large": options.rows, "bench.small": options.small, "bench.deep": options.small}
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(Path(folder) / "config")}
        service.admin("init", service.home)
        for bank, (groups, top) in BANKS.items():
            make_model_bank(service.home, bank, rows[bank], groups, top)
            service.admin("project", "add", service.home, bank, "--bank", bank, "--policy", "standard")
            service.add_user(bank.replace(".", "-"), bank)
        service.start()
        try:
            for bank, by in (("bench.large", ("G", "H G")), ("bench.deep", ("H G",)), ("bench.small", ("G",))):
                groups, top = BANKS[bank]
                print(f"rows {rows[bank]:,}, 8 covariates, {groups:,} groups in {top:,}")
                passes = [bare_pass(service.home, bank, groups) for _ in range(5)]
                print(f"  bare pass over the encrypted file, first {passes[0]:.3f} s, best of five {min(passes):.3f} s")
                for one in by:
                    found = through_server(service, bank, one)
                    for when, seconds in found.items():
                        what = f"by {one.lower()}, {when}"
                        print(f"  {what:52s} {seconds:8.3f} s   {seconds / min(passes):5.2f} x bare pass")
            peers(service.home, "bench.small", found)
        finally:
            service.stop()


def through_server(service: Service, bank: str, groups: str) -> dict[str, float]:
    """Return the time in the server of regress-mml, in seconds, best of three sessions, by what the session knows.

    - the first model of a session, which has to find out which columns have gaps and how large the groups are;
    - one with another outcome, which knows that but reads every row;
    - one over the same rows and variables with the terms in another order or without one, which reads no row.
    """
    names = [name.lower() for name in COVARIATES]
    imports = [f"import b/{name} as {name.lower()}" for name in ("Y", *COVARIATES, "G", "H")]
    by = groups.lower()
    models = {
        "first of a session": f"regress-mml y {' '.join(names)} by {by}",
        "another outcome": f"regress-mml x2 y {' '.join(name for name in names if name != 'x2')} by {by}",
        "the same variables in another order": f"regress-mml y {' '.join(reversed(names))} by {by}",
        "one term fewer": f"regress-mml y {' '.join(names[:3] + names[4:])} by {by}",
    }
    best = dict.fromkeys(models, float("inf"))
    for _ in range(3):
        script = "\n".join((f"require {bank}:1 as b", "create-dataset d", *imports, *models.values()))
        document = service.run(script, user=bank.replace(".", "-"))
        results = [result for result in document["results"] if result["command"] == "regress-mml"]
        assert all(result["status"] == "ok" for result in results), results[-1]
        for when, result in zip(models, results, strict=True):
            best[when] = min(best[when], result["elapsed_ms"] / 1000)
    return best


def bare_pass(home: Path, bank: str, groups: int) -> float:
    """Return the time to read the columns as Arrow batches and form centred cross-products and group sums."""
    names = (*COVARIATES, "Y")
    source = " POSITIONAL JOIN ".join(f'bank.main."{name}"' for name in (*names, "G"))
    columns = ", ".join(f'"{name}".value AS "{name}"' for name in (*names, "G"))
    with bank_file.open_version(Home(home).banks, bank, 1, load_keys(Home(home)).bank_key(bank)) as connection:
        start = time.perf_counter()
        block, cross = np.empty((len(names), BATCH)), np.zeros((len(names), len(names)))
        sums = np.zeros((len(names) + 1, groups))
        origin = None
        for batch in connection.execute(f"SELECT {columns} FROM {source}").to_arrow_reader(BATCH):
            part = block[:, : batch.num_rows]
            for row, name in enumerate(names):
                part[row] = batch[name].to_numpy()
            codes = batch["G"].to_numpy()
            origin = part.mean(axis=1, keepdims=True) if origin is None else origin
            part -= origin
            cross += part @ part.T
            sums[-1] += np.bincount(codes, minlength=groups)
            for row in range(len(names)):
                sums[row] += np.bincount(codes, weights=part[row], minlength=groups)
        return time.perf_counter() - start


def peers(home: Path, bank: str, ours: dict[str, float]) -> None:
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


def report(label: str, seconds: float, ours: dict[str, float]) -> None:
    print(f"  {label:42s} {seconds:8.3f} s")
    for when, own in ours.items():
        print(f"    {seconds / own:6.0f} x {when}")


def in_memory(home: Path, bank: str) -> dict[str, Any]:
    """Return every column of the bank as arrays."""
    names = (*COVARIATES, "Y", "G")
    with bank_file.open_version(Home(home).banks, bank, 1, load_keys(Home(home)).bank_key(bank)) as connection:
        return {
            name: connection.execute(f'SELECT value FROM bank.main."{name}"').fetchnumpy()["value"] for name in names
        }


if __name__ == "__main__":
    main()
