"""The profile likelihood of nested random intercepts, restricted or full, its gradient and its exact Hessian.

Variance ratios stand lowest level first. All sums run over groups, never over rows: each node of the nesting passes its
weight and mean upward (Sherman-Morrison), and every term added is positive semidefinite, so nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.statistics import refusals
from grille.server.statistics.design import Floats
from grille.server.statistics.linear import LinAlgError, inverse_factor
from grille.server.statistics.nested import NestedProblem


@dataclass(frozen=True, slots=True)
class Nodes:
    """Weights and means of the nodes at given ratios; with V in units of the residual variance.

    Attributes:
        weight: What each lowest group passes upward, n / (1 + ratio n), float64 (G,).
        shrink: 1 / (1 + ratio of the top level x mass), per top group (H,); None with two levels.
        mass: Weight that arrives at each top group (H,); None with two levels.
        means: Weighted mean at each top group, (q, H); None with two levels.
        deviations: Means of lowest groups about that of their top group, (q, G); with two levels the means themselves.
    """

    weight: Floats
    shrink: Floats | None
    mass: Floats | None
    means: Floats | None
    deviations: Floats


@dataclass(frozen=True, slots=True)
class Value:
    """The criterion at one point.

    Attributes:
        ratios: Variance ratios, lowest level first.
        criterion: -2 x (restricted) log-likelihood, profiled over coefficients and residual variance, in scaled units.
        inverse_factor: Inverse of the lower Cholesky factor of K = X'V^-1 X, (p, p).
        beta: Scaled coefficients, (p,).
        quadratic: Q = y'Py.
        nodes: Node quantities, for the derivatives.
    """

    ratios: Floats
    criterion: float
    inverse_factor: Floats
    beta: Floats
    quadratic: float
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Derivatives of the criterion with respect to the ratios.

    With Z_k the indicator matrix of level k and P = V^-1 - V^-1 X K^-1 X'V^-1:

    Attributes:
        gradient: (levels,).
        hessian: Exact, (levels, levels).
        fisher: ||Z_k'P Z_l||^2, with V^-1 for P when the likelihood is full, (levels, levels): twice the expected
            information for known residual variance.
        scores: R_k'e_k = X'V^-1 Z_k Z_k'Py, (p, levels).
        squares: ||Z_k'Py||^2, (levels,).
        bends: e_k' Z_k'P Z_l e_l with e_k = Z_k'Py, (levels, levels).
    """

    gradient: Floats
    hessian: Floats
    fisher: Floats
    scores: Floats
    squares: Floats
    bends: Floats


def evaluate(problem: NestedProblem, ratios: Floats) -> Value:
    """Evaluate the criterion at `ratios` >= 0, lowest level first.

    Raises:
        NumericError: NOT_FINITE when the cross-products cannot be factorised; NO_VARIATION when nothing is left of the
            outcome.
    """
    p = problem.p
    nodes, log_det = _nodes(problem, ratios)
    cross = problem.within + _gram(nodes.deviations, nodes.weight)
    if nodes.means is not None and nodes.mass is not None and nodes.shrink is not None:
        cross = cross + _gram(nodes.means, nodes.mass * nodes.shrink)
    try:
        inverse = inverse_factor(cross[:p, :p])
    except LinAlgError as error:
        raise refusals.not_finite() from error
    c = inverse @ cross[:p, p]
    quadratic = float(cross[p, p] - c @ c)
    if not quadratic > 1e-14 * float(cross[p, p]):
        raise refusals.no_variation()
    df = problem.df
    criterion = log_det
    if problem.restricted:
        criterion -= 2.0 * float(np.log(np.diagonal(inverse)).sum())
    criterion += df * (1.0 + float(np.log(2.0 * np.pi * quadratic / df)))
    return Value(ratios, criterion, inverse, inverse.T @ c, quadratic, nodes)


def _nodes(problem: NestedProblem, ratios: Floats) -> tuple[Nodes, float]:
    inflation = 1.0 + ratios[0] * problem.sizes
    weight = problem.sizes / inflation
    log_det = float(np.log(inflation).sum())
    if problem.starts is None or problem.counts is None:
        return Nodes(weight, None, None, None, problem.means), log_det
    mass = np.add.reduceat(weight, problem.starts)
    means = np.add.reduceat(problem.means * weight, problem.starts, axis=1) / mass
    inflation = 1.0 + ratios[1] * mass
    log_det += float(np.log(inflation).sum())
    deviations = problem.means - np.repeat(means, problem.counts, axis=1)
    return Nodes(weight, 1.0 / inflation, mass, means, deviations), log_det


