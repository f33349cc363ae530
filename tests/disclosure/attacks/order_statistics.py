"""Order statistics and graphs: percentiles, boxes, bins and the data inside pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from disclosure.attacks.differencing import answered
from support.attack_bank import Target
from support.attack_lab import Lab
from support.attack_scoring import Attack, Finding, Goal, Who, each

PERCENTILES = "ESSnet/DwB guidelines: percentiles and maxima"
GRAPHS = "ESSnet/DwB guidelines: graphs"


def percentile_walk(lab: Lab, target: Target) -> Finding:
    """Percentiles of ever smaller sets above a threshold: the least that is answered ends at the target."""
    with lab.researcher() as eve:
        best = None
        for low in (1e6, 2e6, 4e6, 6e6, 1e7, 2e7):
            answer = eve.ask(f"summarize wage if wage > {low:.0f}")
            for row in answer.rows("summary") if answer.ok else []:
                best = next((row[key] for key in ("p99", "p75", "p50") if row[key] is not None), best)
        return best


def median_of_a_few(lab: Lab, target: Target) -> Finding:
    """The median of the target and of units known to be far below and far above."""
    with lab.researcher() as eve:
        far = "wage < 160000 & edu == 1" if target.number % 2 else "wage > 2000000"
        answer = eve.ask(f"summarize wage if ({target.condition}) | ({far})")
        rows = answer.rows("summary")
        return rows[0]["p50"] if answer.ok and rows else None


def boxes_over_a_dummy(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("boxplot wage, over(mark)")
        return answer.figure("boxes", "1", "p50") if answer.ok else None


def box_of_three(lab: Lab, target: Target) -> Finding:
    one, two = (
        other for other in lab.register.targets if other.number in ((target.number + 1) % 40, (target.number + 2) % 40)
    )
    with lab.researcher() as eve:
        answer = eve.ask(f"boxplot wage if ({target.condition}) | ({one.condition}) | ({two.condition})")
        rows = answer.rows("boxes")
        return rows[0]["p50"] if answer.ok and rows else None


def outliers_of_a_box(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        answer = eve.ask(f"boxplot wage if muni == '{target.muni}'")
        rows = answer.rows("boxes")
        return rows[0]["whisker_high"] if answer.ok and rows else None


def _bins(lab: Lab, target: Target, script: str) -> Finding:
    with lab.researcher() as eve:
        answer = eve.ask(script)
        rows = answer.rows("bins") if answer.ok else []
        filled = [row for row in rows if row["value"]]
        return (filled[-1]["low"] + filled[-1]["high"]) / 2 if filled else None


def two_bins(lab: Lab, target: Target) -> Finding:
    return _bins(lab, target, f"histogram wage if {target.condition}, bin(2) freq")


def one_bin_per_krone(lab: Lab, target: Target) -> Finding:
    return _bins(lab, target, f"histogram wage if muni == '{target.muni}', width(1) freq")


def discrete_wages(lab: Lab, target: Target) -> Finding:
    return _bins(lab, target, f"histogram wage if muni == '{target.muni}', discrete freq")


def last_bin(lab: Lab, target: Target) -> Finding:
    return _bins(lab, target, f"histogram wage if muni == '{target.muni}', bin(30) freq")


def bin_by_a_dummy(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("histogram wage, by(mark) freq")
        rows = [row for row in answer.rows("bins") if row["group"] == "1" and row["value"]]
        return (rows[0]["low"] + rows[0]["high"]) / 2 if answer.ok and rows else None


def data_in_pictures(lab: Lab, target: Target) -> Finding:
    """Any number in the specification of a picture that is the target's value to the krone."""
    with lab.researcher() as eve:
        near = f"muni == '{target.muni}'"
        for script in (
            f"boxplot wage if {near}",
            "boxplot wage, over(county)",
            "histogram wage",
            f"histogram wage if {near}",
        ):
            answer = eve.ask(script)
            for block in answer.last["blocks"] if answer.ok else []:
                for number in _numbers(block.get("spec")):
                    if abs(number - target.wage) < 1:
                        return number
        return None


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    elif isinstance(value, (int, float)):
        yield float(value)


def limits_of_a_small_population(lab: Lab, target: Target) -> Finding:
    """The winsor limits of a thousand units: the mean of ten order statistics near the top."""
    with lab.researcher() as eve:
        low = 10
        for threshold in (8e5, 1e6, 1.2e6, 1.5e6, 2e6, 3e6):
            eve.ask(f"clone-dataset {_active(eve)} k{low}\nuse k{low}")
            if not eve.ask(f"keep if wage > {threshold:.0f}").ok:
                break
            low += 1
        answer = eve.ask("summarize wage")
        rows = answer.rows("summary")
        return rows[0]["p99"] if answer.ok and rows else None


