"""Figures of one variable over cells, after the rules decided which cells are shown."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.evidence import MagnitudeVariable
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_counts
from grille.server.disclosure.released import ReleasedVariable
from grille.server.disclosure.rules.model_figures import mean_alone
from grille.server.disclosure.rules.percentiles import percentiles_shown
from grille.server.disclosure.rules.resolution import resolved_deviations, resolved_means
from grille.server.disclosure.rules.rounding import significant
from grille.server.disclosure.rules.shares import share_deviations, shares
from grille.server.disclosure.rules.sums import noised_sums

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Figures:
    mean: Values
    sd: Values
    percentiles: dict[float, Values]
    gini: Values | None


def released_variable(
    variable: MagnitudeVariable, noised_n: NDArray[np.int64], shown: NDArray[np.bool_], policy: Policy
) -> ReleasedVariable:
    """Return the figures of a variable, NaN where not shown.

    Args:
        variable: Exact figures.
        noised_n: int64 (cells,).
        shown: bool (cells,).
        policy: Numbers.
    """
    return mean_alone(_released(variable, noised_n, shown, policy), variable.mean_only, policy)


def _released(
    variable: MagnitudeVariable, noised_n: NDArray[np.int64], shown: NDArray[np.bool_], policy: Policy
) -> ReleasedVariable:
    # nothing of a 0/1 variable is exact: all comes from the noised share
    figures = (
        _of_share(variable, noised_n, policy) if _is_share(variable, policy) else _of_values(variable, noised_n, policy)
    )

    def number(values: Values) -> Values:
        kept = np.where(shown, values, np.nan)
        return significant(kept, policy.number_digits) if policy.protects else kept

    def percentile(probability: float, values: Values) -> Values:
        kept = np.where(shown, values, np.nan)
        if not policy.protects:
            return kept
        support = percentiles_shown(np.minimum(variable.n, noised_n), probability, policy)
        return significant(np.where(support, kept, np.nan), policy.percentile_digits)

    return ReleasedVariable(
        name=variable.name,
        title=variable.title,
        n=np.where(shown if policy.protects else noised_n >= 0, noised_n.astype(np.float64), np.nan),
        mean=number(figures.mean),
        sd=number(figures.sd),
        total=number(noised_sums(figures.mean, noised_n)),
        percentiles={
            probability: percentile(probability, values) for probability, values in figures.percentiles.items()
        },
        limits=_limits(variable, policy),
        gini=None if figures.gini is None else number(figures.gini),
        binary=variable.binary,
    )


def cells_of(variable: ReleasedVariable, kept: NDArray[np.bool_]) -> ReleasedVariable:
    """Return the figures of some cells: `kept` is bool (cells,)."""
    return dataclasses.replace(
        variable,
        n=variable.n[kept],
        mean=variable.mean[kept],
        sd=variable.sd[kept],
        total=variable.total[kept],
        percentiles={probability: values[kept] for probability, values in variable.percentiles.items()},
        gini=None if variable.gini is None else variable.gini[kept],
    )


def _is_share(variable: MagnitudeVariable, policy: Policy) -> bool:
    return policy.protects and variable.binary


def _of_values(variable: MagnitudeVariable, noised_n: NDArray[np.int64], policy: Policy) -> _Figures:
    mean, sd, limits = variable.mean, variable.sd, variable.limits[:2]
    if policy.protects:
        mean, sd = resolved_means(mean, sd, noised_n, limits), resolved_deviations(sd, noised_n, limits)
    return _Figures(mean, sd, variable.percentiles, variable.gini)


def _of_share(variable: MagnitudeVariable, noised_n: NDArray[np.int64], policy: Policy) -> _Figures:
    if variable.ones is None or variable.ones_keys is None:
        raise ValueError("a 0/1 variable comes with its counts of 1")
    share = shares(shown_counts(variable.ones, variable.ones_keys, policy), noised_n)
    return _Figures(
        mean=share,
        sd=share_deviations(share, noised_n),
        percentiles={
            probability: np.where(share > 1.0 - probability, 1.0, 0.0) for probability in variable.percentiles
        },
        # of values 0 and 1 the Gini coefficient is the share of zeros
        gini=None if variable.gini is None else 1.0 - share,
    )


def _limits(variable: MagnitudeVariable, policy: Policy) -> tuple[float, float]:
    low, high, units = variable.limits
    if not policy.protects:
        return low, high
    if not percentiles_shown(np.array([units]), 0.01, policy)[0]:
        return float("nan"), float("nan")
    first, last = significant(np.array([low, high]), policy.percentile_digits).tolist()
    return first, last
