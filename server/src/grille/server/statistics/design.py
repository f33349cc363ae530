"""From model terms to the columns of a design, and from a batch of rows to a block of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics import refusals

Floats = NDArray[np.float64]
Pass = Callable[[], Iterator[Batch]]

CONSTANT_NAME = "_cons"
MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True)
class DesignVariable:
    """A variable inside a term: its name in the batches, and whether its number or its category counts."""

    name: str
    kind: Literal["continuous", "factor"]


@dataclass(frozen=True, slots=True)
class DesignTerm:
    """One variable, or an interaction of several.

    `full` adds all lower-order terms (`a##b`); `whole` gives the lowest level of a factor an indicator of its own.
    """

    variables: tuple[DesignVariable, ...]
    full: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DesignSpec:
    """A model as the researcher wrote it: outcome, terms in order, and whether there is a constant."""

    outcome: str
    terms: tuple[DesignTerm, ...]
    constant: bool = True

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names that batches must deliver as numbers: regressors in order of appearance, then the outcome."""
        return tuple(dict.fromkeys((*self._names("continuous"), self.outcome)))

    @property
    def factors(self) -> tuple[str, ...]:
        """Names that batches must deliver as factor codes, group variables not counted."""
        return tuple(dict.fromkeys(self._names("factor")))

    def _names(self, kind: str) -> list[str]:
        return [v.name for term in self.terms for v in term.variables if v.kind == kind]


@dataclass(frozen=True, slots=True)
class Part:
    """One multiplicand of a column: a number (`level` None) or the indicator of one level code of a factor."""

    variable: str
    level: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the design: its printed name and the parts whose product it is."""

    name: str
    parts: tuple[Part, ...]

    @property
    def is_indicator(self) -> bool:
        """Whether the column is 0 or 1 by construction."""
        return all(part.level is not None for part in self.parts)


@dataclass(frozen=True, slots=True)
class Design:
    """An expanded design.

    Attributes:
        outcome: Name of the outcome among the numbers.
        columns: Columns in the researcher's order, the constant not among them.
        constant: Whether the model has a constant term.
        rare_below: Beside a constant, columns that differ from their most common value in fewer rows count as
            constant too; 0 keeps them.
    """

    outcome: str
    columns: tuple[Column, ...]
    constant: bool
    rare_below: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns; the constant, when there is one, comes last."""
        return (*(column.name for column in self.columns), *((CONSTANT_NAME,) if self.constant else ()))


def expand(spec: DesignSpec, levels: FactorLevels) -> Design:
    """Expand terms to columns; a factor's lowest level is its reference.

    An interaction has one column per combination of non-reference levels; a column that an earlier term already made is
    not made again.

    Args:
        spec: The model.
        levels: Levels of each factor, ascending.

    Returns:
        The design; columns that turn out collinear are dropped by the estimators, in order.

    Raises:
        NumericError: TOO_MANY_COLUMNS, before a number is taken for categories fills the memory.
    """
    columns: dict[frozenset[tuple[Part, int]], Column] = {}
    for term in spec.terms:
        for variables in _orders(term):
            for column in _term_columns(variables, levels, 0 if term.whole else 1):
                # A multiset, so that c.x#c.x differs from c.x and a#b equals b#a.
                key = frozenset((part, column.parts.count(part)) for part in column.parts)
                columns.setdefault(key, column)
                if len(columns) > MOST_COLUMNS:
                    raise refusals.too_many_columns(MOST_COLUMNS)
    return Design(spec.outcome, tuple(columns.values()), spec.constant)


def level_text(level: str | float) -> str:
    """Return a level as it stands in a column name: whole numbers without a decimal point."""
    if isinstance(level, str):
        return level
    return str(int(level)) if float(level).is_integer() else repr(float(level))


def _orders(term: DesignTerm) -> Iterator[tuple[DesignVariable, ...]]:
    lowest = 1 if term.full else len(term.variables)
    for order in range(lowest, len(term.variables) + 1):
        yield from combinations(term.variables, order)


def _term_columns(variables: tuple[DesignVariable, ...], levels: FactorLevels, lowest: int) -> Iterator[Column]:
    choices: list[list[tuple[str, Part]]] = []
    for variable in variables:
        if variable.kind == "continuous":
            label = variable.name if len(variables) == 1 else f"c.{variable.name}"
            choices.append([(label, Part(variable.name, None))])
        else:
            named = enumerate(levels.levels[variable.name])
            choices.append(
                [
                    (f"i.{variable.name}={level_text(v)}", Part(variable.name, code))
                    for code, v in named
                    if code >= lowest
                ]
            )
    for combination in product(*choices):
        parts = tuple(part for _, part in combination)
        factor_levels = {(p.variable, p.level) for p in parts if p.level is not None}
        if len(factor_levels) == len({variable for variable, _ in factor_levels}):
            yield Column("#".join(label for label, _ in combination), parts)


def fill(design: Design, batch: Batch, out: Floats) -> Floats:
    """Write a batch's design columns and outcome into a preallocated block.

    Args:
        design: The design.
        batch: Rows.
        out: float64, shape (columns + 1, at least batch.rows); overwritten.

    Returns:
        The part of `out` that was filled, shape (columns + 1, batch.rows): one design column per row in order, the
        outcome last, without the constant.
    """
    block = out[:, : batch.rows]
    for row, column in zip(block, design.columns, strict=False):
        _write(column.parts[0], batch, row)
        for part in column.parts[1:]:
            _multiply(part, batch, row)
    block[-1] = batch.numbers[design.outcome]
    return block


def column_values(column: Column, batch: Batch) -> Floats:
    """Return the numbers of one design column for the rows of a batch, float64 (rows,)."""
    values = np.empty(batch.rows)
    _write(column.parts[0], batch, values)
    for part in column.parts[1:]:
        _multiply(part, batch, values)
    return values


def part_values(part: Part, batch: Batch) -> Floats:
    """Return the numbers of one multiplicand for the rows of a batch, float64 (rows,)."""
    values = np.empty(batch.rows)
    _write(part, batch, values)
    return values


def _write(part: Part, batch: Batch, row: Floats) -> None:
    if part.level is None:
        row[:] = batch.numbers[part.variable]
    else:
        row[:] = batch.factors[part.variable] == part.level


def _multiply(part: Part, batch: Batch, row: Floats) -> None:
    if part.level is None:
        row *= batch.numbers[part.variable]
    else:
        row *= batch.factors[part.variable] == part.level