def _active(eve: object) -> str:
    answer = eve.ask("history")  # type: ignore[attr-defined]
    names = [line.split()[1] for result in answer.results for block in result["blocks"]
             for line in _lines(block) if line.startswith("use ")]  # fmt: skip
    return names[-1] if names else "d"


def _lines(block: dict[str, object]) -> list[str]:
    if block["kind"] == "table":
        return [str(cell) for row in block["rows"] for cell in row]  # type: ignore[attr-defined]
    return str(block.get("text", "")).splitlines()


def equal_values(lab: Lab, target: Target) -> Finding:
    """A group of units whose values are made equal to the target's: any statistic is the value."""
    with lab.researcher() as eve:
        # all wages up to the target's become one value, the mean of whose group is that value
        made = eve.ask(f"generate flat = rowmin(wage, {target.wage * 1.07:.0f})")
        answer = eve.ask(f"summarize flat if wage > {target.wage * 1.07:.0f}")
        rows = answer.rows("summary")
        # the attacker has put the number in and learns nothing unless the group shows it
        return rows[0]["mean"] / 1.07 if made.ok and answer.ok and rows and rows[0]["mean"] is not None else None


def gini_of_two_levels(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate one = 1 + wage * mark")
        answer = eve.ask("summarize one, gini")
        rows = answer.rows("summary")
        if not answer.ok or not rows or rows[0]["gini"] is None:
            return None
        return rows[0]["gini"] * rows[0]["n"]


def powers_of_the_value(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask("generate power = (wage / 1000000) ^ 9")
        found = eve.mean("power", f"muni == '{target.muni}'")
        return None if found is None else (found[0] * found[1]) ** (1 / 9) * 1e6


def _attack(
    name: str, source: str, about: str, one: Callable[[Lab, Target], Finding], *control: str, who: Who = Who.EXTREME
) -> Attack:  # fmt: skip
    return Attack(name, source, about, Goal.WAGE, who, each(one), answered(*control))  # type: ignore[arg-type]


ATTACKS = (
    _attack("percentile-walk", PERCENTILES, "Percentiles of ever smaller sets.", percentile_walk,
            "summarize wage if wage > 500000"),
    _attack("median-of-a-few", PERCENTILES, "The target in the middle of a set of known extremes.", median_of_a_few,
            "summarize wage if edu == 1", who=Who.MIDDLE),
    _attack("limits-of-a-small-population", PERCENTILES, "Winsor limits of the richest thousand.",
            limits_of_a_small_population, "keep if wage > 400000\nsummarize wage"),
    _attack("powers-before-the-mean", "ABS DataLab clearance rules", "A power that the largest unit dominates.",
            powers_of_the_value, "generate a = (wage / 1000000) ^ 2\nsummarize a"),
    _attack("gini-of-a-dummy", "ABS DataLab clearance rules", "The inequality of one unit against all others.",
            gini_of_two_levels, "summarize wage, gini", who=Who.MIDDLE),
    _attack("equal-values", "ESSnet/DwB guidelines: group disclosure", "A group whose values are all equal.",
            equal_values, "generate a = rowmin(wage, 2000000)\nsummarize a", who=Who.MIDDLE),
    _attack("boxes-over-a-dummy", GRAPHS, "A box of the target alone.", boxes_over_a_dummy,
            "boxplot wage, over(edu)", who=Who.ALL),
    _attack("box-of-three", GRAPHS, "A box of the target and two accomplices.", box_of_three,
            "boxplot wage if sex == '1'", who=Who.ALL),
    _attack("whiskers-and-outliers", GRAPHS, "Whiskers that end at the largest unit.", outliers_of_a_box,
            "boxplot wage, over(county)"),
    _attack("histogram-of-one", GRAPHS, "Two bins around the target.", two_bins,
            "histogram wage if edu == 3, bin(2) freq", who=Who.ALL),
    _attack("histogram-by-a-dummy", GRAPHS, "A histogram of the target alone beside the others'.", bin_by_a_dummy,
            "histogram wage, by(sex) freq", who=Who.ALL),
    _attack("histogram-one-krone-wide", GRAPHS, "Bins of width 1.", one_bin_per_krone,
            "histogram wage, width(100000) freq", who=Who.ALL),
    _attack("histogram-of-values", GRAPHS, "One bar per wage.", discrete_wages, "histogram edu, discrete freq",
            who=Who.ALL),
    _attack("last-bin", GRAPHS, "The last bin of thirty.", last_bin, "histogram wage, bin(30) freq"),
    _attack("data-inside-pictures", GRAPHS, "The data inside an exported picture.", data_in_pictures,
            "boxplot wage, over(county)", "histogram wage", who=Who.ALL),
)  # fmt: skip
