"""A policy: a profile and the numbers of its rules."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

from grille.server.errors import AccessDeniedError, TypeMismatchError
from grille.server.text import Text

Profile = Literal["open", "standard", "strict"]
_ORDER: dict[str, int] = {"open": 0, "standard": 1, "strict": 2}


def _at_least(default: float) -> Any:
    return field(default=default, metadata={"tighter": "higher"})


def _at_most(default: float) -> Any:
    return field(default=default, metadata={"tighter": "lower"})


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of disclosure control. The defaults are the profile standard; the rules say what each one does.

    Attributes:
        profile: open shows exact figures of public data only and uses none of the numbers.
        population_min: Units of a data set.
        model_min: Units of a model.
        residual_df_min: Residual degrees of freedom of a model.
        units_per_parameter_min: Units of a model per parameter.
        cell_min: Units of a cell, exact for means and percentiles, noised for all.
        sparse_below: Units under which a non-empty cell counts as small.
        sparse_share_max: Share of small cells among the non-empty ones.
        table_cells_max: Non-empty cells of a table.
        table_dimensions_max: Dimensions of a table.
        dominance_one_max: Share of the largest unit in a sum.
        dominance_two_max: Share of the two largest units.
        tail_min: Units beyond a percentile.
        condition_min: Units that a condition selects, and that it leaves.
        column_min: Units on the rarer side of a design column or outcome.
        leverage_one_max: Leverage of one unit.
        leverage_three_max: Leverage of three units together.
        r2_max: Share of the outcome's variance that the regressors account for.
        constant_min: Units of the smallest combination of categorical regressors for the constant to be shown.
        groups_min: Groups on the rarer side of a group-level design column.
        group_units_min: Units per group on that side, when there are fewer groups.
        groups_few: Number of groups below which a multilevel model gets a remark.
        icc_max: Intraclass correlation.
        difference_min: Units in which two released sets that are not equal must differ.
        pair_window: Latest released sets whose pairs a new set is compared with.
        partitions_max: Different tables over one set of units, for ever; their noise could be averaged.
        bins_max: Bins of a histogram.
        percentile_digits: Significant digits of percentiles.
        number_digits: Significant digits of means, standard deviations and sums.
        model_digits: Significant digits of the figures of a model.
        p_value_decimals: Decimals of p-values; the smallest one shown is one unit of the last.
        count_base: Noised counts are rounded to multiples of this.
        reply_step_ms: A reply leaves this long after the command, or twice, four times ... as long; 0: when it is done.
    """

    profile: Profile = "standard"
    population_min: int = _at_least(1000)
    model_min: int = _at_least(100)
    residual_df_min: int = _at_least(10)
    units_per_parameter_min: float = _at_least(10.0)
    cell_min: int = _at_least(10)
    sparse_below: int = _at_least(5)
    sparse_share_max: float = _at_most(0.5)
    table_cells_max: int = _at_most(5000)
    table_dimensions_max: int = _at_most(3)
    dominance_one_max: float = _at_most(0.5)
    dominance_two_max: float = _at_most(0.67)
    tail_min: int = _at_least(10)
    condition_min: int = _at_least(10)
    column_min: int = _at_least(10)
    leverage_one_max: float = _at_most(0.2)
    leverage_three_max: float = _at_most(0.5)
    r2_max: float = _at_most(0.99)
    constant_min: int = _at_least(5)
    groups_min: int = _at_least(10)
    group_units_min: int = _at_least(10)
    groups_few: int = _at_least(10)
    icc_max: float = _at_most(0.98)
    difference_min: int = _at_least(10)
    pair_window: int = _at_least(48)
    partitions_max: int = _at_most(30)
    bins_max: int = _at_most(30)
    percentile_digits: int = _at_most(3)
    number_digits: int = _at_most(5)
    model_digits: int = _at_most(5)
    p_value_decimals: int = _at_most(3)
    count_base: int = _at_least(1)
    reply_step_ms: int = _at_least(0)

    @staticmethod
    def open() -> Policy:
        """Return the profile for public data."""
        return Policy(profile="open")

    @staticmethod
    def standard() -> Policy:
        """Return the default profile."""
        return Policy()

    @staticmethod
    def strict() -> Policy:
        """Return the profile with three significant digits on every statistic and replies at fixed times.

        In models the outcome and the regressors are winsorised too.
        """
        return Policy(profile="strict", number_digits=3, model_digits=3, count_base=10, reply_step_ms=1000)

    @staticmethod
    def named(profile: str) -> Policy:
        """Return the profile of that name; raises TypeMismatchError POLICY_INVALID when there is none."""
        if profile == "open":
            return Policy.open()
        if profile == "standard":
            return Policy.standard()
        if profile == "strict":
            return Policy.strict()
        raise TypeMismatchError(
            "POLICY_INVALID",
            Text(
                f'The policy is not valid: there is no profile "{profile}"; there are open, standard and strict.',
                f"Reglene er ikke gyldige: profilen «{profile}» finnes ikke; det finnes open, standard og strict.",
            ),
            hint=Text("Correct the policy file.", "Rett filen med regler."),
        )

    @property
    def protects(self) -> bool:
        """Whether there is disclosure control at all."""
        return self.profile != "open"

    @property
    def winsorises_models(self) -> bool:
        """Whether outcome and regressors of models are cut at the 1st and 99th percentile of the data set."""
        return self.profile == "strict"

    def looser_keys(self, limit: Policy) -> tuple[str, ...]:
        """Return the keys in which this policy is looser than `limit`."""
        if not limit.protects:
            return ()
        keys = ["profile"] if _ORDER[self.profile] < _ORDER[limit.profile] else []
        for item in dataclasses.fields(self):
            direction = item.metadata.get("tighter")
            mine, theirs = getattr(self, item.name), getattr(limit, item.name)
            if (direction == "higher" and mine < theirs) or (direction == "lower" and mine > theirs):
                keys.append(item.name)
        return tuple(keys)

    def forbidden_keys(self, by: Policy) -> tuple[str, ...]:
        """Return the keys in which `by`, a project's policy under this policy of a bank, is too loose.

        The profile open loosens nothing: it answers about public variables alone and refuses what any other variable
        stands behind. Only a bank whose profile is strict does not have it.
        """
        return () if not by.protects and self.profile != "strict" else by.looser_keys(self)

    def tightened(self, by: Policy) -> Policy:
        """Return `by`, a project's policy under this policy of a bank.

        Raises:
            AccessDeniedError: POLICY_LOOSER, when `by` is too loose in any number; the message names the keys.
        """
        looser = ", ".join(self.forbidden_keys(by))
        if looser:
            raise AccessDeniedError(
                "POLICY_LOOSER",
                Text(
                    f"The policy is looser than that of the bank in: {looser}.",
                    f"Reglene er løsere enn databankens for: {looser}.",
                ),
                hint=Text(
                    "A project's policy may only tighten its bank's.",
                    "Et prosjekts regler kan bare være strengere enn databankens.",
                ),
            )
        return by

    def joined(self, other: Policy) -> Policy:
        """Return the policy that is as tight as both in every number, and has the tighter profile of the two.

        An open policy has no numbers of its own, so the other is returned.
        """
        if not (self.protects and other.protects):
            return other if other.protects else self
        changes: dict[str, Any] = {"profile": max(self.profile, other.profile, key=_ORDER.__getitem__)}
        for item in dataclasses.fields(self):
            pick = {"higher": max, "lower": min}.get(item.metadata.get("tighter", ""))
            if pick is not None:
                changes[item.name] = pick(getattr(self, item.name), getattr(other, item.name))
        return dataclasses.replace(self, **changes)
