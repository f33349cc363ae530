"""Rule: of figures that a model gives single units, only means are shown."""

from __future__ import annotations

import dataclasses

import numpy as np

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import ReleasedVariable


def mean_alone(variable: ReleasedVariable, mean_only: bool, policy: Policy) -> ReleasedVariable:
    """Return the figures of a variable, all but number and mean taken out when it holds figures of a model.

    Risk: a prediction or a residual of one unit, with the coefficients, gives its outcome; percentiles, spread and
    concentration are about the units with the largest ones.
    Rule: number of units and mean alone, `mean_only` for predictions, residuals, distances and what is computed of
    them.
    Source: microdata.no, measures for disclosure control: residuals and predicted values are not shown.
    """
    if not (mean_only and policy.protects):
        return variable
    nothing = np.full(variable.mean.shape, np.nan)
    return dataclasses.replace(
        variable,
        sd=nothing,
        total=nothing,
        percentiles=dict.fromkeys(variable.percentiles, nothing),
        limits=(float("nan"), float("nan")),
        gini=None if variable.gini is None else nothing,
    )
