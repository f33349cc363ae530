"""Detours to isolation: dates, and two geographies that differ in a sliver."""

from __future__ import annotations

from collections.abc import Callable

from disclosure.attacks.differencing import answered
from disclosure.attacks.isolation import THRESHOLD
from support.attack_bank import Target
from support.attack_lab import Answer, Lab
from support.attack_scoring import Attack, Finding, Goal, Who, each


def by_dates(lab: Lab, target: Target) -> Finding:
    """The days between births, and distances of other properties, are zero for the target alone."""
    year, month = divmod(target.born, 100)
    with lab.researcher() as eve:
        made = eve.ask(
            "destring muni, prefix(n)\n"
            "generate day = date(int(born / 100), born - 100 * int(born / 100), 1)\n"
            f"generate off = abs(day - date({year}, {month}, 1)) + abs(edu - {target.edu}) "
            f"+ abs(nmuni - {int(target.muni)}) + (sex != '{target.sex}')\n"
            "generate mark = 1 - rowmin(1, off)"
        )
        answer = eve.ask("tabulate mark, summarize(wage)") if made.ok else None
        return answer.figure("statistics", "1", "mean") if answer is not None and answer.ok else None


def two_geographies(lab: Lab, target: Target) -> Finding:
    """A county, and the same without a municipality that was thinned out by wide filters until few are left of it."""
    muni, county = target.muni, target.muni[:2]
    year = target.born // 100
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        for part in (
            f"edu == {target.edu}", f"sex == '{target.sex}'", f"inrange(born, {year - 8}00, {year + 8}12)",
            f"inrange(born, {year - 3}00, {year + 3}12)", f"born == {target.born}",
        ):  # fmt: skip
            eve.ask(f"keep if muni != '{muni}' | {part}")
        made = eve.ask(
            f"generate inner = county == '{county}' & muni != '{muni}'\ngenerate outer = county == '{county}'"
        )
        if not made.ok:
            return None
        found = []
        for name in ("outer", "inner"):
            answer = eve.ask(f"tabulate {name}, summarize(y) mean freq")
            found.append((_figure(answer, "mean"), _figure(answer, "frequencies")))
        (one, n), (two, m) = found
        if one is None or n is None or two is None or m is None or n - m < 0.5:
            return None
        # the mean of those that the two differ in, of whom the target is one
        return (one * n - two * m) / (n - m) + shift


def _figure(answer: Answer, column: str) -> float | None:
    return answer.figure("statistics", "1", column) if answer.ok else None


def _attack(
    name: str, source: str, about: str, one: Callable[[Lab, Target], Finding], *control: str
) -> Attack:  # fmt: skip
    return Attack(name, source, about, Goal.WAGE, Who.MIDDLE, each(one), answered(*control))  # type: ignore[arg-type]


ATTACKS = (
    _attack("dummy-by-dates", THRESHOLD, "The target singled out by days between dates.", by_dates,
            "generate day = date(int(born / 100), 6, 1)\ngenerate late = day > date(1970, 1, 1)",
            "tabulate late, summarize(wage)"),
    _attack("two-geographies", "Handbook on SDC 5.3", "Two geographies whose overlay leaves a sliver.", two_geographies,
            "generate north = county == '03'\ntabulate north, summarize(wage)"),
)  # fmt: skip
