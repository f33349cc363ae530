"""Isolation by construction: variables, tables and data sets made so that a figure is about the target alone."""

from __future__ import annotations

from collections.abc import Callable

from disclosure.attacks.differencing import answered, apart
from support.attack_bank import RARE_TRADES, Target
from support.attack_lab import Answer, Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

THRESHOLD = "ESSnet/DwB guidelines: threshold rule"
DUMMIES = "Bleninger, Drechsler and Ronning 2011"
DOMINANCE = "ABS DataLab clearance rules"


def _mean_of(answer: Answer) -> Finding:
    rows = answer.rows("summary")
    return rows[0]["mean"] if answer.ok and rows else None


def _code(target: Target) -> tuple[str, float]:
    """Return an expression that is a different number for every known combination, and the target's number."""
    expression = "born * 1000000 + number * 100 + edu * 10 + man"
    value = target.born * 1_000_000 + int(target.muni) * 100 + target.edu * 10 + (target.sex == "1")
    return expression, float(value)


def _with_code(eve: Researcher, target: Target) -> bool:
    expression, _ = _code(target)
    script = (
        f"destring muni, prefix(n)\ngenerate number = nmuni\ngenerate man = sex == '1'\ngenerate code = {expression}"
    )
    return eve.ask(script).ok


def only_the_target(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        return _mean_of(eve.ask(f"summarize wage if {target.condition}"))


def ten_conditions(lab: Lab, target: Target) -> Finding:
    _, sex, _, edu = target.condition.split(" & ")
    year = target.born // 100
    parts = [
        sex, edu, f"county == '{target.muni[:2]}'", f"endswith(muni, '{target.muni[2:]}')",
        f"born >= {year}00", f"born <= {year}12", f"born - {year}00 >= {target.born % 100}",
        f"born - {year}00 <= {target.born % 100}", "wage > 0", "capital > 0",
    ]  # fmt: skip
    with lab.researcher() as eve:
        for number, part in enumerate(parts):
            eve.ask(f"generate c{number} = {part}")
        product = " * ".join(f"c{number}" for number in range(len(parts)))
        if not eve.ask(f"generate mark = {product}").ok:
            return None
        return _mean_of(eve.ask("summarize wage if mark"))


def by_strings(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        text = f"{target.born}"
        made = eve.ask(
            f"generate mark = startswith(string(born), '{text[:4]}') * endswith(string(born), '{text[4:]}') "
            f"* (substr(muni, 1, 4) == '{target.muni}') * (length(sex) == 1) * (sex == '{target.sex}') "
            f"* (string(edu) == '{target.edu}')"
        )
        return _cell(eve.ask("tabulate mark, summarize(wage)"), "1") if made.ok else None


def _cell(answer: Answer, code: str, column: str = "mean") -> Finding:
    return answer.figure("statistics", code, column) if answer.ok else None


def by_arithmetic(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    with lab.researcher() as eve:
        if not _with_code(eve, target):
            return None
        if not eve.ask(f"generate mark = 1 - rowmin(1, abs(code - {value:.0f}))").ok:
            return None
        return _cell(eve.ask("tabulate mark, summarize(wage)"), "1")


def product_with_a_dummy(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate only = wage * mark")
        found = eve.mean("only")
        return None if found is None else found[0] * found[1]


def product_beside_an_offset(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate only = 1000000 + (wage - 1000000) * mark")
        found = eve.mean("only")
        return None if found is None else (found[0] - 1_000_000) * found[1] + 1_000_000


def value_replaced(lab: Lab, target: Target) -> Finding:
    """The means of a variable and of its copy without the target's value, over the same units."""
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        eve.ask(f"generate mark = {target.condition}\ngenerate z = y * (1 - mark)")
        before, after = eve.mean("y"), eve.mean("z")
        return None if before is None or after is None else before[1] * (before[0] - after[0]) + shift


def value_replaced_nearby(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate z = wage * (1 - mark) + 400000 * mark")
        near = f"muni == '{target.muni}' & sex == '{target.sex}'"
        before, after = eve.mean("wage", near), eve.mean("z", near)
        return None if before is None or after is None else before[1] * (before[0] - after[0]) + 400_000


def value_replaced_by_nested_dummies(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        if not _with_code(eve, target):
            return None
        made = eve.ask(
            f"generate upto = code <= {value:.0f}\ngenerate below = code < {value:.0f}\n"
            "generate z = y * (1 - upto + below)"
        )
        if not made.ok:
            return None
        before, after = eve.mean("y"), eve.mean("z")
        return None if before is None or after is None else before[1] * (before[0] - after[0]) + shift


def value_replaced_by_a_peak(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        if not _with_code(eve, target):
            return None
        if not eve.ask(f"generate z = y * (1 - 0.001 / (abs(code - {value:.0f}) + 0.001))").ok:
            return None
        before, after = eve.mean("y"), eve.mean("z")
        return None if before is None or after is None else before[1] * (before[0] - after[0]) + shift


def replaced_with_if(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        wide = f"sex == '{'2' if target.sex == '1' else '1'}'"
        made = eve.ask(
            f"generate z = y\ngenerate w = y\nreplace z = 0 if {wide}\nreplace w = 0 if {wide} | ({target.condition})"
        )
        if not made.ok:
            return None
        before, after = eve.mean("z"), eve.mean("w")
        return None if before is None or after is None else before[1] * (before[0] - after[0]) + shift


def own_trade(lab: Lab, target: Target) -> Finding:
    # the attacker has found out which trade the target has: nobody else has it
    with lab.researcher() as eve:
        return _cell(eve.ask("tabulate trade, summarize(wage)"), target.trade)


def total_less_the_rest(lab: Lab, target: Target) -> Finding:
    """The one hidden cell of a table from the total and the other cells."""
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        made = eve.ask(f"generate mark = {target.condition}\ngenerate group = edu * (1 - mark)")
        answer = eve.ask("tabulate group, summarize(y) mean freq")
        if not made.ok or not answer.ok:
            return None
        rows = {row["group"]: row for row in answer.rows("statistics")}
        whole = rows.pop("total", None)
        if whole is None or any(row["mean"] is None or row["frequencies"] is None for row in (whole, *rows.values())):
            return None
        return (
            whole["mean"] * whole["frequencies"]
            - sum(row["mean"] * row["frequencies"] for row in rows.values())
            + shift
        )


def hidden_cell_in_two_tables(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        made = eve.ask(f"generate mark = {target.condition}\ngenerate group = edu * (1 - mark)")
        first = eve.ask("tabulate edu, summarize(y) mean freq")
        second = eve.ask("tabulate group, summarize(y) mean freq")
        if not (made.ok and first.ok and second.ok):
            return None
        one = (
            first.figure("statistics", str(target.edu), "mean"),
            first.figure("statistics", str(target.edu), "frequencies"),
        )
        two = (
            second.figure("statistics", str(target.edu), "mean"),
            second.figure("statistics", str(target.edu), "frequencies"),
        )
        found = None if None in one or None in two else apart(one, two)  # type: ignore[arg-type]
        return found + shift if isinstance(found, float) else None


def overlay_of_groupings(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        cut = f"{target.born}"
        made = eve.ask(
            f"generate young = born > {cut}\ngenerate younger = born >= {cut}\n"
            f"keep if muni == '{target.muni}' | edu != {target.edu}"
        )
        if not made.ok:
            return None
        one = eve.ask(f"tabulate young if edu == {target.edu}, summarize(y) mean freq")
        two = eve.ask(f"tabulate younger if edu == {target.edu}, summarize(y) mean freq")
        first = one.figure("statistics", "1", "mean"), one.figure("statistics", "1", "frequencies")
        second = two.figure("statistics", "1", "mean"), two.figure("statistics", "1", "frequencies")
        if not (one.ok and two.ok) or None in first or None in second:
            return None
        found = apart(second, first)  # type: ignore[arg-type]
        return found + shift if isinstance(found, float) else None


def table_of_wages(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        answer = eve.ask(f"tabulate wage if muni == '{target.muni}' & edu == {target.edu}")
        values = [float(row["wage"]) for row in answer.rows("frequencies") if row["wage"] != "total"]
        return values[0] if answer.ok and len(values) == 1 else None


def trades_of_the_neighbourhood(lab: Lab, target: Target) -> Finding:
    """Codes that a table of the target's neighbourhood shows and one without the target does not."""
    with lab.researcher() as eve:
        near = f"county == '{target.muni[:2]}' & edu == {target.edu}"
        shown = {row["trade"] for row in eve.ask(f"tabulate trade if {near}").rows("frequencies")}
        rare = sorted(shown & set(RARE_TRADES))
        return rare[0] if rare else None


def key_as_a_number(lab: Lab, target: Target) -> Finding:
    with lab.researcher("WAGE", "FAMILY") as eve:
        made = eve.ask(f"generate mark = family == {target.unit // 3}")
        return _mean_of(eve.ask("summarize wage if mark")) if made.ok else None


def key_as_a_category(lab: Lab, target: Target) -> Finding:
    with lab.researcher("WAGE", "FAMILY") as eve:
        eve.ask("rename family home\nclone-dataset d e\nuse e")
        return _cell(eve.ask("tabulate home, summarize(wage)"), str(target.unit // 3))


def ranks_by_quantile(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        if not eve.ask(f"generate rank = quantile(wage, {lab.register.size // 10})").ok:
            return None
        answer = eve.ask(f"summarize wage if rank == {lab.register.size // 10 - 1}")
        return _mean_of(answer)


def ranks_by_recode(lab: Lab, target: Target) -> Finding:
    """How far the smallest interval that a rule may have closes in on the largest wages."""
    with lab.researcher() as eve:
        low, high = 1e6, 1e8
        for step in range(12):
            middle = (low * high) ** 0.5
            if eve.ask(f"recode wage ({middle:.0f}/max = 1), prefix(s{step}_)").ok:
                low = middle
            else:
                high = middle
        found = eve.mean("wage", f"wage >= {low:.0f}")
        return None if found is None else found[0]


def small_sample_kept(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        kept = eve.ask(f"keep if muni == '{target.muni}' & edu == {target.edu}\nkeep if born == {target.born}").ok
        found = eve.mean("wage")
        return found[0] if kept and found is not None else None


def _attack(
    name: str, source: str, about: str, one: Callable[[Lab, Target], Finding], *control: str,
    who: Who = Who.MIDDLE, goal: Goal = Goal.WAGE, variables: tuple[str, ...] = (), hole: str = "",
) -> Attack:  # fmt: skip
    return Attack(name, source, about, goal, who, each(one), answered(*control, variables=variables), hole=hole)  # type: ignore[arg-type]


ATTACKS = (
    _attack("statistics-of-one", THRESHOLD, "The mean of a condition that the target alone fits.", only_the_target,
            "summarize wage if sex == '1' & edu == 3", who=Who.ALL),
    _attack("dummy-of-ten-legal-conditions", THRESHOLD, "Ten wide 0/1 variables whose product is the target.",
            ten_conditions, "generate a = sex == '1'\ngenerate b = edu == 3\nsummarize wage if a * b", who=Who.ALL),
    _attack("dummy-by-string-functions", THRESHOLD, "The target singled out by pieces of text.", by_strings,
            "generate a = startswith(muni, '0')\ntabulate a, summarize(wage)"),
    _attack("dummy-by-arithmetic", THRESHOLD, "A code per combination, and its distance from the target's.",
            by_arithmetic, "generate a = rowmin(3, edu)\ntabulate a, summarize(wage)"),
    _attack("product-with-a-dummy", DOMINANCE, "The mean of the wage times a dummy of the target.",
            product_with_a_dummy, "generate a = wage * (sex == '1')", "summarize a", who=Who.ALL),
    _attack("product-beside-an-offset", DOMINANCE, "As before, beside a constant that hides the dominance.",
            product_beside_an_offset, "generate a = 1000000 + wage * (sex == '1')", "summarize a", who=Who.ALL),
    _attack("value-replaced", DUMMIES, "A copy of the variable without the target's value, over the same units.",
            value_replaced, "generate z = wage * (1 - (sex == '1'))", "summarize wage", "summarize z"),
    _attack("value-replaced-nearby", DUMMIES, "The same among the target's neighbours.", value_replaced_nearby,
            "generate z = wage * (edu < 4) + 400000 * (edu >= 4)", "summarize z if sex == '1'"),
    _attack("value-replaced-by-nested-dummies", DUMMIES, "The same with two wide dummies that differ in the target.",
            value_replaced_by_nested_dummies,
            "generate a = edu <= 3\ngenerate b = edu <= 2\ngenerate z = wage * (1 - a + b)", "summarize z"),
    _attack("value-replaced-by-a-peak", DUMMIES, "The same with 1 / (|x - x0| + e).", value_replaced_by_a_peak,
            "generate z = wage * (1 - 1 / (abs(edu - 3) + 1))", "summarize z"),
    _attack("value-replaced-with-if", DUMMIES, "Two wide replacements that differ in the target.", replaced_with_if,
            "generate z = wage\nreplace z = 0 if sex == '1'", "summarize z"),
    _attack("cell-of-an-own-trade", THRESHOLD, "The cell of a trade that nobody else has.", own_trade,
            "tabulate trade, summarize(wage)", who=Who.ALL),
    _attack("total-less-the-rest", "Handbook on SDC 5.3", "A hidden cell from its margin in one table.",
            total_less_the_rest, "tabulate edu, summarize(wage) mean freq"),
    _attack("hidden-cell-in-two-tables", "Handbook on SDC 5.3", "Two groupings that differ in the target's group.",
            hidden_cell_in_two_tables, "tabulate edu, summarize(wage)", "tabulate county, summarize(wage)"),
    _attack("overlay-of-two-groupings", "Handbook on SDC 5.3", "Two age groupings whose overlay leaves a sliver.",
            overlay_of_groupings, "generate young = born > 197000\ngenerate old = born < 195500",
            "tabulate young, summarize(wage)", "tabulate old, summarize(wage)"),
    _attack("table-of-a-continuous-variable", "microdata.no: sparse tables", "Wages as categories.", table_of_wages,
            "tabulate edu if sex == '1'"),
    _attack("rare-codes-in-a-table", THRESHOLD, "Rare trades that a table of the neighbourhood shows.",
            trades_of_the_neighbourhood, "tabulate trade if sex == '1'", who=Who.ALL, goal=Goal.TRADE),
    _attack("key-in-arithmetic", "key variables", "The pseudonym of the target's family in an expression.",
            key_as_a_number, "generate a = wage * 2\nsummarize a", variables=("WAGE", "FAMILY")),
    _attack("key-as-a-category", "key variables", "A table by families, renamed and cloned.", key_as_a_category,
            "rename wage pay\nsummarize pay", variables=("WAGE", "FAMILY")),
    _attack("quantile-as-a-rank", "row functions as rank tools", "The mean of the ten largest.", ranks_by_quantile,
            "generate q = quantile(wage, 10)\nsummarize wage if q == 9", who=Who.EXTREME),
    _attack("recode-as-a-rank", "recode's min and max as rank tools", "Intervals that close in on the largest.",
            ranks_by_recode, "recode wage (500000/max = 1), prefix(s)", who=Who.EXTREME),
    _attack("data-set-of-few", "microdata.no: minimum population", "A data set kept down to the target.",
            small_sample_kept, "keep if edu >= 3\nsummarize wage"),
)  # fmt: skip
