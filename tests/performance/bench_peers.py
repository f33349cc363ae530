"""regress and regress-mml beside statsmodels and lme4, and how their time grows: by rows, groups and covariates.

`python tests/performance/bench_peers.py [--rows N ...] [--groups SHAPE ...] [--seconds S] [--write]`

Ours is timed at the client's end of a session with the gate on, from an encrypted bank (first model of a session,
another outcome, same variables again: docs/performance.md says what each is), and as the peers are, from rows in
memory. A peer that fits longer than S seconds (90) is stopped, and not asked for more rows of the same kind. Each line
is written to build/peers.json when it is measured, and lines there are not measured again: `--fresh` begins anew.
`--write` puts the tables of all lines into docs/performance.md. Every estimate is compared; a wrong one ends the run.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded, as in a worker; the peers have their defaults

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from support import peer_tables
from support.model_bank import covariate, write_bank
from support.peers import Answer, Estimates, Floats, Peers, coefficient_error, has_lme4, variance_error
from support.service import Service, free_port
from support.timed_session import RefusedCommandError, parts_of, timed_session

from grille.server.operations.home import Home
from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics.design import DesignSpec, DesignTerm, DesignVariable, expand
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.ols import OlsResult, fit_ols
from grille.server.statistics.reml import fit_mixed

ROOT = Path(__file__).resolve().parents[2]
FOUND, PAGE = ROOT / "build" / "peers.json", ROOT / "docs" / "performance.md"
BATCH, COVARIATES, WIDEST, MOST_BESIDE = 131_072, 8, 32, 1_000_000
EQUAL = 1e-6
"""Largest relative error of a variance that counts as our accuracy."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Groups of a model: `middle` lowest ones in `top` larger ones, and whether both are random intercepts."""

    name: str
    kind: str  # ols, two, three
    middle: int
    top: int
    covariates: int = COVARIATES


