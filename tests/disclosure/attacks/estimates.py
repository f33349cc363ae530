"""Correlations, intervals, tests and predicted variables."""

from __future__ import annotations

from collections.abc import Callable

from disclosure.attacks.differencing import answered
from disclosure.attacks.isolation import _code, _with_code
from disclosure.attacks.models import coefficient
from support.attack_bank import Target
from support.attack_lab import Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

FEW = "ESSnet/DwB guidelines: 10 units"
PREDICTED = "ESSnet/DwB guidelines: residuals and fitted values"


def _peak(eve: Researcher, target: Target, name: str) -> bool:
    """Make a variable that is 1 for the target and nearly 0 for everybody else, without any comparison."""
    _, value = _code(target)
    if not _with_code(eve, target):
        return False
    return eve.ask(f"generate {name} = 0.001 / (abs(code - {value:.0f}) + 0.001)").ok


def _between(eve: Researcher, one: str, two: str, options: str = "covariance obs") -> float | None:
    answer = eve.ask(f"correlate {one} {two}, {options}")
    for block in answer.last["blocks"] if answer.ok else []:
        if block["kind"] == "table" and block["rows"] and block["rows"][0][0] in (one, two):
            keys = [column["key"] for column in block["columns"]]
            for row in block["rows"]:
                other = two if row[0] == one else one
                if other in keys and isinstance(row[keys.index(other)], (int, float)):
                    return float(row[keys.index(other)])
    return None


