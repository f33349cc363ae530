"""No set of printed figures tells the exact number of units better than the printed number itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import f as fisher
from scipy.stats import t as student
from support import small_bank
from support.fixtures import open_engine
from support.gate_cases import Silent
from support.workbench import START, Workbench

from grille.server.blocks import Table
from grille.server.catalog.banks import list_banks
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.evidence import Sensitivity
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy

# neither variable has tails, so that winsorising leaves their deviations exact
DATA = START + (
    "import r/KJONN as sex\nimport r/FODT as born\nimport r/LONN 2022-12-31 as wage\n"
    "generate year = int(born / 100)\ngenerate man = sex == '1'\n"
    "generate outcome = int((wage - 250000) / 50000) + 2 * (year > 1950)\n"
)
SUBSETS = [
    f"inrange(year, {1940 + 2 * first}, {1940 + 2 * first + width}) & wage < {620_000 + 7_300 * first + 1_900 * width}"
    for width in (7, 11, 16, 30)
    for first in range(width % 2, 14, 4)
]

Figures = dict[str, float]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("exact")
    small_bank.make_bank(folder, 1)
    small_bank.make_bank(folder, 2, small_bank.LATER_PERSONS)
    engine = open_engine(folder, tmp_path_factory.mktemp("session"))
    opened = Workbench(engine, list_banks(folder))
    opened.run(DATA)
    yield opened
    engine.close()


def tables(bench: Workbench, command: str, policy: Policy) -> tuple[dict[str, dict[str, dict[str, Any]]], int]:
    """Return the shown tables of a command by key, row and column, and the exact number of units."""
    bench.policy = policy
    evidence = bench.run(command)
    gate = Gate(policy, Silent())
    blocks = (
        gate.release(evidence, project="P", sensitivity=Sensitivity("PUBLIC"))
        .present(COMMANDS[command.split()[0]].present)
        .content
    )
    found = {
        block.key: {
            # tests of normality are told apart by their second column
            str(row[block.key == "tests"].value): {
                column.key: cell.value for column, cell in zip(block.columns, row, strict=True)
            }
            for row in block.rows
        }
        for block in blocks
        if isinstance(block, Table)
    }
    exact = evidence.analysis_set.units.n  # type: ignore[union-attr]
    return found, exact


def solved(difference: Callable[[float], float]) -> float:
    try:
        return float(brentq(difference, 20, 20_000))
    except ValueError:
        return math.nan


def guesses_of_regress(bench: Workbench, where: str, policy: Policy) -> tuple[dict[str, float], int, int]:
    """Return every guess of the number of units, the printed number and the exact one."""
    summary, _ = tables(bench, f"summarize outcome year if {where}", policy)
    shown, exact = tables(bench, f"regress outcome year if {where}", policy)
    model = {key: row["value"] for key, row in shown["model"].items()}
    slope, constant = shown["coefficients"]["year"], shown["coefficients"]["_cons"]
    y, x = summary["summary"]["outcome"], summary["summary"]["year"]
    half = (slope["ci_high"] - slope["ci_low"]) / 2
    r2, rmse = model["r2"], model["rmse"]
    return (
        {
            "number": model["n_obs"],
            "number of a mean": y["n"],
            "residual df": model["df_resid"] + 2,
            "sum of squares and deviation": model["ss_total"] / y["std"] ** 2 + 1,
            "R2 and adjusted R2": solved(lambda n: 1 - (1 - r2) * (n - 1) / (n - 2) - model["r2_adj"]),
            "F and R2": shown["model"]["f_test"]["value"] * (1 - r2) / r2 + 2,
            "t and R2": slope["t"] ** 2 * (1 - r2) / r2 + 2,
            "residual sum and its root mean": model["ss_resid"] / rmse**2 + 2,
            "explained sum, slope and deviation": model["ss_model"] / (slope["estimate"] * x["std"]) ** 2 + 1,
            "standard error and deviations": (rmse / (slope["std_error"] * x["std"])) ** 2 + 1,
            "error of the constant": solved(
                lambda n: rmse * math.sqrt(1 / n + x["mean"] ** 2 / ((n - 1) * x["std"] ** 2)) - constant["std_error"]
            ),
            "width of the interval": solved(lambda n: student.ppf(0.975, n - 2) - half / slope["std_error"]),
        },
        int(model["n_obs"]),
        exact,
    )


def guesses_of_others(bench: Workbench, where: str, policy: Policy) -> tuple[dict[str, float], int, int]:
    summary, _ = tables(bench, f"summarize outcome if {where}", policy)
    interval, exact = tables(bench, f"ci outcome if {where}", policy)
    shown, _ = tables(bench, f"anova outcome sex if {where}", policy)
    deviation, ci = summary["summary"]["outcome"]["std"], interval["ci"]["outcome"]
    sums = {key: row["ss"] for key, row in shown["anova"].items()}
    return (
        {
            "number of an interval": ci["n"],
            "deviation and its error": (deviation / ci["std_error"]) ** 2,
            "width of the interval of a mean": solved(
                lambda n: student.ppf(0.975, n - 1) - (ci["ci_high"] - ci["ci_low"]) / 2 / ci["std_error"]
            ),
            "number of an analysis": shown["model"]["n_obs"]["value"],
            "sums of squares and deviation": sum(sums.values()) / deviation**2 + 1,
            "sum of squares and its root mean": sums["residual"] / shown["model"]["rmse"]["value"] ** 2 + 2,
            "F and sums of squares": shown["anova"]["sex"]["f"] * sums["residual"] / sums["sex"] + 2,
        },
        int(ci["n"]),
        exact,
    )


def guesses_of_mml(bench: Workbench, where: str, policy: Policy) -> tuple[dict[str, float], int, int]:
    shown, exact = tables(bench, f"regress-mml outcome by sex if {where}, ml", policy)
    model, random = shown["model"], shown["random_effects"]
    rest = random["residual"]
    by_groups = shown["groups"]["3"] if "3" in shown["groups"] else next(iter(shown["groups"].values()))
    reml, _ = tables(bench, f"regress-mml outcome by sex if {where}", policy)
    likelihood = model["log_likelihood"]["value"]
    return (
        {
            "number": model["n_obs"]["value"],
            "groups and their mean size": by_groups["n_groups"] * by_groups["mean"],
            "likelihood and variance": -2 * likelihood / (1 + math.log(2 * math.pi * rest["variance"])),
            "error of the variance": 2 * (rest["variance"] / rest["std_error"]) ** 2 + 1,
            "error of the constant": rest["variance"] / shown["coefficients"]["_cons"]["std_error"] ** 2,
            "restricted likelihood beside the full one": -2
            * reml["model"]["log_likelihood"]["value"]
            / (1 + math.log(2 * math.pi * reml["random_effects"]["residual"]["variance"])),
        },
        int(model["n_obs"]["value"]),
        exact,
    )


def guesses_of_tests(bench: Workbench, where: str, policy: Policy) -> tuple[dict[str, float], int, int]:
    """Tests of models and distributions, correlations, shares and comparisons of all pairs."""
    model, exact = tables(bench, f"regress outcome year if {where}, het_iid het_fstat ov", policy)
    correlation, _ = tables(bench, f"correlate outcome year if {where}, sig obs", policy)
    normal, _ = tables(bench, f"normaltest outcome if {where}", policy)
    share, _ = tables(bench, f"ci man if {where}", policy)
    pair, _ = tables(bench, f"anova outcome sex if {where}, posthoc", policy)
    lm, f_test = (model["heteroskedasticity"][key]["statistic"] for key in ("het_iid", "het_fstat"))
    reset, r = model["reset"]["ov"], correlation["correlation"]["outcome"]["year"]
    moments, jarque_bera = normal["moments"]["outcome"], normal["tests"]["jarque_bera"]["statistic"]
    p, wilson, tukey = share["ci"]["man"]["mean"], share["ci"]["man"], pair["posthoc"]["sex"]
    half, z = (wilson["ci_high"] - wilson["ci_low"]) / 2, 1.959964
    apart = (tukey["ci_high"] - tukey["ci_low"]) / 2
    rmse = pair["model"]["rmse"]["value"]
    return (
        {
            "number of a correlation": correlation["n_obs"]["outcome"]["year"],
            "number of a test": moments["n"],
            "number of a share": wilson["n"],
            "statistic and F of one test": lm * (f_test - 2) / (f_test - lm) if f_test != lm else math.nan,
            "F and its p-value": solved(
                lambda n: fisher.sf(reset["statistic"], 3, n - 5) - (reset["p_value"] or math.nan)
            ),
            "correlation and its p-value": solved(
                lambda n: (
                    2 * student.sf(abs(r) * math.sqrt((n - 2) / (1 - r * r)), n - 2)
                    - correlation["p_values"]["outcome"]["year"]
                )
            ),
            "Jarque-Bera and moments": 6
            * jarque_bera
            / (moments["skewness"] ** 2 + (moments["kurtosis"] - 3) ** 2 / 4),
            "share and its error": p * (1 - p) / wilson["std_error"] ** 2,
            "width of the interval of a share": solved(
                lambda n: z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2) - half
            ),
            "interval of a difference": solved(
                lambda n: student.ppf(0.975, n - 2) * rmse / math.sqrt(n * p * (1 - p)) - apart
            ),
        },
        int(moments["n"]),
        exact,
    )


WAYS = [guesses_of_regress, guesses_of_others, guesses_of_mml, guesses_of_tests]


def errors(bench: Workbench, policy: Policy, guess: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return per way of guessing its errors over many subsets, and those of the printed number."""
    rows, printed = [], []
    for where in SUBSETS:
        found, number, exact = guess(bench, where, policy)
        rows.append({key: value - exact for key, value in found.items()})
        printed.append(number - exact)
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}, np.array(printed, dtype=float)


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values[np.isfinite(values)] ** 2)))


