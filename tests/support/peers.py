"""The same models in statsmodels and lme4, in processes of their own, and how far their estimates are from ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_START = 30.0  # seconds for the start of a program and its reading of the rows

STATSMODELS = """
import json, sys, time, warnings, numpy as np, statsmodels.api as sm
warnings.simplefilter("ignore")
kind, path = sys.argv[1:3]
rows, columns, options = map(json.loads, sys.argv[3:])
data = np.fromfile(path).reshape(columns, rows)
y, x, top, middle = data[0], np.column_stack([*data[1:-2], np.ones(rows)]), data[-2], data[-1]
if kind == "three":
    import pandas as pd
    names = [f"x{number}" for number in range(x.shape[1] - 1)]
    frame = pd.DataFrame(x[:, :-1], columns=names).assign(y=y, top=top.astype(int), m=middle.astype(int))
    within = {"groups": "top", "re_formula": "1", "vc_formula": {"m": "0 + C(m)"}}
def fit():
    if kind == "ols":
        return sm.OLS(y, x).fit()
    if kind == "two":
        return sm.MixedLM(y, x, groups=middle).fit(**options)
    return sm.MixedLM.from_formula("y ~ " + " + ".join(names), frame, **within).fit(**options)
taken = []
while len(taken) < 3 and sum(taken) < 2:
    start = time.perf_counter()
    found = fit()
    taken.append(time.perf_counter() - start)
if kind == "ols":
    coefficients, variances, likelihood = found.params, [found.scale], found.llf
else:
    coefficients, likelihood = np.asarray(found.fe_params), found.llf
    variances = [*map(float, found.vcomp), float(np.asarray(found.cov_re)[0, 0]), found.scale]
    if kind == "three":
        coefficients = np.append(coefficients[1:], coefficients[0])
print(json.dumps([min(taken), [*map(float, coefficients)], [*map(float, variances)], float(likelihood)]))
"""
"""MixedLM and OLS from arrays for two levels and none; from a formula for three, which has no other form."""

LME4 = """
suppressMessages(library(lme4)); a <- commandArgs(TRUE); n <- as.integer(a[3]); k <- as.integer(a[4])
d <- as.data.frame(matrix(readBin(a[2], "double", n * k), n)); p <- k - 3
names(d) <- c("y", paste0("x", seq_len(p)), "top", "m")
g <- if (a[1] == "two") "+ (1 | m)" else "+ (1 | top / m)"
f <- as.formula(paste("y ~", paste(paste0("x", seq_len(p)), collapse = " + "), g))
taken <- c()
while (length(taken) < 3 && sum(taken) < 2) taken <- c(taken, system.time(r <- lmer(f, d))[["elapsed"]])
v <- as.data.frame(VarCorr(r))$vcov; b <- fixef(r)
say <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ","), "]")
cat(sprintf("[%.17g,%s,%s,%.17g]", min(taken), say(c(b[-1], b[1])), say(v), as.numeric(logLik(r))))
"""


@dataclass(frozen=True, slots=True)
class Estimates:
    """A fitted model.

    Attributes:
        coefficients: Of the covariates in order, then the constant.
        variances: Lowest level first, the residual last.
        log_likelihood: Restricted; of least squares, the full one.
    """

    coefficients: Floats
    variances: Floats
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer answered: seconds for construction and fit (best of up to three), and its estimates."""

    seconds: float
    estimates: Estimates


def variance_error(found: Estimates, optimum: Estimates) -> float:
    """Return the largest relative error of a variance."""
    return float(np.max(np.abs(found.variances / optimum.variances - 1)))


def coefficient_error(found: Estimates, optimum: Estimates, std_errors: Floats) -> float:
    """Return the largest error of a coefficient, in standard errors."""
    return float(np.max(np.abs(found.coefficients - optimum.coefficients) / std_errors))


class Peers:
    """One data set on disk and the programs that fit it; close when done."""

    def __init__(self, kind: str, columns: Sequence[Floats], top: Floats, middle: Floats, seconds: float) -> None:
        """Write the outcome and covariates with both groups; `kind` is ols, two or three."""
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "rows.bin"
        with path.open("wb") as file:
            for column in (*columns, top, middle):
                np.asarray(column, dtype=np.float64).tofile(file)
        self._given = (kind, str(path), str(len(middle)), str(len(columns) + 2))
        self._seconds = seconds

    def statsmodels(self, **options: float) -> Answer | None:
        """Fit with statsmodels and these arguments of fit(); None when it was stopped."""
        return self._ask([sys.executable, "-c", STATSMODELS, *self._given, json.dumps(options)])

    def lme4(self) -> Answer | None:
        """Fit with lmer and its default settings; None when it was stopped."""
        return self._ask(["Rscript", "-e", LME4, *self._given])

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()

    def _ask(self, command: list[str]) -> Answer | None:
        environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=self._seconds + _START, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-1000:])
        seconds, coefficients, variances, likelihood = json.loads(done.stdout.splitlines()[-1])
        return Answer(seconds, Estimates(np.array(coefficients), np.array(variances), likelihood))


def has_lme4() -> bool:
    """Tell whether Rscript with lme4 is on this machine."""
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(lme4)"], capture_output=True, check=False).returncode == 0
