"""Newton's method for the variance ratios, on the log scale, with exact treatment of ratios at zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.statistics import refusals
from grille.server.statistics.criterion import Derivatives, Value, differentiate, evaluate
from grille.server.statistics.design import Floats
from grille.server.statistics.linear import LinAlgError, inverse_definite
from grille.server.statistics.nested import NestedProblem

_START = (1e-3, 1e-2, 1e-1, 1.0)
_LARGEST = 1e12
_LONGEST_STEP = 3.0
_LAST_STEP = 1e-5
_CERTAIN_STEP = 1e-3
_MOST_ITERATIONS = 100
_MOST_HALVINGS = 20
_MOST_RELEASES = 3

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the likelihood is largest, and how it was found.

    Attributes:
        value: The criterion there.
        derivatives: Its derivatives there.
        at_zero: Per level, lowest first: the ratio is exactly 0, with a non-negative derivative there.
        at_cap: Per level: the ratio was stopped at 1e12, as the outcome does not vary within groups.
        iterations: Newton steps.
        evaluations: Evaluations of the criterion.
        gradient_norm: Largest absolute derivative with respect to log ratios among the free ones.
    """

    value: Value
    derivatives: Derivatives
    at_zero: tuple[bool, ...]
    at_cap: tuple[bool, ...]
    iterations: int
    evaluations: int
    gradient_norm: float


def minimise(problem: NestedProblem, most_iterations: int = _MOST_ITERATIONS) -> Optimum:
    """Find the variance ratios that maximise the (restricted) likelihood.

    Starts at the best of four equal ratios; takes Newton steps in log ratios with the exact Hessian, or with the
    expected information where that is not positive definite; stops after a step below 1e-5, which is taken. A ratio
    that falls towards 0 is set to 0 when the derivative there is not negative, and set free again when it turns
    negative.

    Args:
        problem: The problem.
        most_iterations: Newton steps after which the search is given up.

    Raises:
        NumericError: NOT_CONVERGED after `most_iterations`, or when no step leads down.
    """
    return _Search(problem).run(most_iterations)


