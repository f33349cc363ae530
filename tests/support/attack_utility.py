"""What the rules cost an honest researcher: statistics withheld, and how far estimates move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from support.attack_bank import COUNTIES, Register
from support.attack_lab import Answer, Lab, Researcher

WITHHELD = 0.01
MOVED = 0.1


@dataclass(frozen=True, slots=True)
class Utility:
    """Of honest scripts on one register: figures asked for, withheld, and the largest move in standard errors."""

    size: int
    asked: int
    withheld: int
    moved: float
    where: str

    @property
    def good(self) -> bool:
        """Whether fewer than 1 % are withheld and no estimate moves 0.1 standard errors; from 10 000 units."""
        return self.size < 10_000 or (self.withheld < WITHHELD * self.asked and self.moved < MOVED)

    def line(self) -> str:
        """Return one line of text."""
        return (
            f"utility on {self.size:,} units: {self.withheld} of {self.asked} figures withheld, "
            f"estimates move {self.moved:.3f} standard errors at most ({self.where})"
        )


class _Tally:
    def __init__(self) -> None:
        self.asked = self.withheld = 0
        self.moves: list[tuple[float, str]] = [(0.0, "none")]

    def figures(self, answer: Answer, expected: int) -> None:
        """Count the figures of all tables; a refused command withholds what it was to give."""
        if not answer.ok:
            self.asked += expected
            self.withheld += expected
            return
        for block in answer.last["blocks"]:
            for flags in block.get("flags", ()):
                self.asked += len(flags)
                self.withheld += sum(flag in ("suppressed", "below_threshold") for flag in flags)

    def moved(self, name: str, shown: float | None, exact: float, error: float) -> None:
        """Compare a shown estimate with the exact one."""
        if shown is not None:
            self.moves.append((abs(shown - exact) / error, name))


def utility(lab: Lab) -> Utility:
    """Run honest scripts and compare their figures with those of the whole register.

    Means are compared with the mean of the values winsorised at the 1st and 99th percentile, which is what is said to
    be shown; models with statsmodels' OLS.
    """
    register, tally = lab.register, _Tally()
    low, high = np.quantile(register.wage, [0.01, 0.99])
    clipped = np.clip(register.wage, low, high)
    lab.begin()
    with lab.researcher() as ada:
        _means(ada, register, clipped, tally)
        _models(ada, register, tally)
        for script, expected in (
            ("tabulate county sex", 36), ("tabulate county edu", 99), ("tabulate edu bit, rowpct", 24),
            ("tabulate muni", 56), ("tabulate county edu, summarize(wage)", 99), ("boxplot wage, over(county)", 88),
            ("histogram wage, by(sex) freq", 160), ("summarize wage capital born edu, gini iqr", 44),
            ("tabulate county sex bit", 72), ("regress-mml capital edu i.sex by county", 30),
            ("correlate wage capital edu", 9), ("ci wage capital, by(county)", 100),
            ("anova capital edu sex", 25), ("normaltest born edu", 50), ("coefplot regress capital edu i.sex", 18),
            ("regress-mml edu i.sex by muni, ml", 40), ("tabulate bit, summarize(wage) mean std p50", 9),
        ):  # fmt: skip
            tally.figures(ada.ask(script), expected)
    moved, where = max(tally.moves)
    return Utility(register.size, tally.asked, tally.withheld, moved, where)


def _means(ada: Researcher, register: Register, clipped: np.ndarray, tally: _Tally) -> None:
    conditions = [("all", "", np.ones(register.size, dtype=bool))]
    conditions += [(f"county {one}", f"county == '{one}'", register.county == one) for one in COUNTIES]
    conditions += [(f"education {one}", f"edu == {one} & sex == '1'", (register.edu == one) & (register.sex == "1"))
                   for one in range(1, 9)]  # fmt: skip
    for name, condition, mask in conditions:
        answer = ada.ask("summarize wage" + (f" if {condition}" if condition else ""))
        tally.figures(answer, 9)
        values = clipped[mask]
        shown = answer.figure("summary", "wage", "mean") if answer.ok else None
        tally.moved(f"mean, {name}", shown, float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def _models(ada: Researcher, register: Register, tally: _Tally) -> None:
    man = (register.sex == "1").astype(float)
    ada.ask("generate man = sex == '1'\ngenerate age = 2022 - int(born / 100)\ngenerate logwage = ln(wage)")
    age = 2022 - register.born // 100
    for outcome, values in (("logwage", np.log(register.wage)), ("capital", register.capital)):
        answer = ada.ask(f"regress {outcome} man age edu bit")
        tally.figures(answer, 60)
        fit = sm.OLS(values, sm.add_constant(np.column_stack([man, age, register.edu, register.bit]))).fit()
        for place, term in enumerate(("_cons", "man", "age", "edu", "bit")):
            shown = answer.figure("coefficients", term, "estimate") if answer.ok else None
            tally.moved(f"regress {outcome}, {term}", shown, float(fit.params[place]), float(fit.bse[place]))
