"""Models: designs, outcomes and subsets made so that a coefficient is about the target."""

from __future__ import annotations

from collections.abc import Callable

from disclosure.attacks.differencing import answered
from disclosure.attacks.isolation import _code, _with_code
from support.attack_bank import Target
from support.attack_lab import Answer, Lab
from support.attack_scoring import Attack, Finding, Goal, Who, each

DUMMIES = "Bleninger, Drechsler and Ronning 2011"
SATURATED = "ESSnet/DwB guidelines: saturated models"


def coefficient(answer: Answer, term: str) -> float | None:
    return answer.figure("coefficients", term, "estimate") if answer.ok else None


def dummy(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("regress wage mark")
        one, base = coefficient(answer, "mark"), coefficient(answer, "_cons")
        return None if one is None or base is None else one + base


def dummy_as_factor(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        answer = eve.ask("regress wage i.mark")
        one, base = coefficient(answer, "i.mark=1"), coefficient(answer, "_cons")
        return None if one is None or base is None else one + base


def peak(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    with lab.researcher() as eve:
        if not _with_code(eve, target):
            return None
        eve.ask(f"generate top = 1 / (abs(code - {value:.0f}) + 0.000001)")
        answer = eve.ask("regress wage top")
        one, base = coefficient(answer, "top"), coefficient(answer, "_cons")
        return None if one is None or base is None else one * 1e6 + base


def high_power(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        eve.ask("generate scaled = wage / 1000000\ngenerate power = scaled ^ 8\ngenerate sixth = scaled ^ 6")
        answer = eve.ask("regress capital power sixth")
        one = coefficient(answer, "power")
        return None if one is None else (1 / abs(one)) ** (1 / 8) * 1e6


def nested_dummies(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    with lab.researcher() as eve:
        if not _with_code(eve, target):
            return None
        eve.ask(f"generate upto = code <= {value:.0f}\ngenerate below = code < {value:.0f}")
        answer = eve.ask("regress wage upto below")
        found = [coefficient(answer, term) for term in ("upto", "_cons")]
        return None if None in found else sum(found)  # type: ignore[arg-type]


def interaction(lab: Lab, target: Target) -> Finding:
    born, sex, muni, edu = target.condition.split(" & ")
    with lab.researcher() as eve:
        eve.ask(f"generate a = {born}\ngenerate b = {sex}\ngenerate c = {muni}\ngenerate d = {edu}")
        answer = eve.ask("regress wage c.a#c.b#c.c#c.d")
        rows = [row for row in answer.rows("coefficients") if row["term"] != "_cons"]
        base = coefficient(answer, "_cons")
        return rows[0]["estimate"] + base if rows and base is not None and rows[0]["estimate"] is not None else None


def rare_factor(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        answer = eve.ask("regress wage i.trade")
        one, base = coefficient(answer, f"i.trade={target.trade}"), coefficient(answer, "_cons")
        return None if one is None or base is None else one + base


def saturated(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        year = target.born // 100
        answer = eve.ask(f"regress wage i.edu##i.born if muni == '{target.muni}' & born >= {year}00 & born <= {year}12")
        rows = [row for row in answer.rows("coefficients") if f"born={target.born}" in str(row["term"])]
        return rows[0]["estimate"] if rows else None


def special_subset(lab: Lab, target: Target) -> Finding:
    """A mean of a hundred units by a model, which knows no winsorising: the target's wage outweighs the others'."""
    with lab.researcher() as eve:
        usual = eve.mean("wage")
        county, low = f"county == '{target.muni[:2]}'", target.edu - (target.edu + 1) % 2
        conditions = (
            f"muni == '{target.muni}' & edu == {target.edu}",
            f"muni == '{target.muni}' & sex == '{target.sex}'",
            f"{county} & inlist(edu, {low}, {low + 1})",
            f"{county} & sex == '{target.sex}'",
        )
        eve.ask("generate other = capital / 1000000")
        for condition in conditions:
            answer = eve.ask(f"regress wage other if {condition}")
            base, slope = coefficient(answer, "_cons"), coefficient(answer, "other")
            n = answer.figure("model", "n_obs", "value") if answer.ok else None
            middle = eve.mean("other", condition)
            if base is None or slope is None or n is None or middle is None or usual is None:
                continue
            mean = base + slope * middle[0]
            if mean > 1.2 * usual[0]:
                return n * mean - (n - 1) * usual[0]
        return None


def outcome_copied(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        made = eve.ask(f"generate mark = {target.condition}\ngenerate copy = wage * mark")
        answer = eve.ask("regress wage copy")
        one, base = coefficient(answer, "copy"), coefficient(answer, "_cons")
        if not made.ok or one is None or base is None or one == 1:
            return None
        return base / (1 - one)


def one_unit_apart(lab: Lab, target: Target) -> Finding:
    """The same model with and without the target: the change of the mean."""
    with lab.researcher() as eve:
        one = eve.ask("regress wage edu")
        two = eve.ask(f"regress wage edu if !({target.condition})")
        n = one.figure("model", "n_obs", "value") if one.ok else None
        middle = eve.mean("edu")
        ends = [coefficient(answer, term) for answer in (one, two) for term in ("_cons", "edu")]
        if n is None or middle is None or None in ends:
            return None
        before, after = ends[0] + ends[1] * middle[0], ends[2] + ends[3] * middle[0]  # type: ignore[operator]
        return after + n * (before - after)


def _with_outcome(lab: Lab, target: Target, prepare: str, outcome: str, command: str) -> Finding:
    """Compare the means that two models of the same units tell: of the outcome, and of a copy that differs in one."""
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        if not eve.ask(prepare).ok:
            return None
        # a centred regressor makes the constant the mean
        eve.ask("generate half = 2 * (sex == '1') - 1")
        ends = []
        for name in ("y", outcome):
            answer = eve.ask(command.format(name))
            ends.append((coefficient(answer, "_cons"), answer.figure("model", "n_obs", "value") if answer.ok else None))
        (one, n), (two, _) = ends
        if one is None or two is None or n is None:
            return None
        return n * (one - two) + shift


def outcome_replaced(lab: Lab, target: Target) -> Finding:
    prepare = f"generate mark = {target.condition}\ngenerate z = y * (1 - mark)"
    return _with_outcome(lab, target, prepare, "z", "regress {} half if wage < 3000000")


def outcome_replaced_with_if(lab: Lab, target: Target) -> Finding:
    wide = f"sex == '{'2' if target.sex == '1' else '1'}'"
    prepare = f"generate z = y\nreplace z = 0 if {wide} | ({target.condition})\nreplace y = 0 if {wide}"
    return _with_outcome(lab, target, prepare, "z", "regress {} half if wage < 3000000")


def likelihoods(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        shift = eve.centre("wage", "y")
        eve.ask(f"generate mark = {target.condition}\ngenerate z = y * (1 - mark)")
        sums = []
        for name in ("y", "z"):
            sums.append(eve.ask(f"regress {name} edu if wage < 3000000").figure("model", "ss_total", "value"))
        if None in sums or sums[0] <= sums[1]:  # type: ignore[operator]
            return None
        return (sums[0] - sums[1]) ** 0.5 + shift  # type: ignore[operator]


def weights_by_copies(lab: Lab, target: Target) -> Finding:
    """Interactions as weights: the target's row alone has the regressor far from zero."""
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}\ngenerate weight = capital * (1 + 1000000 * mark)")
        answer = eve.ask("regress wage weight")
        one, base = coefficient(answer, "weight"), coefficient(answer, "_cons")
        if one is None or base is None:
            return None
        return base + one * float(lab.register.capital[target.unit]) * 1e6


def reparametrised(lab: Lab, target: Target) -> Finding:
    """The mean of a rare group over many parametrisations of one model, to average any noise of coefficients."""
    found = []
    with lab.researcher() as eve:
        eve.ask(f"generate mark = {target.condition}")
        for number in range(1, 6):
            eve.ask(f"generate m{number} = mark * {number} + edu / {number}")
            answer = eve.ask(f"regress wage m{number} edu")
            one = coefficient(answer, f"m{number}")
            if one is not None:
                found.append(one * number)
    return sum(found) / len(found) if found else None


def _attack(
    name: str, source: str, about: str, one: Callable[[Lab, Target], Finding], *control: str, who: Who = Who.MIDDLE,
    hole: str = "",
) -> Attack:  # fmt: skip
    return Attack(name, source, about, Goal.WAGE, who, each(one), answered(*control), hole=hole)  # type: ignore[arg-type]


ATTACKS = (
    _attack("dummy-for-one-unit", DUMMIES, "A regressor that is 1 for the target alone.", dummy,
            "generate a = edu == 3\nregress wage a", who=Who.ALL),
    _attack("factor-for-one-unit", DUMMIES, "The same as a factor.", dummy_as_factor,
            "generate a = edu == 3\nregress wage i.a", who=Who.ALL),
    _attack("peak-at-one-unit", DUMMIES, "1 / (|x - x0| + e): an artificial outlier.", peak,
            "generate a = 1 / (abs(edu - 3) + 1)\nregress wage a"),
    _attack("high-powers", DUMMIES, "Powers under which the largest unit steers the coefficients.", high_power,
            "generate a = edu ^ 2\nregress wage a edu", who=Who.EXTREME),
    _attack("nested-dummies", DUMMIES, "Two wide dummies whose difference is the target.", nested_dummies,
            "generate a = edu <= 3\ngenerate b = edu <= 5\nregress wage a b", who=Who.ALL),
    _attack("interaction-of-four", DUMMIES, "A product of four wide dummies in the model's terms.", interaction,
            "generate a = sex == '1'\ngenerate b = edu == 3\nregress wage c.a#c.b", who=Who.ALL),
    _attack("factor-with-rare-codes", "ESSnet/DwB guidelines: dummies", "A factor whose rare code is the target's.",
            rare_factor, "regress wage i.county", who=Who.ALL),
    _attack("saturated-model", SATURATED, "As many categories as units.", saturated, "regress wage i.edu##i.sex"),
    _attack("special-subset", SATURATED, "The unwinsorised mean of a hundred units around an extreme one.",
            special_subset, "regress wage capital if sex == '1'", who=Who.EXTREME),
    _attack("outcome-copied-to-a-regressor", SATURATED, "The outcome, for the target alone, as a regressor.",
            outcome_copied, "regress wage capital"),
    _attack("models-one-unit-apart", "ESSnet/DwB guidelines: differencing", "A model with and without the target.",
            one_unit_apart, "regress wage edu", "regress wage edu if sex == '1'"),
    _attack("outcome-replaced", DUMMIES, "Two models of the same units whose outcomes differ in the target.",
            outcome_replaced, "generate z = wage * (sex == '1')\nregress z edu", "regress wage edu"),
    _attack("outcome-replaced-with-if", DUMMIES, "The same by two wide replacements.", outcome_replaced_with_if,
            "generate z = wage\nreplace z = 0 if sex == '1'\nregress z edu", "regress wage edu"),
    _attack("sums-of-squares", "likelihood differences", "The total sum of squares with and without the value.",
            likelihoods, "regress wage edu", "generate z = ln(wage)\nregress z edu"),
    _attack("weights-by-a-regressor", "weights as dummies", "A regressor that is huge for the target.",
            weights_by_copies, "generate a = capital * (1 + (sex == '1'))\nregress wage a"),
    _attack("many-parametrisations", "averaging over reparametrisations", "One dummy in five mixtures.",
            reparametrised, "generate a = edu * 2 + 1\nregress wage a i.sex"),
)  # fmt: skip