def shapes(rows: int) -> Iterator[Shape]:
    """Yield what is measured at so many rows."""
    yield Shape("none", "ols", 1, 1)
    for middle, name in ((15, "15"), (400, "400"), (rows // 50, "N/50")):
        yield Shape(name, "two", middle, 1)
    for top, middle, name in ((10, 400, "10 > 400"), (400, rows // 50, "400 > N/50")):
        if middle >= 2 * top:
            yield Shape(name, "three", middle, top)
    if rows == MOST_BESIDE:
        for covariates in (2, 16, WIDEST):
            yield Shape("400", "two", 400, 1, covariates)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="*", default=(10_000, 100_000, 1_000_000, 10_000_000))
    parser.add_argument("--groups", nargs="*", help='such as none 15 400 N/50 "10 > 400" "400 > N/50"')
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    FOUND.parent.mkdir(exist_ok=True)
    if options.fresh:
        FOUND.unlink(missing_ok=True)
    lines: list[dict[str, Any]] = json.loads(FOUND.read_text()) if FOUND.exists() else []
    done = {(one["rows"], one["name"], one["covariates"]) for one in lines}
    lme4 = has_lme4()
    for rows in options.rows:
        wanted = [
            one
            for one in shapes(rows)
            if (rows, one.name, one.covariates) not in done and (not options.groups or one.name in options.groups)
        ]
        for line in measured(rows, wanted, options.seconds, lme4, lines) if wanted else ():
            lines.append(line)
            lines.sort(key=lambda one: one["rows"])
            FOUND.write_text(json.dumps(lines, indent=1))
            print(peer_tables.line(line), flush=True)
    for mark, table in peer_tables.tables(lines).items():
        print(f"\n{table}")
        if options.write:
            peer_tables.fill(PAGE, mark, table)


def measured(
    rows: int, wanted: list[Shape], seconds: float, lme4: bool, earlier: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield one line per shape, from one bank."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(Path(folder) / "config")}
        service.admin("init", service.home)
        columns, data = generated(rows, wanted)
        write_bank(service.home, "bench.peers", columns | data)
        service.admin("project", "add", service.home, "bench", "--bank", "bench.peers", "--policy", "standard")
        service.add_user("bench", "bench")
        service.start()
        try:
            for place, shape in enumerate(wanted):
                began = time.time()
                x = [columns[f"X{number}"] for number in range(shape.covariates)]
                rest = [data[f"{what}{place}"] for what in "YMT"]
                in_memory, optimum, errors = ours([rest[0], *x], rest[1], rest[2], shape)
                line: dict[str, Any] = {"rows": rows, **asdict(shape), "memory": in_memory}
                line["server"] = through_server(service, place, shape, optimum, 3 if rows < 5_000_000 else 2)
                if shape.kind != "ols" and (shape.name == "400" or rows == MOST_BESIDE):
                    before, model = script(place, shape)
                    line["parts"] = parts_of(
                        Home(service.home), "bench.peers", Path(folder) / f"parts{place}", before, model["another"]
                    )
                if rows <= MOST_BESIDE and shape.covariates == COVARIATES:
                    stopped = {
                        name
                        for one in earlier
                        for name, told in one.get("peers", {}).items()
                        if one["name"] == shape.name and one["rows"] < rows and told.get("stopped")
                    }
                    peers = Peers(shape.kind, [rest[0], *x], rest[2], rest[1], seconds)
                    line["peers"] = dict(beside(peers, shape, optimum, errors, seconds, lme4, stopped))
                    peers.close()
                line |= {"commit": commit.stdout.strip(), "at": began, "took": time.time() - began}
                line["load"] = os.getloadavg()[0]
                yield line
        finally:
            service.stop()


def generated(rows: int, wanted: list[Shape]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make covariates, and per shape an outcome, lowest groups and the larger groups that they are in."""
    random = np.random.default_rng(1)
    columns = {f"X{place}": covariate(random, place, rows) for place in range(max(one.covariates for one in wanted))}
    data: dict[str, Any] = {}
    for place, shape in enumerate(wanted):
        middle = random.integers(0, shape.middle, rows)
        top = middle % shape.top
        y = random.normal(40.0, 1.0, rows) + 0.5 * random.normal(size=shape.middle)[middle]
        y += 0.3 * random.normal(size=shape.top)[top]
        for number in range(shape.covariates):
            y += 0.1 * (number % 8) * columns[f"X{number}"]
        data |= {f"Y{place}": y, f"M{place}": middle, f"T{place}": top}
    return columns, data


def ours(columns: list[Floats], middle: Any, top: Any, shape: Shape) -> tuple[float, Estimates, Floats]:
    """Return the seconds of pass and fit from rows in memory, best of three, the estimates and standard errors."""
    names = ["y", *(f"x{place}" for place in range(len(columns) - 1))]
    m, t = middle.astype(np.int32), top.astype(np.int32)

    def passes() -> Iterator[Batch]:
        for start in range(0, len(m), BATCH):
            part = slice(start, start + BATCH)
            numbers = {name: column[part] for name, column in zip(names, columns, strict=True)}
            yield Batch(numbers, {"m": m[part], "t": t[part]}, len(m[part]))

    levels = FactorLevels({"m": tuple(map(float, range(shape.middle))), "t": tuple(map(float, range(shape.top)))})
    design = expand(DesignSpec("y", tuple(DesignTerm((DesignVariable(x, "continuous"),)) for x in names[1:])), levels)
    groups = {"ols": (), "two": ("m",), "three": ("t", "m")}[shape.kind]
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        moments = collect_moments(passes, design, levels, groups)
        fit = fit_mixed(moments) if groups else fit_ols(moments)
        taken.append(time.perf_counter() - start)
    if isinstance(fit, OlsResult):
        likelihood = -fit.n / 2 * (np.log(2 * np.pi * fit.ss_resid / fit.n) + 1)
        return min(taken), Estimates(fit.coefficients, np.array([fit.rmse**2]), likelihood), fit.std_errors
    variances = [*(one.variance for one in reversed(fit.levels)), fit.residual_variance]
    return min(taken), Estimates(fit.coefficients, np.array(variances), fit.log_likelihood), fit.std_errors


def script(place: int, shape: Shape) -> tuple[list[str], dict[str, str]]:
    """Return the commands that make a data set and teach the session its rows, and models by what they find known."""
    names = [f"x{number}" for number in range(shape.covariates)]
    groups = {"ols": "", "two": " by m", "three": " by t m"}[shape.kind]
    imports = [f"import b/{name.upper()} as {name}" for name in names]
    imports += [f"import b/{what}{place} as {what.lower()}" for what in "YMT"]
    what = "regress" if shape.kind == "ols" else "regress-mml"
    models = {
        "first": f"{what} y {' '.join(names)}{groups}",
        "another": f"{what} z {' '.join(names)}{groups}",
        "same": f"{what} y {' '.join(reversed(names))}{groups}",
    }
    return ["require bench.peers:1 as b", "create-dataset d", *imports, "generate z = y + x1", models["first"]], models


def through_server(service: Service, place: int, shape: Shape, optimum: Estimates, times: int) -> dict[str, Any]:
    """Return the seconds of each model at the client's end, best of `times` sessions, or why the gate refused it."""
    before, models = script(place, shape)
    best = dict.fromkeys(models, float("inf"))
    for _ in range(times):
        with timed_session(service, "bench", "bench") as session:
            session.ask("\n".join(before[:-1]))
            for name, model in models.items():
                try:
                    seconds, blocks = session.ask(model)
                except RefusedCommandError as refused:
                    return {"refused": str(refused)}
                if name == "first" and shape.kind != "ols":
                    _check_released(blocks["random_effects"], optimum)
                best[name] = min(best[name], seconds)
    return best


def _check_released(table: dict[str, Any], optimum: Estimates) -> None:
    place = [column["key"] for column in table["columns"]].index("variance")
    released = [float(row[place]["value"] if isinstance(row[place], dict) else row[place]) for row in table["rows"]]
    shown = [*optimum.variances[-2::-1], optimum.variances[-1]]  # highest level first, as the tables
    np.testing.assert_allclose(released, shown, rtol=2e-3, err_msg="what the server released")  # it rounds


def beside(
    peers: Peers, shape: Shape, optimum: Estimates, errors: Floats, seconds: float, lme4: bool, stopped: set[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each peer's time and how far its estimates are from ours; see `_judged`."""
    default: dict[str, Any] = {"stopped": True, "untried": True}
    if "statsmodels" not in stopped:
        default = _judged(peers.statsmodels(), optimum, errors, seconds)
    yield "statsmodels", default
    if shape.kind != "ols":
        equal = default
        for gtol in (1e-8, 1e-10):
            if equal.get("stopped") or equal["variance_error"] < EQUAL:
                break
            equal = {"gtol": gtol, **_judged(peers.statsmodels(gtol=gtol), optimum, errors, seconds)}
        yield "statsmodels, equal", equal
        if lme4:
            tried = "lme4" not in stopped
            found = _judged(peers.lme4(), optimum, errors, seconds) if tried else {"stopped": True, "untried": True}
            assert found.get("variance_error", 0) < 5e-3, found  # lmer stops at 1e-8 in the criterion, which is flat
            assert found.get("coefficient_error", 0) < 1e-3, found
            yield "lme4", found


def _judged(answer: Answer | None, optimum: Estimates, errors: Floats, seconds: float) -> dict[str, Any]:
    """Compare with our estimates; a log-likelihood above ours would mean that ours is no optimum, and ends the run."""
    if answer is None:
        return {"stopped": True, "after": seconds}
    short = optimum.log_likelihood - answer.estimates.log_likelihood
    assert short > -1e-11 * abs(optimum.log_likelihood) - 1e-7, (short, answer, optimum)
    return {
        "seconds": answer.seconds,
        "variance_error": variance_error(answer.estimates, optimum),
        "coefficient_error": coefficient_error(answer.estimates, optimum, errors),
        "likelihood_short": short,
    }


if __name__ == "__main__":
    main()
