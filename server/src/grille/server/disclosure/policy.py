"""A policy: a profile and the numbers of its rules."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
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
        """Return the profile with three significant digits on every statistic."""
        return Policy(profile="strict", number_digits=3, model_digits=3)

    @staticmethod
    def named(profile: str) -> Policy:
        """Return the profile of that name; raises TypeMismatchError POLICY_INVALID when there is none."""
        if profile == "open":
            return Policy.open()
        if profile == "standard":
            return Policy.standard()
        if profile == "strict":
            return Policy.strict()
        raise _invalid(
            f'there is no profile "{profile}"; there are open, standard and strict',
            f"profilen «{profile}» finnes ikke; det finnes open, standard og strict",
        )

    @property
    def protects(self) -> bool:
        """Whether there is disclosure control at all."""
        return self.profile != "open"

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

    def tightened(self, by: Policy) -> Policy:
        """Return `by`, a project's policy under this policy of a bank.

        Raises:
            AccessDeniedError: POLICY_LOOSER, when `by` is looser in any number; the message names the keys.
        """
        looser = ", ".join(by.looser_keys(self))
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


def load_policy(path: Path) -> Policy:
    """Read a policy from a TOML file: `profile` and any numbers that are to be tighter than the profile's.

    Raises:
        TypeMismatchError: POLICY_INVALID, when the file is not TOML, a key is unknown, or a value has the wrong type,
            is out of range or looser than the profile; the message names the key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(f"not a TOML file: {error}", f"ikke en TOML-fil: {error}") from error
    profile = content.pop("profile", "standard")
    if not isinstance(profile, str):
        raise _invalid("profile is not a string", "profile er ikke en tekst")
    base = Policy.named(profile)
    types = {item.name: type(getattr(base, item.name)) for item in dataclasses.fields(Policy)}
    for key, value in content.items():
        if key not in types:
            raise _invalid(f"unknown key {key}", f"ukjent nøkkel {key}")
        if isinstance(value, bool) or not isinstance(value, (int, types[key])):
            raise _invalid(f"{key} is not a number of the right kind", f"{key} er ikke et tall av riktig slag")
        if not 0 < value < 10**9:
            raise _invalid(f"{key} is out of range", f"{key} er utenfor gyldig område")
        if key == "difference_min" and value > 12:
            raise _invalid("difference_min is above 12", "difference_min er over 12")
    policy = dataclasses.replace(base, **{key: types[key](value) for key, value in content.items()})
    looser = ", ".join(policy.looser_keys(base))
    if looser:
        raise _invalid(f"looser than the profile {profile}: {looser}", f"løsere enn profilen {profile}: {looser}")
    return policy


def _invalid(english: str, norwegian: str) -> TypeMismatchError:
    return TypeMismatchError(
        "POLICY_INVALID",
        Text(f"The policy is not valid: {english}.", f"Reglene er ikke gyldige: {norwegian}."),
        hint=Text("Correct the policy file.", "Rett filen med regler."),
    )