class _Search:
    def __init__(self, problem: NestedProblem) -> None:
        self.problem = problem
        self.evaluations = 0
        self.iterations = 0
        starts = [self.at(np.full(problem.n_ratios, ratio)) for ratio in _START]
        self.value = min(starts, key=lambda value: value.criterion)
        self.derivatives = differentiate(problem, self.value)
        self.zero = np.zeros(problem.n_ratios, dtype=bool)
        self.cap = np.zeros(problem.n_ratios, dtype=bool)
        self.released = np.zeros(problem.n_ratios, dtype=int)
        self.expected = False  # whether the last step came from the expected information

    def at(self, ratios: Floats) -> Value:
        self.evaluations += 1
        return evaluate(self.problem, ratios)

    def move(self, value: Value) -> None:
        self.value = value
        self.derivatives = differentiate(self.problem, value)

    def run(self, most_iterations: int) -> Optimum:
        while self.iterations < most_iterations:
            self.iterations += 1
            free = ~(self.zero | self.cap)
            step = self._step(free)
            if self._pin(free, step):
                continue
            if not self._take(free, step):
                continue
            if not self._release():
                return self._optimum()
        raise refusals.not_converged(self.iterations)

    def _step(self, free: Flags) -> Floats:
        """Return the step in log ratios, (levels,), 0 for pinned ones."""
        step = np.zeros(free.size)
        if not free.any():
            return step
        ratios = self.value.ratios[free]
        slope = ratios * self.derivatives.gradient[free]
        pick = np.ix_(free, free)
        curvature = np.outer(ratios, ratios) * self.derivatives.hessian[pick] + np.diag(slope)
        self.expected = False
        try:
            step[free] = -inverse_definite(curvature) @ slope
        except LinAlgError:
            self.expected = True
            expected = np.outer(ratios, ratios) * self.derivatives.fisher[pick]
            try:
                step[free] = -inverse_definite(expected) @ slope
            except LinAlgError:
                step[free] = -np.sign(slope)
        # Each on its own: a ratio on its way to 0 must not hold up the other.
        return step.clip(-_LONGEST_STEP, _LONGEST_STEP)

    def _pin(self, free: Flags, step: Floats) -> bool:
        """Set a small, falling ratio to 0 when the criterion is no worse and not falling there."""
        small = free & (self.value.ratios * self.problem.mean_sizes() < 1e-3) & (step < 0.0)
        for k in np.flatnonzero(small):
            ratios = self.value.ratios.copy()
            ratios[k] = 0.0
            value = self.at(ratios)
            derivatives = differentiate(self.problem, value)
            if not _falling(derivatives)[k] and value.criterion <= self.value.criterion + self._noise():
                self.value, self.derivatives = value, derivatives
                self.zero[k] = True
                return True
        return False

    def _noise(self) -> float:
        return 1e-12 * abs(self.value.criterion) + 1e-12

    def _take(self, free: Flags, step: Floats) -> bool:
        """Take a step; return whether it was the last one."""
        longest = float(np.abs(step).max(initial=0.0))
        if longest == 0.0:
            return True
        value = self._descended(step)
        if value is None:  # not a direction of descent once clipped: take each ratio on its own
            step = self._separate_step(free)
            longest = float(np.abs(step).max(initial=0.0))
            value = self._descended(step)
        if value is None:
            raise refusals.not_converged(self.iterations)
        if self.expected:
            value, longest = self._further(value, step)
        self.move(value)
        self.cap |= free & (value.ratios >= _LARGEST)
        return longest < _LAST_STEP

    def _descended(self, step: Floats) -> Value | None:
        """Return the criterion after a step, halved while it rises; None when it keeps rising."""
        # Near the optimum the criterion changes by less than its rounding error, and Newton's step is right.
        certain = float(np.abs(step).max()) < _CERTAIN_STEP
        for _ in range(_MOST_HALVINGS):
            # A pinned 0 stays 0, since its step is 0.
            value = self.at(np.minimum(self.value.ratios * np.exp(step), _LARGEST))
            if certain or value.criterion <= self.value.criterion + self._noise():
                return value
            step = step / 2.0
        return None

    def _further(self, value: Value, step: Floats) -> tuple[Value, float]:
        """Return the criterion after a step doubled while it falls, and the longest part of that step.

        Where the criterion is not convex, the expected information makes steps that can be far too short.
        """
        longest = float(np.abs(step).max())
        while 2.0 * longest <= _LONGEST_STEP:
            further = self.at(np.minimum(self.value.ratios * np.exp(2.0 * step), _LARGEST))
            if not further.criterion < value.criterion - self._noise():
                break
            value, step, longest = further, 2.0 * step, 2.0 * longest
        return value, longest

    def _separate_step(self, free: Flags) -> Floats:
        ratios = np.where(free, self.value.ratios, 1.0)
        expected = ratios * np.diagonal(self.derivatives.fisher).clip(min=np.finfo(float).tiny)
        step: Floats = np.where(free, -self.derivatives.gradient / expected, 0.0)
        return step.clip(-_LONGEST_STEP, _LONGEST_STEP)

    def _release(self) -> bool:
        """Free ratios at 0 whose derivative has turned negative; return whether there was one."""
        falling = self.zero & _falling(self.derivatives)
        if not falling.any():
            return False
        if self.released.max() >= _MOST_RELEASES:
            raise refusals.not_converged(self.iterations)
        ratios = self.value.ratios.copy()
        ratios[falling] = 1e-2 / self.problem.mean_sizes()[falling]
        self.zero &= ~falling
        self.released += falling
        self.move(self.at(ratios))
        return True

    def _optimum(self) -> Optimum:
        free = ~(self.zero | self.cap)
        slopes = np.abs(self.value.ratios * self.derivatives.gradient)[free]
        return Optimum(
            self.value,
            self.derivatives,
            tuple(self.zero.tolist()),
            tuple(self.cap.tolist()),
            self.iterations,
            self.evaluations,
            float(slopes.max(initial=0.0)),
        )


def _falling(derivatives: Derivatives) -> Flags:
    """Return per level whether the criterion falls with the ratio by more than rounding (about 1e-14 in all)."""
    flags: Flags = derivatives.gradient < -1e-7 * np.sqrt(np.diagonal(derivatives.fisher).clip(min=0.0))
    return flags
