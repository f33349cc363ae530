"""Tail probabilities and quantiles, from scipy.special (importing scipy.stats takes half a second)."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from grille.server.statistics.design import Floats


def normal_p_values(z: Floats) -> Floats:
    """Return two-sided p-values of standard normal statistics."""
    return np.asarray(2.0 * ndtr(-np.abs(z)))


def t_p_values(t: Floats, df: float) -> Floats:
    """Return two-sided p-values of Student t statistics with `df` degrees of freedom."""
    return np.asarray(2.0 * stdtr(df, -np.abs(t)))


def chi2_p_value(statistic: float, df: int) -> float:
    """Return the upper tail probability of a chi-squared statistic."""
    return float(chdtrc(df, statistic))


def f_p_value(statistic: float, df_model: float, df_resid: float) -> float:
    """Return the upper tail probability of an F statistic."""
    return float(fdtrc(df_model, df_resid, statistic))


def normal_quantile(level: float) -> float:
    """Return the two-sided standard normal quantile for a confidence level in percent."""
    return float(ndtri(0.5 + level / 200.0))


def t_quantile(level: float, df: float) -> float:
    """Return the two-sided Student t quantile for a confidence level in percent."""
    return float(stdtrit(df, 0.5 + level / 200.0))
