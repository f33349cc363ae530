"""What names mean at one point of a script: linked banks, data sets, their variables, label lists. Immutable.

Binding a command needs the scope alone and gives the scope after it, so that a script can be checked without data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grille.server.catalog.model import BankMetadata
from grille.server.plan.expressions import ValueType
from grille.server.text import Text

Sensitivity = Literal["PUBLIC", "NONPUBLIC", "PERSON_GENERAL", "PERSON_SPECIAL"]


@dataclass(frozen=True, slots=True)
class Labels:
    """Codes with labels, in display order, and the codes that stand for missing values."""

    labels: Mapping[str | float, Text]
    missing: frozenset[str | float] = frozenset()


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a data set.

    Attributes:
        name: Present name.
        type: Value type; KEY for pseudonyms.
        title: Title of the register variable, or the name.
        labels: Its code list, from the register or assigned.
        documented: Whether its categories come from a published code list.
        order_statistic: Whether it holds values that are themselves order statistics (quantile(), row maxima).
        lineage: Register variables that it was computed from, `bank/VARIABLE`, with `@DATE` when dated.
        sensitivity: Highest level of those.
        from_model: Whether its values are figures of single units out of a model (predictions, residuals), or computed
            from such: they may be averaged and be regressors, and nothing else.
    """

    name: str
    type: ValueType
    title: Text
    labels: Labels | None = None
    documented: bool = False
    order_statistic: bool = False
    lineage: frozenset[str] = frozenset()
    sensitivity: Sensitivity = "PERSON_SPECIAL"
    from_model: bool = False


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set: its variables in order; unit type and bank once it has a population.

    `sensitivity` is the highest level of all register variables ever imported: dropping one does not undo the filters
    that used it. What is not told counts as the highest, here and for a variable.
    """

    name: str
    variables: Mapping[str, Variable] = field(default_factory=dict)
    unit_type: str | None = None
    bank: str | None = None
    sensitivity: Sensitivity = "PERSON_SPECIAL"


@dataclass(frozen=True, slots=True)
class Link:
    """A bank linked by require."""

    alias: str
    bank: BankMetadata


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that names can mean.

    Attributes:
        banks: Banks that the project may use, by name, each with its versions.
        links: Linked banks by alias.
        datasets: Data sets by name.
        active: Name of the active data set.
        codelists: Label lists by name.
        history: Sources of the commands run so far.
    """

    banks: Mapping[str, Mapping[int, BankMetadata]]
    links: Mapping[str, Link] = field(default_factory=dict)
    datasets: Mapping[str, DataSet] = field(default_factory=dict)
    active: str | None = None
    codelists: Mapping[str, Labels] = field(default_factory=dict)
    history: tuple[str, ...] = ()
