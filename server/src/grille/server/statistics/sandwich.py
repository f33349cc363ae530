"""The middle of the robust covariance of a multilevel model, from a second pass over the rows."""

from __future__ import annotations

import numpy as np

from grille.server.errors import InternalError
from grille.server.statistics.criterion import Value
from grille.server.statistics.design import Floats, Pass, fill
from grille.server.statistics.moments import Moments
from grille.server.statistics.nested import NestedProblem
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.scaling import Scaling
from grille.server.statistics.whitening import Whitening
from grille.server.text import Text


def top_group_meat(moments: Moments, scaling: Scaling, problem: NestedProblem, value: Value, passes: Pass) -> Floats:
    """Return H / (H - 1) times the sum over the H top groups of u u', u = X'V^-1 (y - Xb) in the group, (p, p).

    Between two bread matrices (X'V^-1 X)^-1 it is the cluster-robust covariance (Liang and Zeger 1986) with the usual
    correction for a finite number of clusters; b are the estimates at `value`. Only p numbers per top group are kept.

    Args:
        moments: The moments of the fit, with groups.
        scaling: Its scaling.
        problem: Its problem.
        value: The criterion at the estimated ratios.
        passes: The pass that the moments came from.
    """
    groups = moments.groups
    if groups is None:
        text = "The robust covariance of a multilevel model needs group variables."
        raise InternalError("GROUP_VARIABLES", Text(text, "Den robuste kovariansen krever gruppevariabler."))
    whitening = Whitening(problem, value)
    p, k = problem.p, scaling.slopes
    scores = np.zeros((p, groups.n_top))
    block = np.empty((len(moments.design.columns) + 1, 0))
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((block.shape[0], batch.rows))
            scaled = scaling.apply(fill(moments.design, batch, block))
            residual = scaled[k] - value.beta[:k] @ scaled[:k]
            if scaling.constant:
                residual -= value.beta[k]
                scaled[k] = 1.0
            cells = groups.cells_of(batch)
            tops = groups.top[cells]
            for score, row in zip(scores, whitening.apply(scaled[:p], cells), strict=True):
                score += np.bincount(tops, weights=row * residual, minlength=groups.n_top)
    return scores @ scores.T * (groups.n_top / (groups.n_top - 1))
