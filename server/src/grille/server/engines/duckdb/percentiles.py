"""Smoothed percentiles per group: the values of one column and a group code per row, partitioned in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.factors import Coding, codings
from grille.server.engines.duckdb.sql import aliased, composition, value
from grille.server.engines.duckdb.store import Store
from grille.server.plan.aggregates import OrderStatistics, Percentiles
from grille.server.plan.expressions import Expression


def percentiles(requests: Requests, store: Store, frame: Frame, request: OrderStatistics) -> Percentiles:
    """Compute smoothed percentiles per group, as defined by plan.aggregates.OrderStatistics."""
    if not request.by:
        values = values_of(requests, frame, request.operand, request.where, request.complete)
        found = smoothed(values, request.probabilities, request.window)[np.newaxis, :]
        return Percentiles({}, np.array([len(values)], dtype=np.int64), found)
    groups = [expression for _, expression in request.by]
    base = composition(frame, [request.operand, *groups], where=request.where, complete=request.complete)
    coded = codings(requests, store, frame, groups, base)
    operand = value(frame, request.operand)
    select = base.copy().select(aliased(operand, "x"))
    select = select.select(*(aliased(one.sql, f"f{number}") for number, one in enumerate(coded)))
    arrays = requests.arrays(select)
    values, absent = np.ma.getdata(arrays["x"]), np.ma.getmaskarray(arrays["x"])
    rows, sizes = _row_groups(arrays, coded)
    every = int(np.prod(sizes))
    used = np.flatnonzero(np.bincount(rows, minlength=every))
    if absent.any():
        values, rows = values[~absent], rows[~absent]
    order = np.argsort(rows, kind="stable")  # a radix sort when codes are 16 bits wide
    values = np.asarray(values, dtype=np.float64)[order]
    n = np.bincount(rows, minlength=every)[used]
    answers = np.full((len(n), len(request.probabilities)), np.nan)
    for group, end in enumerate(np.cumsum(n)):
        if n[group]:
            answers[group] = smoothed(values[end - n[group] : end], request.probabilities, request.window)
    places = np.unravel_index(used, sizes)
    by = {
        name: np.array([*one.levels, None], dtype=object)[place]
        for (name, _), one, place in zip(request.by, coded, places, strict=True)
    }
    return Percentiles(by, n.astype(np.int64), answers)


def values_of(
    requests: Requests,
    frame: Frame,
    operand: Expression,
    where: Expression | None,
    complete: tuple[Expression, ...] = (),
) -> NDArray[np.float64]:
    """Return the values of `operand`, float64, over its rows without missing ones."""
    select = composition(frame, [operand], where=where, complete=(*complete, operand))
    arrays = requests.arrays(select.select(aliased(value(frame, operand), "x")))
    return np.asarray(np.ma.getdata(arrays["x"]), dtype=np.float64)


def smoothed(values: NDArray[np.float64], probabilities: tuple[float, ...], window: int) -> NDArray[np.float64]:
    """Return one smoothed percentile per probability; NaN when there are no values. Reorders a view of `values`."""
    n = len(values)
    if n == 0:
        return np.full(len(probabilities), np.nan)
    if window == 0:
        return np.asarray(np.quantile(values, probabilities), dtype=np.float64)
    spans = []
    for probability in probabilities:
        rank = math.floor(probability * (n - 1))
        spans.append((max(rank - window + 1, 0), min(rank + window, n - 1)))
    parted = np.partition(values, sorted({rank for span in spans for rank in span}))
    # summed in ascending order, so that the order of rows does not matter
    return np.array([np.sort(parted[low : high + 1]).mean() for low, high in spans])


def _row_groups(
    arrays: dict[str, NDArray[np.generic]], coded: tuple[Coding, ...]
) -> tuple[NDArray[Any], tuple[int, ...]]:
    """Return a number per row that ascends with the group, missing last, and the numbers of levels with missing."""
    sizes = tuple(len(one.levels) + 1 for one in coded)
    dtype = np.dtype(np.uint16 if math.prod(sizes) <= 65_536 else np.int64)
    total: NDArray[Any] = np.zeros(len(arrays["x"]), dtype=dtype)
    for number, one in enumerate(coded):
        found = arrays[f"f{number}"]
        absent = np.ma.getmaskarray(found)
        if one.by_code is not None or not absent.any():
            codes = one.codes(np.ma.getdata(found))
        else:
            codes = np.full(len(found), len(one.levels), dtype=np.int32)
            codes[~absent] = one.codes(np.ma.getdata(found)[~absent])
        total = total * dtype.type(sizes[number]) + codes.astype(dtype, copy=False)
    return total, sizes
