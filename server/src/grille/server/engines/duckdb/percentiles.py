"""Smoothed percentiles per group: the values of one column and a group code per row, partitioned in memory."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from grille.server.engines.base import Frame
from grille.server.engines.duckdb.aggregates import group_values, grouped
from grille.server.engines.duckdb.connection import Requests
from grille.server.engines.duckdb.factors import Coding, codings
from grille.server.engines.duckdb.sql import aliased, composition, not_null, value
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
    counted = aliased(exp.Count(this=value(frame, request.operand)), "n")
    table = requests.arrays(grouped(frame, base.copy().select(counted), request.by))
    by = {name: group_values(table[f"g{number}"]) for number, (name, _) in enumerate(request.by)}
    n = np.asarray(np.ma.getdata(table["n"]), dtype=np.int64)
    coded = codings(requests, store, frame, groups, base)
    operand = value(frame, request.operand)
    select = base.select(aliased(operand, "x")).where(not_null(operand.copy()))
    select = select.select(*(aliased(one.sql, f"f{number}") for number, one in enumerate(coded)))
    arrays = requests.arrays(select)
    rows = _row_groups(arrays, coded)
    order = np.argsort(rows, kind="stable")  # a radix sort when codes are 16 bits wide
    values = np.asarray(np.ma.getdata(arrays["x"]), dtype=np.float64)[order]
    answers = np.full((len(n), len(request.probabilities)), np.nan)
    for group, end in enumerate(np.cumsum(n)):
        if n[group]:
            answers[group] = smoothed(values[end - n[group] : end], request.probabilities, request.window)
    return Percentiles(by, n, answers)


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
    spans = []
    for probability in probabilities:
        rank = math.floor(probability * (n - 1))
        spans.append((max(rank - window + 1, 0), min(rank + window, n - 1)))
    parted = np.partition(values, sorted({rank for span in spans for rank in span}))
    # summed in ascending order, so that the order of rows does not matter
    return np.array([np.sort(parted[low : high + 1]).mean() for low, high in spans])


def _row_groups(arrays: dict[str, NDArray[np.generic]], coded: tuple[Coding, ...]) -> NDArray[np.integer]:
    """Return a number per row that ascends with the group, missing last."""
    total = np.zeros(len(arrays["x"]), dtype=np.int64)
    size = 1
    for number, one in enumerate(coded):
        found = arrays[f"f{number}"]
        absent = np.ma.getmaskarray(found)
        codes = np.full(len(found), len(one.levels), dtype=np.int64)
        codes[~absent] = one.codes(np.ma.getdata(found)[~absent])
        total = total * (len(one.levels) + 1) + codes
        size *= len(one.levels) + 1
    return total.astype(np.uint16) if size <= 65_536 else total
