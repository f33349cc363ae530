"""Exact numbers of units from figures that depend on them: the target is counted in or not, as its bit says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from disclosure.attacks.differencing import answered
from scipy.optimize import brentq
from scipy.stats import chi2, f, t
from support.attack_bank import Target
from support.attack_lab import Answer, Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

DEPENDENT = "Dinur and Nissim 2003"
Row = dict[str, Any]


def _exact(guesses: Callable[[Researcher, str], Iterator[float]]) -> Callable[[Lab, Target], Finding]:
    """Return an attack that guesses the size of a set whose other members are known, and compares."""

    def attack(lab: Lab, target: Target) -> Finding:
        register = lab.register
        wide = f"bit == 1 & county == '{target.muni[:2]}'"
        inside = (register.bit == 1) & (register.county == target.muni[:2])
        others = int(inside.sum()) - target.bit
        with lab.researcher() as eve:
            # refusals and hidden figures leave out a guess
            found = [one - others for one in guesses(eve, wide) if math.isfinite(one)]
            printed = eve.ask(f"ci edu if {wide}").figure("ci", "edu", "n")
        if len(found) < 2 or printed is None:
            return None
        middle = median(found)
        # guesses that do not agree tell nothing, and those that agree on the printed number tell only that
        if median(abs(one - middle) for one in found) > 1 or abs(middle - (printed - others)) < 0.75:
            return None
        return 1.0 if middle > 0.5 else 0.0

    return attack


def _solved(difference: Callable[[float], float]) -> float:
    try:
        return float(brentq(difference, 20, 300_000))
    except (ValueError, ZeroDivisionError):
        return math.nan


def _table(answer: Answer, key: str) -> dict[str, Row]:
    """Return the shown rows of a table by their first cell; a hidden figure is no number."""
    return {
        str(next(iter(row.values()))): {name: math.nan if cell is None else cell for name, cell in row.items()}
        for row in answer.rows(key)
    }


def _value(rows: dict[str, Row], key: str) -> float:
    return float(rows.get(key, {}).get("value", math.nan))


def of_r_squared(eve: Researcher, wide: str) -> Iterator[float]:
    """Adjusted and plain R squared, F and t with R squared."""
    eve.ask("generate man = sex == '1'\ngenerate month = born - 100 * int(born / 100)")
    for regressor in ("born", "man", "month"):
        answer = eve.ask(f"regress edu {regressor} if {wide}")
        model, terms = _table(answer, "model"), _table(answer, "coefficients")
        r2, adjusted = _value(model, "r2"), _value(model, "r2_adj")
        if not 0 < r2 < 1:
            continue
        yield _solved(lambda n, a=adjusted, r=r2: 1 - (1 - r) * (n - 1) / (n - 2) - a)  # type: ignore[misc]
        yield _value(model, "f_test") * (1 - r2) / r2 + 2
        yield terms[regressor]["t"] ** 2 * (1 - r2) / r2 + 2


def of_deviations(eve: Researcher, wide: str) -> Iterator[float]:
    """Sums of squares and standard errors beside deviations of variables that winsorising leaves alone."""
    eve.ask("generate school = edu + 0\ngenerate year = int(born / 100)")
    summary = _table(eve.ask(f"summarize school year if {wide}"), "summary")
    interval = _table(eve.ask(f"ci school if {wide}"), "ci")
    answer = eve.ask(f"regress school year if {wide}")
    model, terms = _table(answer, "model"), _table(answer, "coefficients")
    if not (summary and interval and terms):
        return
    y, x = summary["school"]["std"], summary["year"]["std"]
    rmse = _value(model, "rmse")
    yield (y / interval["school"]["std_error"]) ** 2
    yield _value(model, "ss_total") / y**2 + 1
    yield _value(model, "ss_resid") / rmse**2 + 2
    yield (rmse / (terms["year"]["std_error"] * x)) ** 2 + 1


def of_intervals(eve: Researcher, wide: str) -> Iterator[float]:
    """Quantiles of t behind widths of intervals, and of F and t behind p-values."""
    for level in (90, 95, 99):
        rows = _table(eve.ask(f"ci edu if {wide}, level({level})"), "ci")
        if rows:
            row, tail = rows["edu"], (1 + level / 100) / 2
            ratio = (row["ci_high"] - row["ci_low"]) / 2 / row["std_error"]
            yield _solved(lambda n, r=ratio, q=tail: t.ppf(q, n - 1) - r)  # type: ignore[misc]
    model = _table(eve.ask(f"regress edu born if {wide}"), "model").get("f_test", {})
    value, p = float(model.get("value", math.nan)), float(model.get("p", math.nan) or math.nan)
    if 0.001 < p < 1:
        yield _solved(lambda n: f.sf(value, 1, n - 2) - p)


def of_likelihoods(eve: Researcher, wide: str) -> Iterator[float]:
    """Likelihoods with variances, restricted beside full; skewness and its test; correlation and its p-value."""
    for option in (", ml", ""):
        answer = eve.ask(f"regress-mml edu by place if {wide}{option}")
        model, rest = _table(answer, "model"), _table(answer, "random_effects").get("residual", {})
        variance = float(rest.get("variance", math.nan))
        if variance > 0:
            yield -2 * _value(model, "log_likelihood") / (1 + math.log(2 * math.pi * variance))
    answer = eve.ask(f"normaltest edu if {wide}")
    row = _table(answer, "moments").get("edu", {})
    skew, excess = float(row.get("skewness", math.nan)), float(row.get("kurtosis", math.nan)) - 3
    test = next((one for one in answer.rows("tests") if one["test"] == "jarque_bera"), {})
    if math.isfinite(skew) and math.isfinite(excess) and test.get("statistic") is not None:
        yield test["statistic"] * 6 / (skew**2 + excess**2 / 4)
        if 0.001 < (test["p_value"] or 0.0) < 1:
            yield float(chi2.isf(test["p_value"], 2)) * 6 / (skew**2 + excess**2 / 4)
    correlations = eve.ask(f"correlate edu born if {wide}, sig obs")
    r, p = _other(correlations, "correlation"), _other(correlations, "p_values")
    if 0 < abs(r) < 1 and 0.001 < p < 1:
        yield _solved(lambda n: 2 * t.sf(abs(r) * math.sqrt((n - 2) / (1 - r * r)), n - 2) - p)


def _other(answer: Answer, table: str) -> float:
    """Return the figure of a pair in a table of two variables."""
    found = answer.figure(table, "edu", "born")
    return math.nan if found is None else found


def _bit(name: str, about: str, guesses: Callable[[Researcher, str], Iterator[float]], *control: str) -> Attack:
    return Attack(name, DEPENDENT, about, Goal.BIT, Who.ALL, each(_exact(guesses)), answered(*control))  # type: ignore[arg-type]


ATTACKS = (
    _bit("number-from-r-squared", "Exact numbers from R² with adjusted R², F and t.", of_r_squared,
         "regress capital edu if bit == 1 & sex == '1'"),
    _bit("number-from-deviations", "Exact numbers from sums of squares and standard errors with deviations.",
         of_deviations, "summarize edu if bit == 1 & sex == '1'", "ci edu if bit == 1 & sex == '1'"),
    _bit("number-from-intervals", "Exact numbers from widths of intervals and p-values.", of_intervals,
         "ci edu if bit == 1 & sex == '1', level(90)"),
    _bit("number-from-likelihoods", "Exact numbers from likelihoods and tests of normality.", of_likelihoods,
         "regress-mml edu by place if bit == 1 & sex == '1'", "normaltest edu if bit == 1 & sex == '1'"),
)  # fmt: skip
