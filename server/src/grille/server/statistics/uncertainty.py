"""Covariances at the optimum of the likelihood, and the Wald tests made from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from grille.server.statistics import refusals
from grille.server.statistics.design import Floats
from grille.server.statistics.distributions import chi2_p_value
from grille.server.statistics.linear import LinAlgError, inverse_definite, inverse_factor
from grille.server.statistics.nested import NestedProblem
from grille.server.statistics.optimiser import Optimum

ErrorKind = Literal["statsmodels", "gls", "robust"]

# A test direction with less than 1e-12 of its own variance left is rounding error.
_SINGULAR = 1e6


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A joint test: chi-squared statistic, degrees of freedom, p-value."""

    chi2: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Covariances in scaled units.

    Attributes:
        coefficients: Covariance of the scaled coefficients, (p, p).
        ratios: Covariance of the free variance ratios, (free, free).
        cross: Covariance of coefficients and free ratios, (p, free); 0 unless errors are `statsmodels`.
        variance_errors: Standard errors of the variances, lowest level first, the residual last; NaN for a variance on
            its boundary.
    """

    coefficients: Floats
    ratios: Floats
    cross: Floats
    variance_errors: Floats


def uncertainty(problem: NestedProblem, optimum: Optimum, kind: ErrorKind, meat: Floats | None = None) -> Uncertainty:
    """Compute covariances from the sums at the optimum.

    `statsmodels` errors are those of the inverse of minus the joint Hessian of the profile log-likelihood, restricted
    or not, in (coefficients, ratios), as MixedLM.bse_fe; `gls` errors are s2 (X'V^-1 X)^-1, as lme4 and Stata; `robust`
    errors put `meat` between two (X'V^-1 X)^-1 (Liang and Zeger 1986). Errors of variances are the same with each: they
    come from the observed information in (s2, ratios) by the delta method, as Stata.

    Args:
        problem: The problem.
        optimum: Its optimum.
        kind: Which errors of the coefficients.
        meat: Sum of the squared scores of the top groups, (p, p); see sandwich. Needed for `robust`.

    Raises:
        NumericError: NOT_CONVERGED when the Hessian is not positive definite at the optimum.
    """
    value, derivatives = optimum.value, optimum.derivatives
    p, df = problem.p, problem.df
    s2 = value.quadratic / df
    bread = value.inverse_factor.T @ value.inverse_factor
    coefficients = s2 * bread
    free = np.flatnonzero(~(np.array(optimum.at_zero) | np.array(optimum.at_cap)))
    pick = np.ix_(free, free)
    ratios = _inverse(0.5 * derivatives.hessian[pick], optimum)
    cross = np.zeros((p, free.size))
    if kind == "statsmodels":
        lever = coefficients @ derivatives.scores[:, free] / s2
        cross = -lever @ ratios
        coefficients = coefficients + lever @ ratios @ lever.T
    elif kind == "robust":
        if meat is None:
            raise ValueError("robust covariances need the scores of the top groups")
        coefficients = bread @ meat @ bread
    errors = np.full(value.ratios.size + 1, np.nan)
    information = np.empty((free.size + 1, free.size + 1))
    information[0, 0] = df / (2.0 * s2**2)
    information[0, 1:] = information[1:, 0] = derivatives.squares[free] / (2.0 * s2**2)
    information[1:, 1:] = 0.5 * (2.0 * derivatives.bends[pick] / s2 - derivatives.fisher[pick])
    inverse = _inverse(information, optimum)
    errors[-1] = np.sqrt(inverse[0, 0])
    for position, k in enumerate(free, start=1):
        slope = np.zeros(free.size + 1)
        slope[0], slope[position] = value.ratios[k], s2
        errors[k] = np.sqrt(slope @ inverse @ slope)
    return Uncertainty(coefficients, ratios, cross, errors)


def _inverse(matrix: Floats, optimum: Optimum) -> Floats:
    if not matrix.size:
        return matrix
    try:
        return inverse_definite(matrix)
    except LinAlgError as error:
        raise refusals.not_converged(optimum.iterations) from error


def wald_test(estimate: Floats, covariance: Floats) -> WaldTest | None:
    """Test that all of `estimate` (k,) is zero given its covariance (k, k); None when k is 0.

    Raises:
        NumericError: SINGULAR_COVARIANCE.
    """
    if not estimate.size:
        return None
    diagonal = np.diagonal(covariance)
    if not (diagonal > 0.0).all():
        raise refusals.singular_covariance()
    scale = 1.0 / np.sqrt(diagonal)
    try:
        inverse = inverse_factor(covariance * np.outer(scale, scale))
    except LinAlgError as error:
        raise refusals.singular_covariance() from error
    if np.diagonal(inverse).max() > _SINGULAR:
        raise refusals.singular_covariance()
    root = inverse @ (estimate * scale)
    chi2 = float(root @ root)
    return WaldTest(chi2, int(estimate.size), chi2_p_value(chi2, int(estimate.size)))
