"""Variance inflation factors."""

from __future__ import annotations

import numpy as np

from grille.server.statistics.design import Floats
from grille.server.statistics.linear import inverse_factor
from grille.server.statistics.scaling import Scaling


def variance_inflation(scaling: Scaling) -> Floats:
    """Return 1 / (1 - R2) of each kept column regressed on the others, float64 (k,), the constant left out.

    R2 is about the mean with a constant, else about zero, as the coefficients' variances are (statsmodels
    variance_inflation_factor with standardize=False; Stata's estat vif, and its uncentered without a constant).
    """
    k = scaling.slopes
    if not k:
        return np.empty(0)
    cross = scaling.cross[:k, :k]
    size = np.sqrt(np.diagonal(cross))
    inverse = inverse_factor(cross / np.outer(size, size))
    factors: Floats = (inverse**2).sum(axis=0)
    return factors
