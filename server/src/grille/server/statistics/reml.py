"""Linear models with two or three nested levels: random intercepts, by restricted (REML) or full (ML) likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from grille.server.errors import InternalError
from grille.server.statistics.criterion import evaluate
from grille.server.statistics.design import Floats, Pass
from grille.server.statistics.distributions import chi2_p_value, normal_p_values, normal_quantile
from grille.server.statistics.moments import GroupMoments, Moments
from grille.server.statistics.nested import NestedProblem, nested_problem
from grille.server.statistics.optimiser import Optimum, minimise
from grille.server.statistics.sandwich import top_group_scores
from grille.server.statistics.scaling import Scaling, scale_moments
from grille.server.statistics.uncertainty import ErrorKind, Uncertainty, WaldTest, uncertainty, wald_test
from grille.server.statistics.weight import Weight, cluster_weights
from grille.server.text import Text

Likelihood = Literal["reml", "ml"]


@dataclass(frozen=True, slots=True)
class MixedLevel:
    """One group level.

    Attributes:
        variable: Group variable.
        n_groups: Number of groups.
        smallest: Rows in the smallest group.
        largest: Rows in the largest group.
        mean: Rows per group.
        variance: Variance of its random intercept, in squared units of the outcome.
        variance_error: Standard error of the variance (observed information, as Stata); None on the boundary.
        icc: Share of the total variance at this level.
        icc_cumulative: Share at this level and those above.
        at_zero: The estimate is exactly 0.
        at_cap: The outcome does not vary within groups: the likelihood has no maximum, the ratio was stopped at 1e12,
            and the variances are no estimates.
    """

    variable: str
    n_groups: int
    smallest: int
    largest: int
    mean: float
    variance: float
    variance_error: float | None
    icc: float
    icc_cumulative: float
    at_zero: bool
    at_cap: bool


@dataclass(frozen=True, slots=True)
class Convergence:
    """How the optimum was found: Newton steps, evaluations, largest derivative with respect to a free log ratio."""

    iterations: int
    evaluations: int
    gradient_norm: float


@dataclass(frozen=True, slots=True)
class MixedResult:
    """A fitted multilevel model; p coefficients in the order of `terms`, the constant (`_cons`) last.

    Attributes:
        terms: Names of the coefficients.
        dropped: Columns left out as collinear with earlier ones.
        n: Rows.
        coefficients: float64 (p,).
        covariance: float64 (p, p).
        std_errors: float64 (p,).
        z: float64 (p,).
        p_values: Two-sided, normal, float64 (p,).
        intervals: Confidence limits, normal, float64 (p, 2).
        level: Confidence level in percent.
        likelihood: reml or ml.
        errors: Kind of the standard errors.
        log_likelihood: Of that kind, with the constants of lme4, nlme, Stata and statsmodels' MixedLM.
        lr_test: Against the model without groups by the same likelihood; df is the number of group variables.
        wald_coef: All slopes (all coefficients without a constant); None when there are none, or, with robust errors,
            not fewer than top groups.
        wald_total: Slopes and variance ratios; ratios on the boundary drop out; None when nothing is left, and with
            robust errors, which cover the coefficients only.
        levels: Highest first.
        residual_variance: In squared units of the outcome.
        residual_variance_error: Its standard error.
        r2_marginal: Variance of the fixed part over the total (Nakagawa and Schielzeth 2013).
        r2_conditional: Variance of fixed and random parts over the total.
        convergence: How the optimum was found.
        ratios: Variance ratios, lowest level first, float64.
        scaling: Kept columns, for leverage.
        scaled_coefficients: Coefficients of scaled columns and outcome, float64 (p,).
        weights: With robust errors, per coefficient, parts of small top groups in its variance; else empty.
    """

    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    n: int
    coefficients: Floats
    covariance: Floats
    std_errors: Floats
    z: Floats
    p_values: Floats
    intervals: Floats
    level: float
    likelihood: Likelihood
    errors: ErrorKind
    log_likelihood: float
    lr_test: WaldTest
    wald_coef: WaldTest | None
    wald_total: WaldTest | None
    levels: tuple[MixedLevel, ...]
    residual_variance: float
    residual_variance_error: float
    r2_marginal: float
    r2_conditional: float
    convergence: Convergence
    ratios: Floats
    scaling: Scaling
    scaled_coefficients: Floats
    weights: tuple[Weight, ...]

    @property
    def parameters(self) -> int:
        """Coefficients plus variance parameters, the residual variance among them."""
        return len(self.terms) + len(self.levels) + 1


def fit_mixed(
    moments: Moments,
    level: float = 95.0,
    errors: ErrorKind = "statsmodels",
    likelihood: Likelihood = "reml",
    passes: Pass | None = None,
    fewer: int = 10,
) -> MixedResult:
    """Fit nested random intercepts from the moments of one pass; robust errors read the rows once more.

    Defined as statsmodels' MixedLM at its exact optimum (groups the highest variable, a variance component per lower
    one), and equal to lme4's lmer.

    Args:
        moments: Gathered with one or two group variables.
        level: Confidence level in percent.
        errors: `statsmodels` for MixedLM's standard errors, `gls` for those of lme4 and Stata, `robust` for those
            clustered by the highest group variable.
        likelihood: `reml` for the restricted likelihood, `ml` for the full one.
        passes: The pass that the moments came from; needed for robust errors.
        fewer: Rows of a top group that is not small.

    Returns:
        The fit.

    Raises:
        NumericError: NO_COLUMNS, TOO_FEW_ROWS, NO_VARIATION, NOT_FINITE, SINGLE_GROUP, SINGLETON_GROUPS,
            LEVELS_NOT_SEPARABLE, GROUP_COLUMNS_EXHAUST_GROUPS, NOT_CONVERGED.
    """
    groups = moments.groups
    if groups is None:
        text = "The moments of a multilevel model need group variables."
        raise InternalError("GROUP_VARIABLES", Text(text, "Momentene til en flernivåmodell krever gruppevariabler."))
    scaling = scale_moments(moments)
    problem = nested_problem(moments, groups, scaling, likelihood == "reml")
    optimum = minimise(problem)
    value = optimum.value
    meat: Floats | None = None
    weights: tuple[Weight, ...] = ()
    if errors == "robust":
        if passes is None:
            raise ValueError("robust covariances need the pass over the rows")
        scores = top_group_scores(moments, scaling, problem, value, passes)
        meat = scores @ scores.T * (groups.n_top / (groups.n_top - 1))
        turn = scaling.back_matrix() @ value.inverse_factor.T @ value.inverse_factor
        weights = cluster_weights(turn, scores, np.bincount(groups.top, weights=groups.sizes).astype(np.float64), fewer)
    spread = uncertainty(problem, optimum, errors, meat)
    outcome_scale = float(scaling.scale[-1])
    coefficients = scaling.coefficients(value.beta)
    covariance = scaling.covariance(spread.coefficients)
    std_errors = np.sqrt(np.diagonal(covariance))
    z = coefficients / std_errors
    half = normal_quantile(level) * std_errors
    s2 = value.quadratic / problem.df * outcome_scale**2
    fixed = _fixed_variance(scaling, value.beta, moments) * outcome_scale**2
    total = s2 * (1.0 + float(value.ratios.sum()))
    without = evaluate(problem, np.zeros(problem.n_ratios)).criterion
    lr = max(0.0, without - value.criterion)
    slopes = slice(0, scaling.slopes)
    # Scores add up to a rank of at most top groups - 1: with more slopes there is no joint test.
    testable = errors != "robust" or scaling.slopes < groups.n_top
    return MixedResult(
        terms=scaling.terms,
        dropped=scaling.dropped,
        n=moments.n,
        coefficients=coefficients,
        covariance=covariance,
        std_errors=std_errors,
        z=z,
        p_values=normal_p_values(z),
        intervals=np.stack([coefficients - half, coefficients + half], axis=1),
        level=level,
        likelihood=likelihood,
        errors=errors,
        log_likelihood=-0.5 * (value.criterion + _units(scaling, problem)),
        lr_test=WaldTest(lr, problem.n_ratios, chi2_p_value(lr, problem.n_ratios)),
        wald_coef=wald_test(value.beta[slopes], spread.coefficients[slopes, slopes]) if testable else None,
        wald_total=_wald_total(scaling, optimum, spread) if errors != "robust" else None,
        levels=_levels(groups, optimum, s2, spread.variance_errors[:-1] * outcome_scale**2),
        residual_variance=s2,
        residual_variance_error=float(spread.variance_errors[-1]) * outcome_scale**2,
        r2_marginal=fixed / (fixed + total),
        r2_conditional=(fixed + total - s2) / (fixed + total),
        convergence=Convergence(optimum.iterations, optimum.evaluations, optimum.gradient_norm),
        ratios=value.ratios,
        scaling=scaling,
        scaled_coefficients=value.beta,
        weights=weights,
    )


def _units(scaling: Scaling, problem: NestedProblem) -> float:
    """Return what the scaling of columns and outcome took from the criterion."""
    logs = np.log(scaling.scale)
    columns = 2.0 * float(logs[:-1].sum()) if problem.restricted else 0.0
    return columns + 2.0 * problem.df * float(logs[-1])


def _fixed_variance(scaling: Scaling, beta: Floats, moments: Moments) -> float:
    """Return the sample variance of the fixed part in scaled units."""
    kept = scaling.kept
    scale = scaling.scale[:-1]
    cross = moments.cross[np.ix_(kept, kept)] / np.outer(scale, scale)
    slopes = beta[: scaling.slopes]
    return float(slopes @ cross @ slopes) / (moments.n - 1)


def _wald_total(scaling: Scaling, optimum: Optimum, spread: Uncertainty) -> WaldTest | None:
    free = ~(np.array(optimum.at_zero) | np.array(optimum.at_cap))
    slopes = slice(0, scaling.slopes)
    cross = spread.cross[slopes]
    covariance = np.block([[spread.coefficients[slopes, slopes], cross], [cross.T, spread.ratios]])
    return wald_test(np.concatenate([optimum.value.beta[slopes], optimum.value.ratios[free]]), covariance)


def _levels(groups: GroupMoments, optimum: Optimum, s2: float, errors: Floats) -> tuple[MixedLevel, ...]:
    sizes: list[Floats] = [groups.sizes]
    if len(groups.variables) == 2:
        sizes.append(np.bincount(groups.top, weights=groups.sizes).astype(np.float64))
    ratios = optimum.value.ratios
    total = 1.0 + float(ratios.sum())
    levels = []
    for k in reversed(range(len(sizes))):
        levels.append(
            MixedLevel(
                variable=groups.variables[len(sizes) - 1 - k],
                n_groups=sizes[k].size,
                smallest=int(sizes[k].min()),
                largest=int(sizes[k].max()),
                mean=float(sizes[k].mean()),
                variance=float(ratios[k]) * s2,
                variance_error=None if np.isnan(errors[k]) else float(errors[k]),
                icc=float(ratios[k]) / total,
                icc_cumulative=float(ratios[k:].sum()) / total,
                at_zero=optimum.at_zero[k],
                at_cap=optimum.at_cap[k],
            )
        )
    return tuple(levels)