@pytest.mark.parametrize("guess", WAYS)
def test_no_figures_tell_more_than_the_printed_number(bench: Workbench, guess: Any) -> None:
    found, printed = errors(bench, Policy.standard(), guess)
    noise = root_mean_square(printed)
    assert 1.2 < noise < 3
    for key, values in found.items():
        assert np.isfinite(values).mean() > 0.3, key
        assert root_mean_square(values) > 0.75 * noise, key


@pytest.mark.parametrize("guess", WAYS)
def test_in_strict_no_figures_come_within_two_and_a_half_units(bench: Workbench, guess: Any) -> None:
    found, _ = errors(bench, Policy.strict(), guess)
    for key, values in found.items():
        finite = values[np.isfinite(values)]
        assert finite.size == 0 or root_mean_square(values) > 2.5, key


@pytest.mark.parametrize("guess", [guesses_of_regress, guesses_of_others, guesses_of_tests])
def test_control_without_protection_figures_tell_it(bench: Workbench, guess: Any) -> None:
    found, _ = errors(bench, Policy.open(), guess)
    for key, values in found.items():
        assert np.isfinite(values).any(), key
        assert root_mean_square(values) < 0.1, key


def test_control_figures_for_the_noised_number_move_little(bench: Workbench) -> None:
    where = "inrange(year, 1940, 1947)"
    exact, n = tables(bench, f"regress outcome year if {where}", Policy.open())
    shown, _ = tables(bench, f"regress outcome year if {where}", Policy.standard())
    for term in ("year", "_cons"):
        one, two = exact["coefficients"][term], shown["coefficients"][term]
        assert two["estimate"] == pytest.approx(one["estimate"], rel=1e-4)
        assert two["std_error"] == pytest.approx(one["std_error"], rel=3 / n)
