"""Tests of the residuals of a least-squares fit: Ramsey's RESET and the Breusch-Pagan family, in two passes.

The first pass gathers the sums that the tests are made of, the second how much one row can make up of each test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from grille.server.statistics.design import Floats, Pass, fill
from grille.server.statistics.distributions import chi2_p_value, f_p_value
from grille.server.statistics.linear import inverse_factor
from grille.server.statistics.moments import Moments
from grille.server.statistics.prefetch import prefetch
from grille.server.statistics.scaling import Scaling, independent
from grille.server.statistics.weight import Weight

POWERS = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class JointTest:
    """A test: its statistic, degrees of freedom (`df_resid` for F alone) and p-value."""

    statistic: float
    df: int
    df_resid: int | None
    p_value: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Ramsey's RESET; the test is None where the powers of the fitted values add nothing to the design.

    Attributes:
        test: F test of the powers.
        leverage: Largest of one row in the design with the powers.
        weight: Of single rows in the sum of squares that the powers explain.
    """

    test: JointTest | None
    leverage: float
    weight: Weight


@dataclass(frozen=True, slots=True)
class Heteroskedasticity:
    """Tests of the squared residuals against the regressors; None without a regressor that varies.

    Attributes:
        breusch_pagan: Chi-squared, for normal errors.
        studentised: Chi-squared, n R2 (Koenker).
        f: F of the same regression.
        weight: Of single rows in the sum of squares that the regressors explain.
    """

    breusch_pagan: JointTest | None
    studentised: JointTest | None
    f: JointTest | None
    weight: Weight


def residual_tests(
    moments: Moments, scaling: Scaling, beta: Floats, passes: Pass, *, reset: bool, heteroskedasticity: bool
) -> tuple[Reset | None, Heteroskedasticity | None]:
    """Test the residuals of a fit.

    RESET adds the squares, cubes and fourth powers of the fitted values (Ramsey 1969; statsmodels linear_reset with
    power=4, use_f=True; Stata's estat ovtest). Heteroskedasticity regresses squared residuals on the regressors and a
    constant (Breusch and Pagan 1979, Koenker 1981; statsmodels het_breuschpagan, robust=False and True).

    Args:
        moments: The moments of the fit.
        scaling: Its scaling.
        beta: Scaled coefficients, (p,).
        passes: The pass that the moments came from.
        reset: Whether RESET is wanted.
        heteroskedasticity: Whether the others are.

    Returns:
        The results, None where not wanted.
    """
    powers = _Powers(moments, scaling, beta) if reset else None
    squares = _Squares(moments, scaling) if heteroskedasticity else None
    gatherers: list[_Gatherer] = [one for one in (powers, squares) if one is not None]
    for x, fitted, residual in _rows(moments, scaling, beta, passes):
        for one in gatherers:
            one.add(x, fitted, residual)
    for one in gatherers:
        one.solve()
    for x, fitted, residual in _rows(moments, scaling, beta, passes):
        for one in gatherers:
            one.weigh(x, fitted, residual)
    return (None if powers is None else powers.result()), (None if squares is None else squares.result())


class _Gatherer(Protocol):
    def add(self, x: Floats, fitted: Floats, residual: Floats) -> None: ...

    def solve(self) -> None: ...

    def weigh(self, x: Floats, fitted: Floats, residual: Floats) -> None: ...


