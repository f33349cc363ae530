"""How much a small group can pull a multilevel fit: its leverage as one unit."""

from __future__ import annotations

import numpy as np

from grille.server.statistics.criterion import Value, evaluate, lowest_rows
from grille.server.statistics.design import Floats
from grille.server.statistics.moments import Moments
from grille.server.statistics.nested import NestedProblem, nested_problem
from grille.server.statistics.scaling import Scaling


def small_group_leverage(moments: Moments, scaling: Scaling, ratios: Floats, fewer: int) -> float:
    """Return the largest leverage of a group with fewer than `fewer` rows, at any level; 0 without such groups.

    With D the indicator of a group's rows, it is D'V^-1 X K^-1 X'V^-1 D / D'V^-1 D, the share of the information on a
    dummy for the group that the design takes up: leverage.py has the same of one row. With few groups it is about one
    over their number: the constant is then near the mean of the groups' means, however small a group is.

    Args:
        moments: The moments of the fit, with groups.
        scaling: Its scaling.
        ratios: Its variance ratios, lowest level first.
        fewer: Rows of a group that is not small.
    """
    groups = moments.groups
    if groups is None:
        return 0.0
    problem = nested_problem(moments, groups, scaling)
    value = evaluate(problem, ratios)
    found = [(problem.sizes, _leverages(value, lowest_rows(problem, value)[: problem.p], _information(problem, value)))]
    nodes = value.nodes
    if problem.starts is not None and nodes.means is not None and nodes.mass is not None and nodes.shrink is not None:
        weight = nodes.mass * nodes.shrink
        sizes = np.add.reduceat(problem.sizes, problem.starts)
        found.append((sizes, _leverages(value, (nodes.means * weight)[: problem.p], weight)))
    return max(float(leverages[sizes < fewer].max(initial=0.0)) for sizes, leverages in found)


def _leverages(value: Value, rows: Floats, information: Floats) -> Floats:
    leverages: Floats = ((value.inverse_factor @ rows) ** 2).sum(axis=0) / information
    return leverages


def _information(problem: NestedProblem, value: Value) -> Floats:
    """Return 1'V^-1 1 over the rows of each lowest group."""
    nodes = value.nodes
    if nodes.shrink is None or problem.counts is None:
        return nodes.weight
    damp = value.ratios[1] * nodes.shrink
    return nodes.weight - np.repeat(damp, problem.counts) * nodes.weight**2
