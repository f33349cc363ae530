"""Noise: asking again, in other words, or in parts, until the noise is gone."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from disclosure.attacks.differencing import answered
from support.attack_bank import Target
from support.attack_lab import Answer, Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

AVERAGING = "Fraser and Wooton 2005"
TRACKER = "Denning and Schlörer 1980"


def _ones(eve: Researcher, condition: str) -> float | None:
    """Return how many units of a set have a bit of 1, as a table of the bit shows it."""
    answer = eve.ask(f"tabulate bit if {condition}")
    return answer.figure("frequencies", "1", "frequencies") if answer.ok else None


def _more(lab: Lab, target: Target, times: int, ask: str) -> Finding:
    """Compare the ones of a wide set with the target and without it, averaged over wordings."""
    wide = f"county == '{target.muni[:2]}' & edu != {target.edu}"
    with lab.researcher() as eve:
        changes = []
        for number in range(times):
            extra = ask.format(number)
            one = _ones(eve, f"{wide}{extra}")
            two = _ones(eve, f"({wide}{extra}) | ({target.condition})")
            if one is None or two is None:
                return None
            changes.append(two - one)
        return 1.0 if mean(changes) > 0.5 else 0.0


def with_and_without(lab: Lab, target: Target) -> Finding:
    return _more(lab, target, 1, "")


def many_times(lab: Lab, targets: Sequence[Target]) -> list[Finding]:
    """Ask the same two counts again: a thousand times about the first target, twenty about each other."""
    return [_again(lab, target, 20 if place else 1000) for place, target in enumerate(targets)]


def _again(lab: Lab, target: Target, times: int) -> Finding:
    county = f"county == '{target.muni[:2]}'"
    with lab.researcher() as eve:
        means = []
        for condition in (county, f"{county} & !({target.condition})"):
            answer = eve.ask(f"tabulate bit if {condition}\n" * times)
            if not answer.ok:
                return None
            shown = [Answer((result,)).figure("frequencies", "1", "frequencies") for result in answer.results]
            if None in shown:
                return None
            means.append(mean(shown))  # type: ignore[type-var]
        return 1.0 if means[0] - means[1] > 0.5 else 0.0


def equal_filters(lab: Lab, target: Target) -> Finding:
    """Logically equal filters, to draw noise anew; the secret is whether it differs."""
    county = target.muni[:2]
    wordings = (
        f"county == '{county}'", f"!(county != '{county}')", f"county == '{county}' & 1 == 1",
        f"inlist(county, '{county}')", f"startswith(muni, '{county}')", f"substr(muni, 1, 2) == '{county}'",
    )  # fmt: skip
    with lab.researcher() as eve:
        counts = [_ones(eve, wording) for wording in wordings]
        # several answers to one question would be several draws of noise around the truth
        if None in counts or len(set(counts)) == 1:
            return None
        known = int(((lab.register.county == county) & (lab.register.bit == 1)).sum()) - target.bit
        return 1.0 if mean(counts) - known > 0.5 else 0.0  # type: ignore[type-var]


def other_names(lab: Lab, target: Target) -> Finding:
    county = target.muni[:2]
    with lab.researcher() as eve:
        counts = []
        for number in range(5):
            eve.ask(f"generate b{number} = bit")
            answer = eve.ask(f"tabulate b{number} if county == '{county}'")
            counts.append(answer.figure("frequencies", "1", "frequencies") if answer.ok else None)
        if None in counts or len(set(counts)) == 1:
            return None
        known = int(((lab.register.county == county) & (lab.register.bit == 1)).sum()) - target.bit
        return 1.0 if mean(counts) - known > 0.5 else 0.0  # type: ignore[type-var]


def percent_times_n(lab: Lab, target: Target) -> Finding:
    """Exact counts from shares and totals."""
    wide = f"county == '{target.muni[:2]}' & edu != {target.edu}"
    with lab.researcher() as eve:
        counts = []
        for condition in (wide, f"({wide}) | ({target.condition})"):
            found = eve.mean("bit", condition)
            if found is None:
                return None
            counts.append(found[0] * found[1])
        return 1.0 if counts[1] - counts[0] > 0.5 else 0.0


def _moved(lab: Lab, targets: Sequence[Target], rounds: int) -> list[Finding]:
    """Move all targets between groups of tables over one set, so that only cells differ, and compare the ones.

    In each round half of the targets, one per group, stand in their own group or in a rest; groups are drawn anew.
    """
    changes: dict[int, list[float]] = {target.number: [] for target in targets}
    for target in targets:
        with lab.researcher() as eve:
            for number in range(rounds):
                # a wide group that does not hold the target, another one in each round
                low = 1 + number % 6
                wide = f"born - 100 * int(born / 100) >= {low} & edu != {target.edu}"
                if number >= 6:
                    wide += f" & sex == '{1 + number % 2}'"
                script = f"generate without{number} = {wide}\ngenerate with{number} = ({wide}) | ({target.condition})"
                if not eve.ask(script).ok:
                    continue
                tables = [eve.ask(f"tabulate {name}{number} bit") for name in ("with", "without")]
                if all(answer.ok for answer in tables):
                    cells = [answer.figure("frequencies", "1", "bit=1") for answer in tables]
                    if None not in cells:
                        changes[target.number].append(cells[0] - cells[1])  # type: ignore[operator]
    return [
        None if not changes[target.number] else 1.0 if mean(changes[target.number]) > 0.5 else 0.0 for target in targets
    ]


def moved_between_cells(lab: Lab, targets: Sequence[Target]) -> list[Finding]:
    return _moved(lab, targets, 1)


def moved_between_cells_often(lab: Lab, targets: Sequence[Target]) -> list[Finding]:
    return _moved(lab, targets, 15)


def sums_over_partitions(lab: Lab, target: Target) -> Finding:
    """The size of a set from the sums of many tables of it, with the target and without."""
    wide = f"county == '{target.muni[:2]}' & edu != {target.edu} & bit == 1"
    with lab.researcher() as eve:
        sizes = []
        for condition in (wide, f"({wide}) | (({target.condition}) & bit == 1)"):
            sums = []
            for variable in ("edu", "sex", "sex edu", "bit"):
                answer = eve.ask(f"tabulate {variable} if {condition}")
                if not answer.ok:
                    return None
                rows = [row for row in answer.rows("frequencies") if next(iter(row.values())) != "total"]
                cells = [value for row in rows for key, value in row.items()
                         if (key.startswith("edu=") or key == "frequencies") and isinstance(value, int)]  # fmt: skip
                if cells:
                    sums.append(sum(cells))
            sizes.append(mean(sums))
        return 1.0 if sizes[1] - sizes[0] > 0.5 else 0.0


def denials(lab: Lab, target: Target) -> Finding:
    """Whether the ledger refuses: sets that are made with the secret are equal or one unit apart."""
    wide = f"county == '{target.muni[:2]}' & edu != {target.edu}"
    with lab.researcher(fresh=True) as eve:
        one = eve.ask(f"summarize wage if bit == 1 & {wide}")
        two = eve.ask(f"summarize wage if bit == 1 & (({wide}) | ({target.condition}))")
        if not one.ok:
            return None
        if two.ok:
            return 0.0 if two.rows("summary") == one.rows("summary") else 1.0
        return 1.0


def subsets_and_algebra(lab: Lab, target: Target) -> Finding:
    """Random unions of blocks, and least squares for the one-unit block (Dinur and Nissim)."""
    import numpy as np

    random = np.random.default_rng(target.number)
    base = f"sex == '{'2' if target.sex == '1' else '1'}'"
    blocks = [f"{base} & edu == {edu}" for edu in range(1, 9)]
    rows, sums = [], []
    with lab.researcher(fresh=True) as eve:
        shift = eve.centre("wage", "y")
        for _ in range(40):
            taken = random.random(len(blocks)) < 0.5
            inside = bool(random.random() < 0.5)
            parts = [block for block, has in zip(blocks, taken, strict=True) if has]
            if inside:
                parts.append(target.condition)
            if len(parts) - inside < 1:
                continue
            found = eve.mean("y", " | ".join(f"({part})" for part in parts))
            if found is not None:
                rows.append([*taken.astype(float), float(inside)])
                sums.append(found[0] * found[1])
    matrix = np.array(rows)
    if len(rows) < 9 or np.linalg.matrix_rank(matrix) < 9:
        return None
    return float(np.linalg.lstsq(matrix, np.array(sums), rcond=None)[0][-1]) + shift


def counts_and_algebra(lab: Lab, target: Target) -> Finding:
    """The same with counts of the bit."""
    import numpy as np

    random = np.random.default_rng(100 + target.number)
    base = f"sex == '{'2' if target.sex == '1' else '1'}'"
    blocks = [f"{base} & edu == {edu}" for edu in range(1, 9)]
    rows, sums = [], []
    with lab.researcher(fresh=True) as eve:
        for _ in range(40):
            taken = random.random(len(blocks)) < 0.5
            inside = bool(random.random() < 0.5)
            parts = [block for block, has in zip(blocks, taken, strict=True) if has]
            if not parts:
                continue
            ones = _ones(eve, " | ".join(f"({part})" for part in (*parts, *([target.condition] if inside else []))))
            if ones is not None:
                rows.append([*taken.astype(float), float(inside)])
                sums.append(ones)
    matrix, counts = np.array(rows), np.array(sums)
    if len(rows) < 12 or np.linalg.matrix_rank(matrix) < 9:
        return None
    solution, _, _, _ = np.linalg.lstsq(matrix, counts, rcond=None)
    spread = np.sum((counts - matrix @ solution) ** 2) / (len(rows) - matrix.shape[1])
    error = float(np.sqrt(spread * np.linalg.pinv(matrix.T @ matrix)[-1, -1]))
    # what is nearer to one half than its own error is no better than the best guess
    return None if abs(solution[-1] - 0.5) < error else float(solution[-1] > 0.5)


def _bit(
    name: str, source: str, about: str, run: object, *control: str, together: bool = False, hole: str = ""
) -> Attack:
    tried = run if together else each(run)  # type: ignore[arg-type]
    return Attack(name, source, about, Goal.BIT, Who.ALL, tried, answered(*control), hole=hole)  # type: ignore[arg-type]


TABLE = ("tabulate bit if county == '03'", "tabulate county bit")

ATTACKS = (
    _bit("with-and-without", TRACKER, "A count of a wide set with the target and without.", with_and_without, *TABLE),
    _bit("a-thousand-times", AVERAGING, "The same two counts a thousand times (for one target; twenty for others).",
         many_times, *TABLE, together=True),
    _bit("equal-filters", "Handbook on SDC 5.4", "Six wordings of one filter.", equal_filters,
         "tabulate bit if county == '03'", "tabulate bit if !(county != '03')"),
    _bit("other-names", "Handbook on SDC 5.4", "Five copies of a variable.", other_names,
         "generate b = bit\ntabulate b if county == '03'"),
    _bit("percent-times-n", "Handbook on SDC 5.4", "Shares times totals.", percent_times_n,
         "summarize bit if county == '03'"),
    _bit("moved-between-cells", TRACKER, "Two tables of one set; the target changes cells.", moved_between_cells,
         "generate a = edu > 3\ntabulate a bit", together=True),
    _bit("moved-between-cells-often", AVERAGING, "Fifteen such pairs, to average the noise.",
         moved_between_cells_often, "generate a = edu > 3\ntabulate a bit", together=True),
    _bit("sums-over-partitions", AVERAGING, "The size of a set summed over many tables.", sums_over_partitions,
         "tabulate edu if county == '03' & bit == 1"),
    _bit("denials-of-the-ledger", "Kenthapadi, Mishra and Nissim 2005", "Whether a near repeat is refused.", denials,
         "summarize wage if bit == 1", "summarize wage if bit == 1 & sex == '1'"),
    _bit("random-counts-and-algebra", "Dinur and Nissim 2003", "Counts of random unions, and least squares.",
         counts_and_algebra, "tabulate bit if sex == '1' & (edu == 1 | edu == 3)"),
    Attack("random-means-and-algebra", "Dinur and Nissim 2003", "Means of random unions, and least squares.",
           Goal.WAGE, Who.MIDDLE, each(subsets_and_algebra),
           answered("summarize wage if sex == '1' & (edu == 1 | edu == 3)")),  # type: ignore[arg-type]
)  # fmt: skip