def _rows(moments: Moments, scaling: Scaling, beta: Floats, passes: Pass) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Yield scaled columns (k, rows), fitted values less the constant, and residuals (rows,)."""
    k = scaling.slopes
    block = np.empty((len(moments.design.columns) + 1, 0))
    with prefetch(passes()) as batches:
        for batch in batches:
            if block.shape[1] < batch.rows:
                block = np.empty((block.shape[0], batch.rows))
            scaled = scaling.apply(fill(moments.design, batch, block))
            fitted: Floats = beta[:k] @ scaled[:k]
            residual: Floats = scaled[k] - fitted
            if scaling.constant:
                residual -= beta[k]
            yield scaled[:k], fitted, residual


class _Largest:
    """The few largest values of a pass."""

    def __init__(self, count: int) -> None:
        self.values = np.zeros(count)

    def add(self, values: Floats) -> None:
        joined = np.concatenate([self.values, values])
        self.values = np.sort(np.partition(joined, joined.size - self.values.size)[-self.values.size :])


class _Powers:
    """RESET. Powers of fitted values of unit spread span the same space, with the design, as powers of fitted ones."""

    def __init__(self, moments: Moments, scaling: Scaling, beta: Floats) -> None:
        k, q = scaling.slopes, len(POWERS)
        self.n, self.scaling, self.k = moments.n, scaling, k
        explained = float(beta[:k] @ scaling.cross[:k, :k] @ beta[:k])
        self.spread = float(np.sqrt(explained / self.n)) if k else 0.0
        self.with_columns, self.products = np.zeros((k, q)), np.zeros((q, q))
        self.sums, self.with_residual = np.zeros(q), np.zeros(q)
        self.ss_resid = 0.0
        self.leverages, self.parts = _Largest(1), _Largest(2)
        self.kept = np.empty(0, dtype=np.intp)
        self.explained = 0.0

    def _powers(self, fitted: Floats) -> Floats:
        unit = fitted / self.spread
        return np.stack([unit**power for power in POWERS])

    def add(self, x: Floats, fitted: Floats, residual: Floats) -> None:
        self.ss_resid += float(residual @ residual)
        if self.spread > 0.0:
            powers = self._powers(fitted)
            self.with_columns += x @ powers.T
            self.products += powers @ powers.T
            self.sums += powers.sum(axis=1)
            self.with_residual += powers @ residual

    def solve(self) -> None:
        """Take the design out of the powers, and of the residual sum of squares what they explain."""
        if self.spread == 0.0:
            return
        self.factor = inverse_factor(self.scaling.cross[: self.k, : self.k])
        turned = self.factor @ self.with_columns
        self.slopes = self.factor.T @ turned
        self.means = self.sums / self.n if self.scaling.constant else np.zeros(len(POWERS))
        centred = self.products - self.n * np.outer(self.means, self.means)
        left = centred - turned.T @ turned
        size = np.sqrt(np.diagonal(centred).clip(min=np.finfo(float).tiny))
        self.kept = independent(left / np.outer(size, size), np.ones(len(POWERS), dtype=bool), absolute=True)
        if self.kept.size and self.n - self.scaling.parameters - self.kept.size > 0:
            self.left_factor = inverse_factor(left[np.ix_(self.kept, self.kept)])
            found = self.left_factor @ self.with_residual[self.kept]
            self.explained = float(found @ found)
        else:
            self.kept = self.kept[:0]

    def weigh(self, x: Floats, fitted: Floats, residual: Floats) -> None:
        if not self.kept.size:
            return
        rows = self._powers(fitted) - self.means[:, None] - self.slopes.T @ x
        own = ((self.left_factor @ rows[self.kept]) ** 2).sum(axis=0)
        base = 1.0 / self.n if self.scaling.constant else 0.0
        self.leverages.add(own + ((self.factor @ x) ** 2).sum(axis=0) + base)
        self.parts.add(own * residual**2)

    def result(self) -> Reset:
        q = int(self.kept.size)
        leverage = float(self.leverages.values[0])
        if not q:
            return Reset(None, leverage, Weight(0.0, 0.0, 0.0))
        df = self.n - self.scaling.parameters - q
        left = max(self.ss_resid - self.explained, np.finfo(float).tiny)
        f = self.explained / q / (left / df)
        second, largest = self.parts.values.tolist()
        weight = Weight(self.explained + q * left / df, largest, second)
        return Reset(JointTest(f, q, df, f_p_value(f, q, df)), leverage, weight)


class _Squares:
    """Regression of squared residuals on the columns and a constant."""

    def __init__(self, moments: Moments, scaling: Scaling) -> None:
        k = scaling.slopes
        self.n = moments.n
        self.means = np.zeros(k) if scaling.constant else moments.mean[scaling.kept] / scaling.scale[:k]
        cross = scaling.cross[:k, :k] - self.n * np.outer(self.means, self.means)
        # without a constant in the model its columns may add up to one
        self.kept = independent(cross / self.n, np.diagonal(cross) > 1e-13 * self.n)
        self.cross = cross[np.ix_(self.kept, self.kept)]
        self.with_squares, self.total, self.fourth = np.zeros(k), 0.0, 0.0
        self.explained = self.variation = 0.0
        self.parts = _Largest(2)

    def add(self, x: Floats, fitted: Floats, residual: Floats) -> None:
        squared = residual**2
        self.total += float(squared.sum())
        self.fourth += float(squared @ squared)
        self.with_squares += x @ squared

    def solve(self) -> None:
        self.mean = self.total / self.n
        self.variation = self.fourth - self.n * self.mean**2
        if not self.kept.size or not self.variation > 1e-12 * self.fourth:
            self.kept = self.kept[:0]
            return
        self.factor = inverse_factor(self.cross)
        found = self.factor @ (self.with_squares - self.means * self.total)[self.kept]
        self.explained = float(found @ found)

    def weigh(self, x: Floats, fitted: Floats, residual: Floats) -> None:
        if self.kept.size:
            own = ((self.factor @ (x - self.means[:, None])[self.kept]) ** 2).sum(axis=0)
            self.parts.add(own * (residual**2 - self.mean) ** 2)

    def result(self) -> Heteroskedasticity:
        k = int(self.kept.size)
        df = self.n - k - 1
        if not k or df < 1:
            return Heteroskedasticity(None, None, None, Weight(0.0, 0.0, 0.0))
        r2 = min(self.explained / self.variation, 1.0 - np.finfo(float).eps)
        normal, studentised = self.explained / (2.0 * self.mean**2), self.n * r2
        f = r2 / k / ((1.0 - r2) / df)
        second, largest = self.parts.values.tolist()
        return Heteroskedasticity(
            JointTest(normal, k, None, chi2_p_value(normal, k)),
            JointTest(studentised, k, None, chi2_p_value(studentised, k)),
            JointTest(f, k, df, f_p_value(f, k, df)),
            Weight(self.explained + k * self.variation / self.n, largest, second),
        )
