"""Register variables at a date, read from an attached bank."""

from __future__ import annotations

import math

from sqlglot import exp

from grille.server.engines.base import Source
from grille.server.engines.duckdb.sql import VALUE, aliased, bank_table, cast, double, field, not_null, whole
from grille.server.plan.expressions import ValueType

_ROWS = "w"
_UNITS = "u"


def units_name(unit_type: str) -> str:
    """Return the name of the bank's table of units of a type."""
    return f"units_{unit_type}"


def observations(source: Source, *selected: exp.Expr, unit: bool = True) -> exp.Select:
    """Return the SELECT of unit and value of the rows that `source` asks for, in no order.

    The date rule is that of the platform's data service: start <= day and (no stop or stop >= day); a STATUS variable
    must start on the day itself.

    Args:
        source: The variable.
        selected: What to select instead of the value.
        unit: Whether the unit is selected first.
    """
    value = field(_ROWS, "value")
    conditions: list[exp.Expr] = [not_null(value)]
    if source.day is not None:
        conditions += _on_day(source, source.day)
    if source.values is not None:
        conditions.append(_among(source.values, source.type, value))
    select = exp.select(field(_ROWS, "unit")) if unit else exp.Select()
    select = select.select(*(selected or (aliased(value.copy(), "value"),)))
    return select.from_(bank_table(source.bank, source.table, _ROWS)).where(*conditions)


def column(source: Source, units: exp.Table) -> exp.Select:
    """Return the SELECT of one value per unit of the table `units`, in its order; null where there is no value.

    A unit with several values gives several rows, which the caller must refuse.
    """
    found = exp.Subquery(this=observations(source), alias=exp.TableAlias(this=exp.Identifier(this=_ROWS, quoted=True)))
    same = exp.EQ(this=field(units.alias, "unit"), expression=field(_ROWS, "unit"))
    value: exp.Expr = field(_ROWS, "value")
    select = exp.select(aliased(value, VALUE)).from_(units)
    select.append("joins", exp.Join(this=found, side="LEFT", on=same))
    return select.order_by(exp.Ordered(this=field(units.alias, "unit")))  # a join alone does not keep the order


def every_value(source: Source, selected: exp.Expr, chosen: exp.Table | None = None) -> exp.Select:
    """Return the SELECT of the values of a variable that has a row for every unit, in their order.

    Args:
        source: The variable.
        selected: What to make of the value.
        chosen: Table of which units to take; None takes all.
    """
    values, kept = bank_table(source.bank, source.table, _ROWS), aliased(selected, VALUE)
    if chosen is None:
        return exp.select(kept).from_(values)
    select = exp.select(kept).from_(chosen)
    select.append("joins", exp.Join(this=values, method="POSITIONAL"))
    return select.where(field(chosen.alias, VALUE))


def _on_day(source: Source, day: int) -> list[exp.Expr]:
    start, stop = field(_ROWS, "start"), field(_ROWS, "stop")
    if source.temporality == "STATUS":
        return [exp.EQ(this=start, expression=whole(day))]
    open_end = exp.Is(this=stop, expression=exp.Null())
    lasting = exp.GTE(this=stop.copy(), expression=whole(day))
    return [
        exp.LTE(this=start, expression=whole(day)),
        exp.Paren(this=exp.Or(this=open_end, expression=lasting)),
    ]


def _among(values: tuple[str, ...], kind: ValueType, value: exp.Expr) -> exp.Expr:
    whole_codes = [code for code in values if not code.endswith("*")]
    tests: list[exp.Expr] = []
    if kind is ValueType.STRING:
        literals: list[exp.Expr] = [exp.Literal.string(code) for code in whole_codes]
    else:
        numbers = (_number(code) for code in whole_codes)
        literals = [double(number) for number in numbers if number is not None]
    if literals:
        tests.append(exp.In(this=value.copy(), expressions=literals))
    text = value if kind is ValueType.STRING else cast(value, "VARCHAR")
    for code in values:
        if code.endswith("*"):
            tests.append(exp.StartsWith(this=text.copy(), expression=exp.Literal.string(code[:-1])))
    return exp.Paren(this=exp.or_(*tests)) if tests else exp.false()


def _number(code: str) -> float | None:
    try:
        number = float(code)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
