"""Which rules a release will meet, by kind of evidence: what the gate asks, told before there are any data.

Each function stands for one file of `release/` and lists every refusal and every change that it can make.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.texts import REFUSALS, RULES, in_numbers
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Meets:
    """Rules that a command will meet.

    Attributes:
        refusals: Keys of texts.REFUSALS.
        changes: Keys of texts.RULES.
        optional: Keys of texts.RULES, each with the attribute of the policy that turns it on.
        public: Whether the answer is made of published metadata and the script alone, which no rule touches.
    """

    refusals: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    optional: tuple[tuple[str, str], ...] = ()
    public: bool = False


@dataclass(frozen=True, slots=True)
class RuleToMeet:
    """A rule in words.

    Attributes:
        rule: Key of texts.REFUSALS or texts.RULES.
        refuses: Whether it may refuse; otherwise it may change or withhold parts of the result.
        name: Short name of a rule that changes; None for a refusal.
        detail: When it refuses, or what it does, with the numbers of the policy.
        hint: What to do when it refuses.
        numbers: Numbers of the policy that decide, by key.
    """

    rule: str
    refuses: bool
    name: Text | None
    detail: Text
    hint: Text | None
    numbers: tuple[tuple[str, float], ...]


PUBLIC = Meets(public=True)
EVERYTHING = Meets(tuple(rule for rule in REFUSALS if rule != "NOT_PUBLIC"), tuple(RULES))


def status(*, counts: bool = False, population: bool = False, conditions: bool = False) -> Meets:
    """Preparation that shows counts, changes the population, or acts where a condition holds."""
    return Meets(
        ("POPULATION_TOO_SMALL",) if population else (),
        _some(("count_noise", counts), ("few_as_none", conditions)),
    )


def counts(dimensions: int) -> Meets:
    """A table of counts."""
    return Meets(
        ("TOO_FEW_UNITS", "TABLE_TOO_SPARSE", "TOO_MANY_PARTITIONS", "SETS_TOO_CLOSE"),
        _some(("count_noise", True), ("cell_suppression", True), ("code_suppression", dimensions > 0)),
    )


def magnitudes(dimensions: int, *, percentiles: bool = True, sums: bool = False) -> Meets:
    """Means, deviations, sums and percentiles, also of groups."""
    return Meets(
        _some(
            ("TOO_FEW_UNITS", True),
            ("TABLE_TOO_SPARSE", dimensions > 0),
            ("DOMINATED", True),
            ("TOO_MANY_PARTITIONS", dimensions > 0),
            ("SETS_TOO_CLOSE", True),
        ),
        _some(
            ("count_noise", True),
            ("winsorising", True),
            ("shares_from_noised_counts", True),
            ("sum_from_noised_count", sums),
            ("rounding", True),
            ("percentile_smoothing", percentiles),
            ("mean_alone", True),
            ("cell_suppression", True),
            ("dominance", True),
            ("secondary_suppression", dimensions > 0),
            ("differencing", True),
            ("code_suppression", dimensions > 0),
        ),
    )


def histogram(*, discrete: bool, grouped: bool) -> Meets:
    """A histogram."""
    return Meets(
        _some(
            ("TOO_FEW_UNITS", True),
            ("POPULATION_TOO_SMALL", not discrete),
            ("TABLE_TOO_SPARSE", True),
            ("TOO_MANY_PARTITIONS", True),
            ("SETS_TOO_CLOSE", True),
        ),
        _some(
            ("count_noise", True),
            ("bin_merging", not discrete),
            ("open_bins", not discrete),
            ("cell_suppression", discrete or grouped),
        ),
    )


def figure_sets(*, pairs: bool = False) -> Meets:
    """Statistics over several sets of units; `pairs` for correlations, which are of winsorised values."""
    return Meets(
        _some(
            ("TOO_FEW_UNITS", True),
            ("VALUES_TOO_RARE", True),
            ("DOMINATED", True),
            ("VARIABLES_DETERMINED", pairs),
            ("SETS_TOO_CLOSE", True),
        ),
        _some(
            ("count_noise", True),
            ("winsorising", pairs),
            ("figure_steps", True),
            ("shares_from_noised_counts", True),
            ("model_rounding", True),
            ("cell_suppression", True),
            ("figure_suppression", True),
            ("differencing", True),
        ),
    )


def model(*, grouped: bool = False, extras: bool = False) -> Meets:
    """A regression; `grouped` for random effects, `extras` for tables beside it that ask for more."""
    return Meets(
        _some(
            ("MODEL_TOO_SMALL", True),
            ("DESIGN_COLUMN_RARE", True),
            ("GROUP_COLUMN_RARE", grouped),
            ("UNIT_ISOLATED", True),
            ("FIT_TOO_GOOD", True),
            ("GROUPS_DETERMINE_OUTCOME", grouped),
            ("SETS_TOO_CLOSE", True),
        ),
        _some(
            ("count_noise", True),
            ("model_rounding", True),
            ("rare_columns", True),
            ("constant_hidden", True),
            ("part_withheld", extras),
            ("group_size", grouped),
        ),
        (("winsorising", "winsorises_models"),),
    )


def rules_to_meet(meets: Meets, policy: Policy) -> tuple[RuleToMeet, ...]:
    """Return the rules in words, refusals first; an open policy has one rule alone."""
    if meets.public:
        return ()
    if not policy.protects:
        return (_in_words("NOT_PUBLIC", policy),)
    optional = (rule for rule, attribute in meets.optional if getattr(policy, attribute))
    return tuple(_in_words(rule, policy) for rule in (*meets.refusals, *meets.changes, *optional))


def _in_words(rule: str, policy: Policy) -> RuleToMeet:
    refuses = rule in REFUSALS
    first, second = REFUSALS[rule] if refuses else RULES[rule]
    name, detail, hint = (None, first, second) if refuses else (first, second, None)
    keys = dict.fromkeys(re.findall(r"\{([a-z0-9_]+)\}", detail.en))
    return RuleToMeet(
        rule,
        refuses,
        name,
        in_numbers(detail, policy),
        in_numbers(hint, policy) if hint is not None else None,
        tuple((key, float(getattr(policy, key))) for key in keys),
    )


def _some(*rules: tuple[str, bool]) -> tuple[str, ...]:
    return tuple(rule for rule, applies in rules if applies)
