"""Rule: the bins of a histogram lie on a fixed grid and hold many units."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.rounding import significant
from grille.server.errors import BudgetError, TypeMismatchError
from grille.server.text import Text

LIMIT_DIGITS = 3


def grid_edges(
    low: float,
    high: float,
    *,
    bins: int | None = None,
    width: float | None = None,
    bins_max: int = 30,
    exact: bool = False,
) -> NDArray[np.float64]:
    """Return the edges of a histogram, ascending, float64 (bins + 1,).

    Risk: edges that follow the shown subset show its extremes; shifting edges read off values one by one.
    Rule: edges depend only on the limits of the data set's population rounded to 3 significant digits, and on what the
    script asks for; with a width they are its multiples. The outer bins are open: they take all that lies beyond.
    Numbers: at most 30 bins in the profile standard.
    Source: microdata.no, measures for disclosure control: histograms.

    Args:
        low: 1st percentile of the data set's population.
        high: 99th percentile.
        bins: Number of bins; 20 when neither is given.
        width: Width of bins.
        bins_max: Largest number of bins.
        exact: Whether the limits are taken as they are, where nothing is protected.

    Raises:
        TypeMismatchError: BIN_SIZE_INVALID, when bins or width is not positive and finite, or both are given.
        BudgetError: TOO_MANY_BINS.
    """
    first, last = (low, high) if exact else significant(np.array([low, high]), LIMIT_DIGITS).tolist()
    if (bins is not None and width is not None) or (bins is not None and bins < 1):
        raise _invalid()
    if width is not None:
        if not (math.isfinite(width) and width > 0):
            raise _invalid()
        # one part in 10^9 of slack, so that a limit that is a multiple of the width stays on its edge
        start = math.floor(first / width + 1e-9)
        count = max(math.ceil(last / width - 1e-9) - start, 1)
    else:
        start, count = 0, 20 if bins is None else bins
    if count > bins_max:
        raise BudgetError(
            "TOO_MANY_BINS",
            Text(f"A histogram has at most {bins_max} bins.", f"Et histogram har høyst {bins_max} stolper."),
            hint=Text("Use fewer bins or a larger width.", "Bruk færre stolper eller større bredde."),
        )
    if width is not None:
        edges = (start + np.arange(count + 1)) * width
    else:
        # a span below the normal numbers cannot be divided
        edges = np.linspace(first, last if last - first > 1e-300 else first + 1.0, count + 1)
    return significant(edges, 12)


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent bins shown as one: first and last bin, exact units, cell key, noised units."""

    first: int
    last: int
    n: int
    key: int
    noised: int


def merged_bins(
    bins: NDArray[np.int64],
    n: NDArray[np.int64],
    keys: NDArray[np.uint64],
    noise: Callable[[int, int], int],
    policy: Policy,
) -> tuple[Run, ...]:
    """Return the bins of one histogram, low ones merged with their smaller neighbour until all are large.

    Risk: a low bin describes few units, and where empty bins begin tells where a single unit lies.
    Rule: noised n of every bin >= cell_min, empty ones included; a single remaining bin may stay low and is then
    suppressed.
    Numbers: standard 10.
    Source: microdata.no, measures for disclosure control: histograms.

    Args:
        bins: int64 (k,): index of each bin, ascending.
        n: int64 (k,): units.
        keys: uint64 (k,): cell keys.
        noise: Noised count of (n, key).
        policy: Numbers.
    """
    runs = [
        Run(int(b), int(b), int(count), int(key), noise(int(count), int(key)))
        for b, count, key in zip(bins, n, keys, strict=True)
    ]
    while len(runs) > 1:
        lowest = min(range(len(runs)), key=lambda i: (runs[i].noised, i))
        if runs[lowest].noised >= policy.cell_min:
            break
        around = [i for i in (lowest - 1, lowest + 1) if 0 <= i < len(runs)]
        neighbour = min(around, key=lambda i: (runs[i].noised, i))
        one, two = runs[min(lowest, neighbour)], runs[max(lowest, neighbour)]
        count, key = one.n + two.n, (one.key + two.key) % 2**64
        merged = Run(one.first, two.last, count, key, noise(count, key))
        runs[min(lowest, neighbour) : max(lowest, neighbour) + 1] = [merged]
    return tuple(runs)


def _invalid() -> TypeMismatchError:
    return TypeMismatchError(
        "BIN_SIZE_INVALID",
        Text(
            "A histogram takes either a number of bins or a width, above 0.",
            "Et histogram tar enten et antall stolper eller en bredde, større enn 0.",
        ),
        hint=Text("Give one of bin() and width().", "Oppgi enten bin() eller width()."),
    )
