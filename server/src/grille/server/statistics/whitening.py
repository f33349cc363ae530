"""Rows of V^-1 X, one row of the design at a time, with V the covariance of a multilevel model."""

from __future__ import annotations

import numpy as np

from grille.server.statistics.cells import Indices
from grille.server.statistics.criterion import Value, lowest_rows
from grille.server.statistics.design import Floats
from grille.server.statistics.nested import NestedProblem


class Whitening:
    """What turns a scaled row x_i into w_i, row i of V^-1 X: x_i minus an offset of its lowest group.

    With n rows in the group, a = 1 / (1 + ratio n), and R the group's row of Z'V^-1 X, w_i = x_i - mean + R / n, and
    (V^-1)_ii = (1 + ratio (n - 1)) a - d a^2, where d = ratio_top / (1 + ratio_top mass) with three levels, else 0.

    Attributes:
        pooled: R / n of each lowest group, float64 (p, G).
        offset: Mean minus R / n of each lowest group, float64 (p, G).
        diagonal: (V^-1)_ii of a row of each lowest group, float64 (G,).
    """

    def __init__(self, problem: NestedProblem, value: Value) -> None:
        """Prepare the offsets at the ratios of `value`."""
        p = problem.p
        self.pooled: Floats = lowest_rows(problem, value)[:p] / problem.sizes
        self.offset: Floats = problem.means[:p] - self.pooled
        self.diagonal = _precision_diagonal(problem, value)

    def apply(self, rows: Floats, cells: Indices) -> Floats:
        """Turn scaled rows of the design (p, rows) into rows of V^-1 X, in place.

        Args:
            rows: Scaled columns, the constant last.
            cells: Lowest group of each row, (rows,).
        """
        rows -= self.offset[:, cells]
        return rows


def _precision_diagonal(problem: NestedProblem, value: Value) -> Floats:
    ratio, nodes = value.ratios[0], value.nodes
    a = nodes.weight / problem.sizes
    diagonal: Floats = (1.0 + ratio * (problem.sizes - 1.0)) * a
    if nodes.shrink is not None and problem.counts is not None:
        diagonal = diagonal - np.repeat(value.ratios[1] * nodes.shrink, problem.counts) * a**2
    return diagonal
