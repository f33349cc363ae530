"""Rule: no column of a model's design is about few units."""

from __future__ import annotations

from collections.abc import Sequence

from grille.server.disclosure.evidence import DesignColumn
from grille.server.disclosure.policy import Policy


def columns_are_common(columns: Sequence[DesignColumn], policy: Policy) -> bool:
    """Say whether every column but the constant differs from its most common value for many units.

    Risk: the coefficient of a column that differs for one unit gives that unit's outcome.
    Rule: units on the rarer side >= column_min.
    Numbers: standard 10.
    Source: DataSHIELD nfilter.glm and nfilter.tab; ESSnet/DwB guidelines: regressions with dummies.
    """
    return all(column.constant or column.rarer_units >= policy.column_min for column in columns)


def outcome_is_common(rarer_units: int, policy: Policy) -> bool:
    """Say whether the outcome differs from its most common value for many units.

    Risk: a model of an outcome that one unit has describes that unit.
    Rule: units on the rarer side >= column_min.
    Numbers: standard 10.
    Source: microdata.no, measures for disclosure control: logit and probit.
    """
    return rarer_units >= policy.column_min
