"""Ordinary least squares from moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from grille.server.errors import NumericError
from grille.server.statistics import refusals
from grille.server.statistics.design import Floats, Pass
from grille.server.statistics.distributions import f_p_value, t_p_values, t_quantile
from grille.server.statistics.linear import LinAlgError, inverse_factor
from grille.server.statistics.moments import Moments
from grille.server.statistics.robust import cluster_scores, robust_meat
from grille.server.statistics.scaling import Scaling, scale_moments
from grille.server.statistics.uncertainty import WaldTest, wald_test
from grille.server.statistics.weight import RowWeights, Weight, cluster_weights

Covariance = Literal["classical", "robust", "cluster"]


@dataclass(frozen=True, slots=True)
class ClusterVariable:
    """A factor of the batches by which rows are clustered, its number of levels, and rows of a cluster not small."""

    name: str
    n_levels: int
    fewer: int = 10


@dataclass(frozen=True, slots=True)
class OlsResult:
    """A least-squares fit; p coefficients in the order of `terms`, the constant (`_cons`) last.

    Attributes:
        terms: Names of the coefficients.
        dropped: Columns left out as collinear with earlier ones.
        n: Rows.
        coefficients: float64 (p,).
        covariance: float64 (p, p), of the kind named by `covariance_kind`.
        std_errors: float64 (p,).
        t: float64 (p,).
        p_values: Two-sided, Student t with `df_inference`, float64 (p,).
        intervals: Confidence limits, float64 (p, 2).
        level: Confidence level in percent.
        covariance_kind: classical, robust (HC1) or cluster (CR1).
        n_clusters: Number of clusters; None unless clustered.
        df_model: Columns without the constant.
        df_resid: n - p.
        df_inference: Degrees of freedom of t and F: df_resid, or clusters - 1.
        ss_model: Explained sum of squares; about zero without a constant (statsmodels ess).
        ss_resid: Residual sum of squares (statsmodels ssr).
        ss_total: Total sum of squares about the mean, or about zero without a constant.
        r2: 1 - ss_resid / ss_total.
        r2_adj: Adjusted for degrees of freedom.
        rmse: Root of ss_resid / df_resid.
        f: F statistic of all slopes, of the chosen covariance; None without slopes, or with fewer clusters than these.
        f_p_value: Its p-value.
        scaling: Kept columns, for leverage.
        scaled_coefficients: Coefficients of scaled columns and outcome, float64 (p,).
        scaled_covariance: Their covariance, float64 (p, p).
        weights: Per coefficient, parts of rows or small clusters in its variance; empty for classical errors.
    """

    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    n: int
    coefficients: Floats
    covariance: Floats
    std_errors: Floats
    t: Floats
    p_values: Floats
    intervals: Floats
    level: float
    covariance_kind: Covariance
    n_clusters: int | None
    df_model: int
    df_resid: int
    df_inference: int
    ss_model: float
    ss_resid: float
    ss_total: float
    r2: float
    r2_adj: float
    rmse: float
    f: float | None
    f_p_value: float | None
    scaling: Scaling
    scaled_coefficients: Floats
    scaled_covariance: Floats
    weights: tuple[Weight, ...]


def fit_ols(
    moments: Moments,
    level: float = 95.0,
    covariance: Covariance = "classical",
    passes: Pass | None = None,
    cluster: ClusterVariable | None = None,
) -> OlsResult:
    """Fit by least squares; robust covariances read the rows once more.

    Args:
        moments: Sufficient statistics of the design.
        level: Confidence level in percent.
        covariance: classical; robust, n/(n-p) times White's (statsmodels HC1); cluster, with the correction
            G/(G-1) (n-1)/(n-p) (statsmodels cov_type "cluster"). Inference is by Student t throughout, as Stata.
        passes: The pass the moments came from; needed for robust and cluster.
        cluster: The cluster variable; needed for cluster.

    Returns:
        The fit.

    Raises:
        NumericError: NO_COLUMNS, TOO_FEW_ROWS, NO_VARIATION, NOT_FINITE, TOO_FEW_CLUSTERS, SINGULAR_COVARIANCE.
    """
    scaling = scale_moments(moments)
    n, p, k = moments.n, scaling.parameters, scaling.slopes
    inverse, beta, ss_resid = _solve(scaling, n)
    ss_total = float(scaling.cross[k, k])
    df_resid, n_clusters = n - p, None
    weights: tuple[Weight, ...] = ()
    turn = scaling.back_matrix() @ inverse
    if covariance == "classical":
        spread = inverse * (ss_resid / df_resid)
    elif passes is None:
        raise ValueError("robust covariances need the pass over the rows")
    elif covariance == "robust":
        rows = RowWeights(turn)
        spread = inverse @ robust_meat(moments, scaling, beta, passes, rows) @ inverse * (n / df_resid)
        weights = rows.result()
    else:
        if cluster is None:
            raise ValueError("clustered covariances need a cluster variable")
        scores, sizes = cluster_scores(moments, scaling, beta, passes, cluster.name, cluster.n_levels)
        n_clusters = int(np.count_nonzero(sizes))
        if n_clusters < 2:
            raise refusals.too_few_clusters()
        spread = inverse @ (scores @ scores.T) @ inverse * (n_clusters / (n_clusters - 1) * (n - 1) / df_resid)
        weights = cluster_weights(turn, scores, sizes, cluster.fewer)
    df_inference = df_resid if n_clusters is None else n_clusters - 1
    wald = _joint_test(beta[:k], spread[:k, :k], n_clusters)
    f = None if wald is None else wald.chi2 / k
    outcome_squared = float(scaling.scale[-1]) ** 2
    coefficients = scaling.coefficients(beta)
    original = scaling.covariance(spread)
    std_errors = np.sqrt(np.diagonal(original))
    t = coefficients / std_errors
    half = t_quantile(level, df_inference) * std_errors
    r2 = 1.0 - ss_resid / ss_total
    return OlsResult(
        terms=scaling.terms,
        dropped=scaling.dropped,
        n=n,
        coefficients=coefficients,
        covariance=original,
        std_errors=std_errors,
        t=t,
        p_values=t_p_values(t, df_inference),
        intervals=np.stack([coefficients - half, coefficients + half], axis=1),
        level=level,
        covariance_kind=covariance,
        n_clusters=n_clusters,
        df_model=k,
        df_resid=df_resid,
        df_inference=df_inference,
        ss_model=(ss_total - ss_resid) * outcome_squared,
        ss_resid=ss_resid * outcome_squared,
        ss_total=ss_total * outcome_squared,
        r2=r2,
        r2_adj=1.0 - (n - scaling.constant) / df_resid * (1.0 - r2),
        rmse=float(np.sqrt(ss_resid / df_resid * outcome_squared)),
        f=f,
        f_p_value=None if f is None else f_p_value(f, k, df_inference),
        scaling=scaling,
        scaled_coefficients=beta,
        scaled_covariance=spread,
        weights=weights,
    )


def _joint_test(slopes: Floats, spread: Floats, n_clusters: int | None) -> WaldTest | None:
    """Test the slopes together; None where the scores of the clusters leave no rank for that (Stata leaves F out too).

    Scores add up to 0, so that their rank is at most clusters - 1, and less where columns are 0 in whole clusters.
    """
    if n_clusters is not None and slopes.size >= n_clusters:
        return None
    try:
        return wald_test(slopes, spread)
    except NumericError:
        if n_clusters is None:
            raise
        return None


def _solve(scaling: Scaling, n: int) -> tuple[Floats, Floats, float]:
    """Return inverse cross-products (p, p), scaled coefficients (p,) and the scaled residual sum of squares."""
    k, p = scaling.slopes, scaling.parameters
    cross = scaling.cross
    inverse = np.zeros((p, p))
    if scaling.constant:
        inverse[k, k] = 1.0 / n  # centred columns are orthogonal to the constant
    beta = np.zeros(p)
    explained = 0.0
    if k:
        try:
            factor = inverse_factor(cross[:k, :k])
        except LinAlgError as error:
            raise refusals.not_finite() from error
        c = factor @ cross[:k, k]
        beta[:k] = factor.T @ c
        inverse[:k, :k] = factor.T @ factor
        explained = float(c @ c)
    ss_resid = float(cross[k, k]) - explained
    if not ss_resid > 1e-14 * float(cross[k, k]):
        raise refusals.no_variation()
    return inverse, beta, ss_resid
