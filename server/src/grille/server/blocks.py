"""Pieces of a result as a client shows them: tables, plots, text, notices. Mirrors grille.v1 results.proto."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from grille.server.text import Text


class Format(StrEnum):
    """How the cells of a column are shown."""

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    PERCENT = "percent"
    P_VALUE = "p_value"


class Flag(StrEnum):
    """Marks on a cell."""

    SUPPRESSED = "suppressed"
    NOT_AVAILABLE = "not_available"
    BELOW_THRESHOLD = "below_threshold"
    BOUNDARY = "boundary"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, a flag, or both; a cell without a value is shown as missing.

    `label` is what a person reads in place of the value, such as the heading of the key "n_obs".
    """

    value: float | int | str | None
    flag: Flag | None = None
    label: Text | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: stable English key, heading, format."""

    key: str
    label: Text
    format: Format


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has one cell per column."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A Vega-Lite 5 specification with released data inline; Text values inside are resolved when encoded."""

    key: str
    title: Text
    specification: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Markdown:
    """Markdown text."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class Notice:
    """A remark about a result."""

    key: str
    text: Text


Block = Table | Plot | Markdown | Notice
