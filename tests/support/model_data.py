"""Rows in memory as the passes that estimators read, and designs in short form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics.design import Design, DesignSpec, DesignTerm, DesignVariable, Pass, expand
from grille.server.statistics.moments import Moments, collect_moments


def term(text: str) -> DesignTerm:
    """Return the term of `x`, `i.v`, `i.a#c.x` or `i.a##i.b`; a name without a prefix is continuous."""
    full = "##" in text
    variables = [
        DesignVariable(part[2:], "factor")
        if part.startswith("i.")
        else DesignVariable(part.removeprefix("c."), "continuous")
        for part in text.replace("##", "#").split("#")
    ]
    return DesignTerm(tuple(variables), full)


def spec(outcome: str, terms: Sequence[str], constant: bool = True) -> DesignSpec:
    """Return a model from terms in short form."""
    return DesignSpec(outcome, tuple(term(text) for text in terms), constant)


def in_batches(
    numbers: Mapping[str, ArrayLike], factors: Mapping[str, ArrayLike] | None = None, rows: int = 64
) -> tuple[Pass, FactorLevels]:
    """Return a pass over arrays in batches of `rows`, and the levels of the factors (any sortable values)."""
    data = {name: np.asarray(values, dtype=np.float64) for name, values in numbers.items()}
    levels: dict[str, tuple[str | float, ...]] = {}
    codes = {}
    for name, values in (factors or {}).items():
        unique, inverse = np.unique(np.asarray(values), return_inverse=True)
        levels[name] = tuple(unique.tolist())
        codes[name] = inverse.astype(np.int32)
    n = len(next(iter(data.values())))

    def run() -> Iterator[Batch]:
        for start in range(0, n, rows):
            part = slice(start, min(n, start + rows))
            yield Batch(
                {name: values[part] for name, values in data.items()},
                {name: values[part] for name, values in codes.items()},
                part.stop - part.start,
            )

    return run, FactorLevels(levels)


def gathered(
    model: DesignSpec,
    numbers: Mapping[str, ArrayLike],
    factors: Mapping[str, ArrayLike] | None = None,
    groups: tuple[str, ...] = (),
    rows: int = 64,
) -> tuple[Moments, Pass, FactorLevels, Design]:
    """Return moments, pass, levels and design of a model on arrays."""
    passes, levels = in_batches(numbers, factors, rows)
    design = expand(model, levels)
    return collect_moments(passes, design, levels, groups), passes, levels, design
