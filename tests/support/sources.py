"""Sources of the small bank, and expressions over them, in few words."""

from __future__ import annotations

import numpy as np
from support.small_bank import BANK, days

from grille.server.engines.base import Source
from grille.server.plan.aggregates import Measure, MeasureKind
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType

UNITS = Measure("n", MeasureKind.UNITS)
KEY = Measure("key", MeasureKind.CELL_KEY)
SKETCH = Measure("sketch", MeasureKind.SKETCH)


def fixed(table: str, kind: ValueType, *, version: int = 1, unit_type: str = "PERSON", values=None) -> Source:
    return Source(f"{BANK}@{version}", table, unit_type, kind, "FIXED", None, values)


def dated(table: str, kind: ValueType, temporality: str, day: str, *, version: int = 1, values=None) -> Source:
    return Source(f"{BANK}@{version}", table, "PERSON", kind, temporality, days(day), values)


SEX = fixed("KJONN", ValueType.STRING)
BORN = fixed("FODT", ValueType.NUMBER)
WAGE = dated("LONN", ValueType.NUMBER, "ACCUMULATED", "2022-12-31")
WAGE_BEFORE = dated("LONN", ValueType.NUMBER, "ACCUMULATED", "2021-03-01")
MARRIED = dated("SIVSTAND", ValueType.STRING, "EVENT", "2020-01-01")
JOB = dated("YRKE", ValueType.STRING, "STATUS", "2022-11-16")


def number(name: str) -> ColumnRef:
    return ColumnRef(name, ValueType.NUMBER)


def text(name: str) -> ColumnRef:
    return ColumnRef(name, ValueType.STRING)


def constant(value: float | str | None) -> Constant:
    return Constant(value, ValueType.STRING if isinstance(value, str) else ValueType.NUMBER)


def call(function: str, *arguments: Expression, kind: ValueType = ValueType.NUMBER) -> Apply:
    return Apply(function, arguments, kind)


def xor_of(sketches: np.ndarray) -> np.ndarray:
    return np.bitwise_xor.reduce(sketches, axis=0) if len(sketches) else np.zeros(6, dtype=np.uint64)


def key_of(record_keys: np.ndarray) -> int:
    return sum(int(key) for key in record_keys) % 2**64
