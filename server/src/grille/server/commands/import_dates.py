"""Whether a register variable can be read at a date, and which codes are then valid."""

from __future__ import annotations

import datetime

from grille.server.catalog.banks import nearest_dates
from grille.server.catalog.model import Code, RegisterVariable
from grille.server.commands.scope import Labels
from grille.server.errors import GrilleError, Span, TypeMismatchError
from grille.server.language.ast import Date
from grille.server.plan.expressions import ValueType
from grille.server.text import Text

EPOCH = datetime.date(1970, 1, 1)


def check_date(variable: RegisterVariable, date: Date | None, span: Span) -> datetime.date | None:
    """Return the date at which to read `variable`, None for a FIXED one.

    Args:
        variable: The register variable.
        date: The date as written, if any.
        span: Place to show when the date is missing.

    Raises:
        TypeMismatchError: DATE_NOT_ALLOWED, DATE_MISSING, DATE_OUT_OF_RANGE or WRONG_STATUS_DATE.
    """
    if variable.temporality == "FIXED":
        if date is not None:
            raise TypeMismatchError(
                "DATE_NOT_ALLOWED",
                Text(f"{variable.name} is fixed and takes no date.", f"{variable.name} er fast og tar ingen dato."),
                hint=Text("Leave out the date.", "Utelat datoen."),
                span=date.span,
            )
        return None
    if date is None:
        raise TypeMismatchError(
            "DATE_MISSING",
            Text(
                f"{variable.name} changes over time: a date is needed.",
                f"{variable.name} varierer over tid: dato mangler.",
            ),
            hint=_period(variable),
            span=span,
        )
    if variable.temporality == "STATUS":
        if date.value not in variable.status_dates:
            raise _wrong_status_date(variable, date)
        return date.value
    too_early = variable.valid_from is not None and date.value < variable.valid_from
    too_late = variable.valid_until is not None and date.value > variable.valid_until
    if too_early or too_late:
        raise TypeMismatchError(
            "DATE_OUT_OF_RANGE",
            Text(
                f"{variable.name} has no data on {date.value.isoformat()}.",
                f"{variable.name} har ikke data for {date.value.isoformat()}.",
            ),
            hint=_period(variable),
            span=date.span,
        )
    return date.value


def day_number(date: datetime.date) -> int:
    """Return a date as days since 1970-01-01."""
    return (date - EPOCH).days


def labels_on(variable: RegisterVariable, date: datetime.date | None) -> Labels | None:
    """Return the labels of the codes that are valid on `date` (None: of all codes), or None without a code list."""
    codes = [code for code in variable.codes if date is None or is_valid(code, date)]
    if not codes:
        return None
    keyed = [(label_key(code.code, variable.value_type), code) for code in codes]
    labels = {key: code.label for key, code in keyed}
    return Labels(labels, frozenset(key for key, code in keyed if code.missing))


def is_valid(code: Code, date: datetime.date) -> bool:
    """Return whether a code was in use on `date`."""
    begun = code.valid_from is None or code.valid_from <= date
    return begun and (code.valid_until is None or date <= code.valid_until)


def label_key(code: str | int | float, kind: ValueType) -> str | float:
    """Return a code as values of the variable compare with it: text, or a float for numbers and dates."""
    return str(code) if kind in (ValueType.STRING, ValueType.KEY) else float(code)


def _period(variable: RegisterVariable) -> Text:
    first = variable.valid_from.isoformat() if variable.valid_from else "..."
    last = variable.valid_until.isoformat() if variable.valid_until else "..."
    return Text(f"It has data from {first} to {last}.", f"Den har data fra {first} til {last}.")


def _wrong_status_date(variable: RegisterVariable, date: Date) -> GrilleError:
    near = ", ".join(one.isoformat() for one in nearest_dates(variable, date.value))
    return TypeMismatchError(
        "WRONG_STATUS_DATE",
        Text(
            f"{variable.name} is measured on certain days, and {date.value.isoformat()} is none of them.",
            f"{variable.name} måles på bestemte dager, og {date.value.isoformat()} er ikke en av dem.",
        ),
        hint=Text(f"The nearest dates are {near}.", f"De nærmeste datoene er {near}."),
        span=date.span,
    )
