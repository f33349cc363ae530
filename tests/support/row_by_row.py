"""A second reading of plan/functions.py: evaluates a bound expression for one row in plain Python.

Written from the descriptions of the functions, not from the SQL; missing is None.
"""

from __future__ import annotations

import datetime
import math

from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression

Value = float | str | None


def evaluate(expression: Expression, row: dict[str, Value]) -> Value:
    if isinstance(expression, Constant):
        return float(expression.value) if isinstance(expression.value, int) else expression.value
    if isinstance(expression, ColumnRef):
        value = row[expression.name]
        return float(value) if isinstance(value, int) else value
    assert isinstance(expression, Apply)
    values = [evaluate(argument, row) for argument in expression.arguments]
    if expression.function in ANSWERS_MISSING:
        return finite(ANSWERS_MISSING[expression.function](*values))
    if any(value is None for value in values):
        return None
    try:
        return finite(OTHERS[expression.function](*values))
    except (OverflowError, ZeroDivisionError, ValueError):
        return None


def finite(value):
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    return value


def holds(expression: Expression, row: dict[str, Value]) -> bool:
    return evaluate(expression, row) not in (None, 0.0)


def compared(test):
    return lambda *values: None not in values and test(*values)


def inlist(value, *others):
    return value is not None and value in [other for other in others if other is not None]


def known(values):
    return [value for value in values if value is not None]


def added(values):
    total = 0.0
    for value in values:
        total += value
    return total


def rowmean(*values):
    valid = known(values)
    return added(valid) / len(valid) if valid else None


def rowmedian(*values):
    valid = sorted(known(values))
    if not valid:
        return None
    low, high = valid[(len(valid) - 1) // 2], valid[len(valid) // 2]
    return low if low == high else low + (high - low) * 0.5


def rowstd(*values):
    valid = known(values)
    mean = rowmean(*valid)
    if len(valid) < 2 or not math.isfinite(mean):
        return None
    squares = added([(value - mean) * (value - mean) for value in valid])
    return math.sqrt(squares / (len(valid) - 1)) if math.isfinite(squares) else None


def rowconcat(*values):
    joined = "".join(known(values))
    return joined if len(joined) <= 10_000 else None


ANSWERS_MISSING = {
    "equal": compared(lambda a, b: a == b),
    "not_equal": compared(lambda a, b: a != b),
    "less": compared(lambda a, b: encoded(a) < encoded(b)),
    "less_equal": compared(lambda a, b: encoded(a) <= encoded(b)),
    "greater": compared(lambda a, b: encoded(a) > encoded(b)),
    "greater_equal": compared(lambda a, b: encoded(a) >= encoded(b)),
    "and": lambda *values: all(value not in (None, 0.0) for value in values),
    "or": lambda *values: any(value not in (None, 0.0) for value in values),
    "not": lambda value: value in (None, 0.0),
    "inlist": inlist,
    "inrange": compared(lambda value, low, high: encoded(low) <= encoded(value) <= encoded(high)),
    "sysmiss": lambda value: value is None,
    "startswith": compared(lambda text, part: text.startswith(part)),
    "endswith": compared(lambda text, part: text.endswith(part)),
    "rowmax": lambda *values: max(known(values), default=None),
    "rowmin": lambda *values: min(known(values), default=None),
    "rowmean": rowmean,
    "rowmedian": rowmedian,
    "rowtotal": lambda *values: added(known(values)),
    "rowstd": rowstd,
    "rowmissing": lambda *values: values.count(None),
    "rowvalid": lambda *values: len(known(values)),
    "rowconcat": rowconcat,
}


def encoded(value):
    return value.encode() if isinstance(value, str) else value


def product(*values):
    result = 1.0
    for value in values:
        result *= value
    return result


def calendar(day):
    return datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + math.floor(day))


def date(*parts):
    if not all(part.is_integer() for part in parts):
        return None
    return datetime.date(*(int(part) for part in parts)).toordinal() - datetime.date(1970, 1, 1).toordinal()


def half_away(value):
    base = math.trunc(value)
    return math.copysign(1.0, value) + base if abs(value - base) >= 0.5 else float(base)


def rounded(value, unit=None):
    if unit is None:
        return half_away(value)
    return half_away(value / unit) * unit if unit > 0 else None


def comb(n, k):
    if not (n.is_integer() and k.is_integer() and 0 <= k <= n):
        return None
    smaller = min(k, n - k)
    if smaller > 600:
        return None
    exact = 1
    for step in range(1, int(smaller) + 1):
        exact = exact * (int(n) - int(smaller) + step) // step
    return float(exact)


def lnfactorial(value):
    return math.lgamma(value + 1) if value >= 0 and value.is_integer() else None


def spelled(value):
    if isinstance(value, str):
        return value
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def substr(text, position, count):
    position, count = math.trunc(position), math.trunc(count)
    start = position - 1 if position > 0 else len(text) + position
    if position == 0 or start < 0 or count < 1:
        return ""
    return text[start : start + count]


ASCII_LOWER = {ord(letter.upper()): letter for letter in "abcdefghijklmnopqrstuvwxyz"}
ASCII_UPPER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}

OTHERS = {
    "add": lambda *values: added(values),
    "multiply": product,
    "divide": lambda a, b: a / b,
    "power": math.pow,
    "negate": lambda value: -value,
    "date": date,
    "isoformatdate": lambda day: calendar(day).isoformat(),
    "day": lambda day: calendar(day).day,
    "month": lambda day: calendar(day).month,
    "week": lambda day: calendar(day).isocalendar().week,
    "year": lambda day: calendar(day).year,
    "halfyear": lambda day: (calendar(day).month + 5) // 6,
    "quarter": lambda day: (calendar(day).month + 2) // 3,
    "dow": lambda day: calendar(day).isoweekday(),
    "doy": lambda day: calendar(day).timetuple().tm_yday,
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "cos": math.cos,
    "sin": math.sin,
    "tan": math.tan,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log10": math.log10,
    "logit": lambda x: math.log(x / (1 - x)) if 0 < x < 1 else None,
    "lnfactorial": lnfactorial,
    "comb": comb,
    "abs": abs,
    "ceil": lambda value: math.copysign(math.ceil(abs(value)), value),
    "floor": math.trunc,
    "int": math.trunc,
    "round": rounded,
    "length": len,
    "string": spelled,
    "lower": lambda text: text.translate(ASCII_LOWER),
    "upper": lambda text: text.translate(ASCII_UPPER),
    "ltrim": lambda text: text.lstrip(" "),
    "rtrim": lambda text: text.rstrip(" "),
    "trim": lambda text: text.strip(" "),
    "substr": substr,
}
