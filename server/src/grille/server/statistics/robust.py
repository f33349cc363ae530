"""The middle of sandwich covariances, from a second pass over the rows."""

from __future__ import annotations

import numpy as np

from grille.server.statistics.design import Floats, Pass, fill
from grille.server.statistics.moments import Moments
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.scaling import Scaling
from grille.server.statistics.weight import RowWeights


def robust_meat(moments: Moments, scaling: Scaling, beta: Floats, passes: Pass, weights: RowWeights) -> Floats:
    """Return the sum over rows of e^2 x x' in scaled units, (p, p) (White 1980).

    Args:
        moments: The moments of the fit.
        scaling: Its scaling.
        beta: Scaled coefficients, (p,).
        passes: The pass that the moments came from.
        weights: Is told the scores of every row.
    """
    meat = np.zeros((beta.size, beta.size))
    block = np.empty((len(moments.design.columns) + 1, 0))
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((block.shape[0], batch.rows))
            scores = _scores(scaling.apply(fill(moments.design, batch, block)), beta, scaling)
            meat += scores @ scores.T
            weights.add(scores)
    return meat


def cluster_scores(
    moments: Moments, scaling: Scaling, beta: Floats, passes: Pass, cluster: str, n_levels: int
) -> tuple[Floats, Floats]:
    """Return the sum of e x in each cluster, (p, levels), and the rows of each, (levels,).

    Args:
        moments: The moments of the fit.
        scaling: Its scaling.
        beta: Scaled coefficients, (p,).
        passes: The pass that the moments came from, with `cluster` among its factors.
        cluster: Factor name.
        n_levels: Its number of levels.
    """
    sums = np.zeros((beta.size, n_levels))
    sizes = np.zeros(n_levels)
    block = np.empty((len(moments.design.columns) + 1, 0))
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((block.shape[0], batch.rows))
            scores = _scores(scaling.apply(fill(moments.design, batch, block)), beta, scaling)
            codes = batch.factors[cluster].astype(np.intp)
            sizes += np.bincount(codes, minlength=n_levels)
            for total, score in zip(sums, scores, strict=True):
                total += np.bincount(codes, weights=score, minlength=n_levels)
    return sums, sizes


def _scores(scaled: Floats, beta: Floats, scaling: Scaling) -> Floats:
    """Turn scaled columns and outcome (k + 1, rows) into e x, (p, rows), in place; the constant's row is e."""
    k = scaling.slopes
    residual = scaled[k] - beta[:k] @ scaled[:k]
    if scaling.constant:
        residual -= beta[k]
        scaled[k] = 1.0
    scores: Floats = scaled[: beta.size]
    scores *= residual
    return scores
