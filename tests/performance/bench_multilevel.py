"""regress-mml through client and server beside a bare pass over the same file, and the memory that it needs.

`python tests/performance/bench_multilevel.py [--rows N] [--small N] [--memory N]`; a part with N = 0 is left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from bench_script import Watcher
from support.model_bank import COVARIATES, make_model_bank
from support.service import Service, free_port

from grille.server.catalog import bank_file
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys

FIRST = "first of a session"
BATCH = 131_072


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--small", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=10_000_000)
    options = parser.parse_args()
    if options.rows:
        compare("bench.large", options.rows, 400, 10, {"G": 3.0, "H G": None})
    if options.small:
        compare("bench.small", options.small, 400, 10, {"G": None})
        compare("bench.deep", options.small, 20_000, 400, {"H G": 2.5})
    if options.memory:
        with served("bench.memory", options.memory, 200_000, 428) as service:
            size = largest_worker(service, "bench.memory") / 1e9
        print(f"{options.memory:,} rows, 200,000 groups in 428: largest process {size:.2f} GB (at most 1.5)")


def compare(bank: str, rows: int, groups: int, top: int, by: Mapping[str, float | None]) -> None:
    """Print the time of each model beside a bare pass; `by` has its groups, and the promised ratio of a first model."""
    with served(bank, rows, groups, top) as service:
        passes = [bare_pass(service.home, bank, groups) for _ in range(5)]
        print(f"{rows:,} rows, 8 covariates, {groups:,} groups in {top:,}: bare pass {min(passes):.3f} s")
        for one, most in by.items():
            for when, seconds in through_server(service, bank, one).items():
                promised = f" (at most {most})" if most is not None and when == FIRST else ""
                what = f"by {one.lower()}, {when}"
                print(f"  {what:44s} {seconds:8.3f} s   {seconds / min(passes):5.2f} x bare pass{promised}", flush=True)


@contextmanager
def served(bank: str, rows: int, groups: int, top: int) -> Iterator[Service]:
    """Make a bank and serve it to a user of its name."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(Path(folder) / "config")}
        service.admin("init", service.home)
        make_model_bank(service.home, bank, rows, groups, top)
        service.admin("project", "add", service.home, bank, "--bank", bank, "--policy", "standard")
        service.add_user(bank.replace(".", "-"), bank)
        service.start()
        try:
            yield service
        finally:
            service.stop()


def through_server(service: Service, bank: str, groups: str) -> dict[str, float]:
    """Return the time in the server of regress-mml, in seconds, best of three sessions, by what the session knows.

    - the first model of a session, which has to find out which columns have gaps and how large the groups are;
    - one with an outcome that no model read before, which knows that but reads every row;
    - one over the same rows and variables with the terms in another order, without one, or with one of them as the
      outcome, which reads no row.
    """
    names = [name.lower() for name in COVARIATES]
    imports = [f"import b/{name} as {name.lower()}" for name in ("Y", *COVARIATES, "G", "H")]
    imports += ["generate z = y + x2"]
    by = groups.lower()
    models = {
        FIRST: f"regress-mml y {' '.join(names)} by {by}",
        "another outcome": f"regress-mml z {' '.join(names)} by {by}",
        "a term as the outcome": f"regress-mml x2 y {' '.join(name for name in names if name != 'x2')} by {by}",
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


def largest_worker(service: Service, bank: str) -> int:
    """Return the largest resident size of any process of the server while a session fits three levels, in bytes."""
    assert service.process is not None
    watcher = Watcher(service.process.pid)
    names = [name.lower() for name in COVARIATES]
    imports = [f"import b/{name} as {name.lower()}" for name in ("Y", *COVARIATES, "G", "H")]
    model = f"regress-mml y {' '.join(names)} by h g"
    script = "\n".join((f"require {bank}:1 as b", "create-dataset d", *imports, model))
    document = service.run(script, user=bank.replace(".", "-"))
    assert document["results"][-1]["status"] == "ok", document["results"][-1]
    return watcher.stop()


if __name__ == "__main__":
    main()