def _gram(rows: Floats, weight: Floats) -> Floats:
    weighted = rows * np.sqrt(weight)
    gram: Floats = weighted @ weighted.T
    return gram


def differentiate(problem: NestedProblem, value: Value) -> Derivatives:
    """Return gradient, Hessian and the sums that the standard errors need, at an evaluated point."""
    p, df = problem.p, problem.df
    own, norms, outer, weighted = _level_sums(problem, value)
    # Rows that turn [X y] into [X L^-T, y - Xb].
    turn = np.zeros((p + 1, p + 1))
    turn[:p, :p] = value.inverse_factor
    turn[p, :p] = -value.beta
    turn[p, p] = 1.0
    turned = [turn @ gram @ turn.T for gram in outer]
    size = len(own)
    gradient, squares = np.empty(size), np.empty(size)
    fisher, bends = np.empty((size, size)), np.empty((size, size))
    for k, gram in enumerate(turned):
        squares[k] = gram[p, p]
        gradient[k] = own[k] - df * squares[k] / value.quadratic
        if problem.restricted:
            gradient[k] -= np.trace(gram[:p, :p])
    for (k, other), gram in weighted.items():
        through = turn @ gram @ turn.T
        left, right = turned[k], turned[other]
        taken = 0.0
        if problem.restricted:
            taken = 2.0 * np.trace(through[:p, :p]) - float((left[:p, :p] * right[:p, :p]).sum())
        fisher[k, other] = fisher[other, k] = norms[k, other] - taken
        bends[k, other] = bends[other, k] = through[p, p] - left[:p, p] @ right[:p, p]
    hessian = -fisher + df * (2.0 * bends / value.quadratic - np.outer(squares, squares) / value.quadratic**2)
    scores = np.stack([gram[:p, :p] @ -value.beta + gram[:p, p] for gram in outer], axis=1)
    return Derivatives(gradient, hessian, fisher, scores, squares, bends)


def lowest_rows(problem: NestedProblem, value: Value) -> Floats:
    """Return Z'V^-1 [X y] of the lowest groups, transposed, (q, G)."""
    nodes = value.nodes
    if nodes.means is None or nodes.shrink is None or problem.counts is None:
        return problem.means * nodes.weight
    rows: Floats = (nodes.deviations + np.repeat(nodes.means * nodes.shrink, problem.counts, axis=1)) * nodes.weight
    return rows


_Sums = tuple[list[float], dict[tuple[int, int], float], list[Floats], dict[tuple[int, int], Floats]]


def _level_sums(problem: NestedProblem, value: Value) -> _Sums:
    """Return tr C_kk, ||C_kl||^2, R_k'R_k and R_k'C_kl R_l, with C_kl = Z_k'V^-1 Z_l and R_k = Z_k'V^-1 [X y]."""
    nodes = value.nodes
    nu = nodes.weight
    if nodes.means is None or nodes.mass is None or nodes.shrink is None:
        rows = lowest_rows(problem, value)
        squared = float(nu @ nu)
        return [float(nu.sum())], {(0, 0): squared}, [rows @ rows.T], {(0, 0): _gram(rows, nu)}
    assert problem.starts is not None
    assert problem.counts is not None
    shrink, top_weight = nodes.shrink, nodes.mass * nodes.shrink
    damp = value.ratios[1] * shrink
    lower = lowest_rows(problem, value)
    upper = nodes.means * top_weight
    pooled = np.add.reduceat(lower * nu, problem.starts, axis=1)
    squares = np.add.reduceat(nu**2, problem.starts)
    fourths = np.add.reduceat(nu**4, problem.starts)
    diagonal = nu - np.repeat(damp, problem.counts) * nu**2
    norms = {
        (0, 0): float(diagonal @ diagonal + damp**2 @ (squares**2 - fourths)),
        (0, 1): float(squares @ shrink**2),
        (1, 1): float(top_weight @ top_weight),
    }
    weighted = {
        (0, 0): _gram(lower, nu) - _gram(pooled, damp),
        (0, 1): (pooled * shrink) @ upper.T,
        (1, 1): _gram(upper, top_weight),
    }
    return [float(diagonal.sum()), float(top_weight.sum())], norms, [lower @ lower.T, upper @ upper.T], weighted
