"""Analysis of variance with sums of squares of type II, from the cross-products of one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grille.server.statistics.design import DesignTerm, Floats
from grille.server.statistics.distributions import f_p_value
from grille.server.statistics.moments import Moments
from grille.server.statistics.ols import OlsResult

_COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True)
class TermTest:
    """The test of one term.

    Attributes:
        ss: Sum of squares that the term adds.
        df: Columns that it adds; 0 when other terms already contain it.
        f: Mean square over the residual mean square; None when df is 0.
        p_value: Of F; None likewise.
    """

    ss: float
    df: int
    f: float | None
    p_value: float | None


def term_tests(
    moments: Moments, fit: OlsResult, terms: Sequence[DesignTerm], columns: Sequence[range]
) -> tuple[TermTest, ...]:
    """Test each term given all others that do not contain it (statsmodels anova_lm with typ=2).

    A term is tested against the model of all terms but itself and the interactions that it is part of (Yates 1934;
    Nelder 1977 on marginality), with the residual of the whole model.

    Args:
        moments: Of the design that has the terms.
        fit: The fit of all of them.
        terms: Terms, none with `full`.
        columns: Places of each term's columns in the design.
    """
    cross = moments.cross
    if not moments.design.constant:
        cross = cross + moments.n * np.outer(moments.mean, moments.mean)
    scale = np.sqrt(np.diagonal(cross))
    cross = cross / np.outer(*2 * (np.where(scale > 0.0, scale, 1.0),))
    least = moments.design.rare_below if moments.design.constant else 0
    usable = [[j for j in places if moments.ranges[j].rarer >= least] for places in columns]
    found = []
    for number, term in enumerate(terms):
        others = [place for place, other in enumerate(terms) if place != number and not _contains(other, term)]
        below = sorted(j for place in others for j in usable[place])
        without, rank = _explained(cross, below)
        with_it, larger = _explained(cross, sorted([*below, *usable[number]]))
        ss = max(with_it - without, 0.0) * float(scale[-1]) ** 2
        df = larger - rank
        f = (ss / df) / (fit.ss_resid / fit.df_resid) if df else None
        found.append(TermTest(ss, df, f, None if f is None else f_p_value(f, df, fit.df_resid)))
    return tuple(found)


def _contains(larger: DesignTerm, smaller: DesignTerm) -> bool:
    """Say whether a term is an interaction of another one with something."""
    return larger != smaller and Counter(smaller.variables) < Counter(larger.variables)


def _explained(cross: Floats, columns: list[int]) -> tuple[float, int]:
    """Return the sum of squares of the last row that columns explain, by elimination in order, and their rank."""
    rows = np.array([*columns, cross.shape[0] - 1], dtype=np.intp)
    left = cross[np.ix_(rows, rows)].copy()
    own = np.diagonal(left).copy()
    explained, rank = 0.0, 0
    for j in range(len(columns)):
        pivot = float(left[j, j])
        if own[j] <= 0.0 or pivot < _COLLINEAR * own[j]:
            continue
        row = left[j] / np.sqrt(pivot)
        explained += float(row[-1]) ** 2
        left -= np.outer(row, row)
        rank += 1
    return explained, rank
