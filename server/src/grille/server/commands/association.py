"""Correlation and covariance of each pair of several variables, as far as the units that enter may tell.

Under protection values are winsorised, and a variable with two values is a share: what its figures say about counts is
said by noised counts. Its units of one value are a set of their own for the ledger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grille.server.commands.base import Workspace
from grille.server.commands.facts import clip, is_binary, reference, winsor_limits
from grille.server.commands.scope import Variable
from grille.server.commands.sets import SET_MEASURES, analysis_set, group_set
from grille.server.disclosure.evidence import AnalysisSet, FigureSet, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_count
from grille.server.disclosure.rules.resolution import resolved_deviations
from grille.server.disclosure.rules.steps import in_steps
from grille.server.engines.base import Frame
from grille.server.errors import NumericError
from grille.server.plan.aggregates import Aggregation, BatchRequest
from grille.server.plan.expressions import Expression
from grille.server.statistics.correlation import Association, associate, correlation_p_value


@dataclass(frozen=True, slots=True)
class Read:
    """What is read of a variable, and its winsor limits; equal when it is not winsorised."""

    value: Expression
    limits: tuple[float, float] = (0.0, 0.0)


Columns = Mapping[str, Read]


@dataclass(frozen=True, slots=True)
class Pair:
    """Figures of two variables, or of one with itself; NaN where there is none.

    Attributes:
        judged: What the rules ask.
        correlation: Pearson's.
        covariance: With divisor n - 1.
        p_value: Of the correlation, for the number of units that is shown.
    """

    judged: FigureSet
    correlation: float
    covariance: float
    p_value: float


def columns_of(workspace: Workspace, frame: Frame, variables: tuple[Variable, ...]) -> dict[str, Read]:
    """Return what is read of each variable: its value, winsorised under protection unless it is 0/1."""
    return {variable.name: _column(workspace, frame, variable) for variable in variables}


def _column(workspace: Workspace, frame: Frame, variable: Variable) -> Read:
    value = reference(variable)
    if not workspace.policy.protects or is_binary(workspace, frame, variable):
        return Read(value)
    low, high, population = winsor_limits(workspace, frame, variable)
    return Read(clip(value, low, high), (low, high)) if population else Read(value)


def pairs_of(workspace: Workspace, entered: Frame, columns: Columns, label: str) -> dict[tuple[str, str], Pair]:
    """Return the figures of every pair, each variable with itself included, over the same rows.

    Args:
        workspace: Engine and policy.
        entered: The rows, none of which lacks a value.
        columns: What is read, by name.
        label: What the sets are for.

    Raises:
        NumericError: NOT_FINITE, where nothing is protected; else the figures are withheld, for what is too large to
            compute with may be one unit's value.
    """
    units = analysis_set(workspace.engine, entered, label, None, ())
    names = tuple(columns)
    places = [(one, two) for one in range(len(names)) for two in range(one, len(names))]
    nothing = Pair(FigureSet(units, len(names), units.units.n, (1.0, 1.0)), math.nan, math.nan, math.nan)
    withheld = {(names[one], names[two]): nothing for one, two in places}
    if not units.units.n:
        return withheld
    _, passes = workspace.engine.batches(
        entered, BatchRequest(tuple((name, one.value) for name, one in columns.items()), all_complete=True)
    )
    try:
        found = associate(passes, names)
    except NumericError:
        if not workspace.policy.protects:
            raise
        return withheld
    reading = _Reading(workspace, entered, columns, units, found)
    return {(names[one], names[two]): reading.pair(one, two) for one, two in places}


class _Reading:
    """One pass over some variables, and the counts of those with two values."""

    def __init__(
        self, workspace: Workspace, entered: Frame, columns: Columns, units: AnalysisSet, found: Association
    ) -> None:
        self.workspace, self.entered, self.columns = workspace, entered, columns
        self.units, self.found = units, found
        self.policy: Policy = workspace.policy
        self.n = shown_count(units.units, self.policy)
        self.ones = {place: self._ones(place) for place, two_valued in enumerate(found.two_valued) if two_valued}

    def _ones(self, place: int) -> AnalysisSet:
        """Return the units with the higher value of a variable with two."""
        name = self.found.names[place]
        by = ((name, self.columns[name].value),)
        groups = self.workspace.engine.aggregate(self.entered, Aggregation(by, SET_MEASURES))
        return group_set(self.entered, f"{self.units.label} part", groups.measures, len(groups.by[name]) - 1)

    def _cells(self, one: int, two: int) -> tuple[UnitCount, ...]:
        """Return the cross-table of two variables with two values each: low-low, low-high, high-low, high-high."""
        names = (self.found.names[one], self.found.names[two])
        by = tuple((name, self.columns[name].value) for name in names)
        groups = self.workspace.engine.aggregate(self.entered, Aggregation(by, SET_MEASURES[:2]))
        cells = [UnitCount(0, 0)] * 4
        tops = [float(self.found.high[place]) for place in (one, two)]
        for row, values in enumerate(zip(groups.by[names[0]], groups.by[names[1]], strict=True)):
            place = 2 * (float(values[0]) == tops[0]) + (float(values[1]) == tops[1])
            cells[place] = UnitCount(int(groups.measures["n"][row]), int(groups.measures["key"][row]))
        return tuple(cells)

    def pair(self, one: int, two: int) -> Pair:
        """Return the figures of two variables."""
        found = self.found
        exact = float(found.correlation[one, two])
        both = one != two and one in self.ones and two in self.ones
        cells = self._cells(one, two) if both else ()
        correlation, covariance = exact, float(found.covariance[one, two])
        if self.policy.protects:
            correlation, covariance = self._protected(one, two, cells)
        judged = FigureSet(
            self.units,
            len(found.names),
            int(min(found.rarer[one], found.rarer[two])),
            (found.leverage.largest, found.leverage.three_largest),
            0.0 if one == two or math.isnan(exact) else exact**2,
            tuple(self.ones[place] for place in dict.fromkeys((one, two)) if place in self.ones),
            cells,
        )
        return Pair(judged, correlation, covariance, correlation_p_value(correlation, self.n))

    def _deviation(self, place: int) -> float:
        """Return the standard deviation of a variable, that of one with two values from its noised share."""
        if place not in self.ones:
            exact = np.sqrt(self.found.covariance[[place], [place]])
            limits = self.columns[self.found.names[place]].limits
            return float(resolved_deviations(exact, np.array([self.n]), limits)[0])
        share = self._share(self.ones[place].units)
        width = float(self.found.high[place] - self.found.low[place])
        return width * math.sqrt(share * (1.0 - share) * self.n / max(self.n - 1, 1))

    def _share(self, part: UnitCount) -> float:
        return min(max(shown_count(part, self.policy) / self.n, 0.0), 1.0) if self.n else math.nan

    def _protected(self, one: int, two: int, cells: tuple[UnitCount, ...]) -> tuple[float, float]:
        """Return correlation and covariance as far as a unit may move them."""
        deviations = self._deviation(one), self._deviation(two)
        if one == two:
            return 1.0, deviations[0] ** 2
        spread = deviations[0] * deviations[1]
        if cells:
            widths = self.found.high - self.found.low
            joint = self._share(cells[3]) - self._share(self.ones[one].units) * self._share(self.ones[two].units)
            covariance = float(widths[one] * widths[two]) * joint * self.n / max(self.n - 1, 1)
            return (float(np.clip(covariance / spread, -1.0, 1.0)) if spread > 0.0 else math.nan), covariance
        correlation = float(self.found.correlation[one, two])
        for place, deviation in zip((one, two), deviations, strict=True):
            if place in self.ones:
                # the difference of the two means stays; the shares beside it are noised
                correlation *= deviation / math.sqrt(float(self.found.covariance[place, place]))
        correlation = float(np.clip(in_steps(correlation, self.n), -1.0, 1.0))
        return correlation, correlation * spread
