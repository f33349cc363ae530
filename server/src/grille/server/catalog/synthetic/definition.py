"""How a register variable of the synthetic register is described and made."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import duckdb

from grille.server.catalog.model import Code, RegisterVariable, Temporality
from grille.server.catalog.synthetic.calendar import Years
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Preparation:
    """A step that makes scratch tables: title for the operator, and what runs (connection, years, seed)."""

    title: Text
    run: Callable[[duckdb.DuckDBPyConnection, Years, int], None]


@dataclass(frozen=True, slots=True)
class SyntheticVariable:
    """A register variable and how it is made.

    Attributes:
        name: Name, also of its table.
        title: Title.
        temporality: How it changes over time.
        data_type: STRING, LONG, DOUBLE or DATE.
        description: What the values are and how far they are invented.
        write: Makes its table in the schema bank from the scratch tables.
        valid_from, valid_until: First and last day with data, given the years; None for FIXED.
        status_dates: Dates of a STATUS variable, given the years.
        value_unit_type: Unit type of the values of a key.
        codes: Makes the code list.
    """

    name: str
    title: Text
    temporality: Temporality
    data_type: Literal["STRING", "LONG", "DOUBLE", "DATE"]
    description: Text
    write: Callable[[duckdb.DuckDBPyConnection, Years], None]
    valid_from: Callable[[Years], datetime.date] | None = None
    valid_until: Callable[[Years], datetime.date] | None = None
    status_dates: Callable[[Years], tuple[datetime.date, ...]] | None = None
    value_unit_type: str | None = None
    codes: Callable[[], tuple[Code, ...]] = tuple

    def describe(self, years: Years) -> RegisterVariable:
        """Return the published metadata for a register of these years."""
        dates = self.status_dates(years) if self.status_dates else ()
        first = self.valid_from(years) if self.valid_from else (dates[0] if dates else None)
        last = self.valid_until(years) if self.valid_until else (dates[-1] if dates else None)
        return RegisterVariable(
            name=self.name,
            title=self.title,
            unit_type="PERSON",
            value_unit_type=self.value_unit_type,
            temporality=self.temporality,
            data_type=self.data_type,
            sensitivity="PERSON_GENERAL",
            codes=self.codes(),
            description=self.description,
            valid_from=first,
            valid_until=last,
            status_dates=dates,
            table=self.name,
        )