def covariance_with_a_peak(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        if not _peak(eve, target, "top"):
            return None
        found = _between(eve, "y", "top")
        return None if found is None else found * lab.register.size + shift


def covariance_with_a_dummy(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        eve.ask(f"generate mark = {target.condition}")
        found = _between(eve, "y", "mark")
        return None if found is None else found * lab.register.size + shift


def covariance_of_a_copy(lab: Lab, target: Target) -> Finding:
    """The covariance of a variable with its copy without the target's value, against its variance."""
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        eve.ask(f"generate mark = {target.condition}\ngenerate z = y * (1 - mark)\ngenerate half = sex == '1'")
        one, two = _between(eve, "y", "half"), _between(eve, "z", "half")
        if one is None or two is None:
            return None
        return (one - two) * lab.register.size * 2 * (1 if target.sex == "1" else -1) + shift


def interval_of_one(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        answer = eve.ask(f"ci wage if {target.condition}")
        return _first_mean(answer.last) if answer.ok else None


def interval_by_a_dummy(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    with lab.researcher() as eve:
        if not _with_code(eve, target):
            return None
        eve.ask(f"generate mark = 1 - rowmin(1, abs(code - {value:.0f}))")
        answer = eve.ask("ci wage, by(mark)")
        for block in answer.last["blocks"] if answer.ok else []:
            for row in block.get("rows", []):
                if "1" in row[:2]:
                    return next((cell for cell in row if isinstance(cell, float)), None)
        return None


def _first_mean(result: dict[str, object]) -> float | None:
    for block in result["blocks"]:  # type: ignore[attr-defined]
        for row in block.get("rows", []):
            return next((cell for cell in row if isinstance(cell, float)), None)
    return None


def normality_of_one(lab: Lab, target: Target) -> Finding:
    """The skewness of a variable that the target dominates tells its distance."""
    with lab.researcher() as eve:
        if not _peak(eve, target, "top"):
            return None
        eve.ask("generate only = wage * top")
        answer = eve.ask("normaltest only")
        return _first_mean(answer.last) if answer.ok else None


def residuals_in_a_table(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        made = eve.ask("regress-predict wage edu, predicted(p) residuals(e)")
        shown = [
            eve.ask(script)
            for script in ("tabulate e", "boxplot e", "histogram e", f"summarize e if {target.condition}")
        ]
        if not made.ok:
            return None
        return next((_first_mean(answer.last) for answer in shown if answer.ok), None)


def residual_of_one(lab: Lab, target: Target) -> Finding:
    """The mean residual of a set and of the set without the target, by a peak in a product."""
    with lab.researcher() as eve:
        if not _peak(eve, target, "top"):
            return None
        eve.ask("regress-predict wage edu, predicted(p) residuals(e)\ngenerate f = e * (1 - top)")
        one, two, base = eve.mean("e"), eve.mean("f"), eve.mean("p")
        if one is None or two is None or base is None:
            return None
        return one[1] * (one[0] - two[0]) + base[0]


def residual_as_an_outcome(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\nregress-predict wage edu, residuals(e)")
        answer = eve.ask("regress e mark")
        return coefficient(answer, "mark")


def cooks_distance(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        made = eve.ask("regress-predict wage edu, cooksd(d) predicted(p)").ok
        found = eve.mean("d", f"muni == '{target.muni}'")
        base = eve.mean("p")
        if not made or found is None or base is None:
            return None
        return base[0] + (found[0] * found[1] * 2 * lab.register.size) ** 0.5 * 350_000


def group_effects(lab: Lab, target: Target) -> Finding:
    """Effects of groups of one as mean residuals by work place."""
    with lab.researcher() as eve:
        made = eve.ask("regress-mml-predict wage edu by muni, residuals(r) predicted(p)").ok
        place = str(lab.register.place[target.unit])
        answer = eve.ask("tabulate place, summarize(r)")
        found = answer.figure("statistics", place, "mean") if made and answer.ok else None
        return None if found is None else found + 500_000


def analysis_of_variance(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("anova wage mark, posthoc")
        found = _first_mean(answer.last) if answer.ok else None
        base = eve.mean("wage")
        return None if found is None or base is None else base[0] + found**0.5


def pairwise_differences(lab: Lab, target: Target) -> Finding:
    """Tukey's table of mean differences, where the target is a category of its own."""
    _, value = _code(target)
    with lab.researcher() as eve:
        if not _with_code(eve, target):
            return None
        eve.ask(f"generate group = edu * rowmin(1, abs(code - {value:.0f}))")
        answer = eve.ask("anova wage group, posthoc")
        for block in answer.last["blocks"] if answer.ok else []:
            for row in block.get("rows", []):
                if block["key"] == "posthoc" and "0" in row[:3]:
                    difference = next((cell for cell in row if isinstance(cell, float)), None)
                    base = eve.mean("wage")
                    return None if difference is None or base is None else base[0] - difference
        return None


def coefficients_in_a_picture(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("coefplot regress wage mark edu")
        for block in answer.last["blocks"] if answer.ok else []:
            for row in block.get("rows", []):
                if row[0] == "mark" and isinstance(row[1], float):
                    return row[1] + 600_000
        return None


def _attack(
    name: str, source: str, about: str, one: Callable[[Lab, Target], Finding], *control: str, who: Who = Who.MIDDLE,
    hole: str = "",
) -> Attack:  # fmt: skip
    return Attack(name, source, about, Goal.WAGE, who, each(one), answered(*control), hole=hole)  # type: ignore[arg-type]


ATTACKS = (
    _attack("covariance-with-a-dummy", FEW, "The covariance with a dummy of the target.", covariance_with_a_dummy,
            "generate a = sex == '1'\ncorrelate wage a, covariance"),
    _attack("covariance-with-a-peak", FEW, "The same with a smooth peak at the target.", covariance_with_a_peak,
            "generate a = 1 / (abs(edu - 3) + 1)\ncorrelate wage a, covariance"),
    _attack("covariance-of-a-copy", FEW, "Covariances of a variable and of its copy without the target.",
            covariance_of_a_copy, "correlate wage capital edu, pairwise obs"),
    _attack("interval-of-one", FEW, "A confidence interval of the target.", interval_of_one,
            "ci wage if sex == '1'", who=Who.ALL),
    _attack("interval-by-a-dummy", FEW, "Intervals by a dummy of the target.", interval_by_a_dummy,
            "ci wage, by(edu)", who=Who.ALL),
    _attack("normality-of-one", FEW, "Skewness and kurtosis of a variable that the target dominates.",
            normality_of_one, "generate a = ln(capital)\nnormaltest a"),
    _attack("residuals-in-tables-and-graphs", PREDICTED, "Residuals as categories, boxes and bins.",
            residuals_in_a_table, "regress-predict wage edu, residuals(e)\nsummarize e", who=Who.ALL),
    _attack("residual-of-one", PREDICTED, "Mean residuals with and without a peak at the target.", residual_of_one,
            "regress-predict wage edu, residuals(e)\ngenerate f = e * 2\nsummarize f"),
    _attack("residual-as-an-outcome", PREDICTED, "A model of residuals.", residual_as_an_outcome,
            "regress-predict capital edu, residuals(e)\nregress wage e"),
    _attack("cooks-distances", PREDICTED, "Influences, averaged over the target's neighbours.", cooks_distance,
            "regress-predict wage edu, predicted(p)\nsummarize p", who=Who.EXTREME),
    _attack("effects-of-groups", PREDICTED, "Mean residuals by work place.", group_effects,
            "regress-mml-predict capital edu by muni, residuals(r)\ntabulate county, summarize(r)", who=Who.ALL),
    _attack("analysis-of-variance", FEW, "An analysis of variance by a dummy of the target.", analysis_of_variance,
            "anova wage edu"),
    _attack("tukeys-differences", FEW, "Differences of means, the target a category.", pairwise_differences,
            "anova wage edu, posthoc"),
    _attack("coefficients-in-a-picture", FEW, "The coefficient of a dummy in a plot.", coefficients_in_a_picture,
            "coefplot regress wage edu i.sex"),
)  # fmt: skip
