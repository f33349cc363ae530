"""Published metadata of a bank version: register variables, code lists, unit types. No data, so it may be shown."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from grille.server.plan.expressions import ValueType
from grille.server.text import Text

Temporality = Literal["FIXED", "EVENT", "STATUS", "ACCUMULATED"]
SensitivityLevel = Literal["PUBLIC", "NONPUBLIC", "PERSON_GENERAL", "PERSON_SPECIAL"]


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a code list with its label and period of validity (None: open)."""

    code: str | int
    label: Text
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Documentation:
    """What else the metadata of a data set tell.

    Attributes:
        population: Which units it covers.
        subjects: Subjects that it belongs to.
        coverage: Which area it covers.
        values: What the values are, when they have no code list.
        unit_of_measure: What numbers are measured in.
        revision: What is new in these data.
        ended: Why there will be no newer data, and which variables follow.
    """

    population: Text | None = None
    subjects: tuple[Text, ...] = ()
    coverage: Text | None = None
    values: Text | None = None
    unit_of_measure: Text | None = None
    revision: Text | None = None
    ended: Text | None = None


@dataclass(frozen=True, slots=True)
class RegisterVariable:
    """A register variable.

    Attributes:
        name: Such as INNTEKT_LONN.
        title: Title.
        unit_type: Unit type of its rows.
        value_unit_type: Unit type that its values point to (it is then a key), or None.
        temporality: How it changes over time.
        data_type: STRING, LONG, DOUBLE or DATE; STRING for keys.
        sensitivity: Sensitivity level.
        codes: Code list; empty when the values are described, not enumerated.
        description: Longer description.
        valid_from, valid_until: First and last day with data; None for FIXED.
        status_dates: Dates of a STATUS variable, ascending.
        table: Name of its table in the bank file.
        documentation: What else is told of it.
    """

    name: str
    title: Text
    unit_type: str
    value_unit_type: str | None
    temporality: Temporality
    data_type: Literal["STRING", "LONG", "DOUBLE", "DATE"]
    sensitivity: SensitivityLevel
    codes: tuple[Code, ...]
    description: Text
    valid_from: datetime.date | None
    valid_until: datetime.date | None
    status_dates: tuple[datetime.date, ...]
    table: str
    documentation: Documentation = Documentation()

    @property
    def value_type(self) -> ValueType:
        """Type of its values in expressions."""
        if self.value_unit_type is not None:
            return ValueType.KEY
        if self.data_type == "STRING":
            return ValueType.STRING
        return ValueType.DATE if self.data_type == "DATE" else ValueType.NUMBER


@dataclass(frozen=True, slots=True)
class BankMetadata:
    """A version of a bank: name, version, its register variables by name; `twin` when its values are invented."""

    name: str
    version: int
    variables: Mapping[str, RegisterVariable]
    twin: bool = False
