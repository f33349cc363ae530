"""The closed table of functions and operators of expressions: their arguments, their results, their rules.

Every entry is total: where it has no answer (logarithm of zero, 31 February, overflow) its value is missing. Truth
values are 1 and 0, never missing: a comparison with a missing value is not true, so its value is 0, and `not` of it
is 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from grille.server.plan.expressions import ValueType

FIRST_DAY: Final = -719_162
"""0001-01-01 as days since 1970-01-01, the first day that date functions know."""
LAST_DAY: Final = 2_932_896
"""9999-12-31 as days since 1970-01-01."""
MAX_TEXT: Final = 10_000
"""Longest text in characters that a function gives; a longer result is missing."""
MAX_DRAWN: Final = 514
"""comb(n, k) overflows a double when both k and n - k are larger."""


class Kind(StrEnum):
    """What an argument may be."""

    NUMBER = "number"  # a number or a date
    TEXT = "text"  # a string
    ANY = "any"  # anything but a key
    SAME = "same"  # a number where the first argument is one, a string where it is a string
    CONSTANT = "constant"  # a whole number written out


@dataclass(frozen=True, slots=True)
class Function:
    """A function or operator.

    Attributes:
        name: Name in `Apply.function`, and in the language unless it is an operator.
        syntax: How it is written.
        parameters: Kinds of the arguments.
        optional: How many of the last parameters may be left out.
        repeats: Whether the last parameter may be given several times.
        result: Type of the value; None: that of the arguments if they agree, else NUMBER.
        truth: Whether the value is a truth value.
        window: Whether the value of a row depends on all rows; only the whole right side of an assignment may.
    """

    name: str
    syntax: str
    parameters: tuple[Kind, ...]
    optional: int = 0
    repeats: bool = False
    result: ValueType | None = ValueType.NUMBER
    truth: bool = False
    window: bool = False

    @property
    def least(self) -> int:
        """Smallest number of arguments."""
        return len(self.parameters) - self.optional

    @property
    def most(self) -> int | None:
        """Largest number of arguments, None without limit."""
        return None if self.repeats else len(self.parameters)

    def parameter(self, position: int) -> Kind:
        """Return the kind of the argument at `position`, from 0."""
        return self.parameters[min(position, len(self.parameters) - 1)]


_N, _T, _A, _S = Kind.NUMBER, Kind.TEXT, Kind.ANY, Kind.SAME
_STRING = ValueType.STRING

_OPERATORS: Final = (
    # A difference is the sum with the negated operand: the same double, and chains of both stay flat.
    Function("add", "a + b", (_N, _N), repeats=True),
    Function("multiply", "a * b", (_N, _N), repeats=True),
    Function("divide", "a / b", (_N, _N)),
    Function("power", "a ^ b", (_N, _N)),
    Function("negate", "-a", (_N,)),
    Function("equal", "a == b", (_A, _S), truth=True),
    Function("not_equal", "a != b", (_A, _S), truth=True),
    Function("less", "a < b", (_A, _S), truth=True),
    Function("less_equal", "a <= b", (_A, _S), truth=True),
    Function("greater", "a > b", (_A, _S), truth=True),
    Function("greater_equal", "a >= b", (_A, _S), truth=True),
    Function("and", "a & b", (_N, _N), repeats=True, truth=True),
    Function("or", "a | b", (_N, _N), repeats=True, truth=True),
    Function("not", "!a", (_N,), truth=True),
)

_DATES: Final = (
    Function("date", "date(year, month, day)", (_N, _N, _N), result=ValueType.DATE),
    Function("isoformatdate", "isoformatdate(date)", (_N,), result=_STRING),
    *(
        Function(part, f"{part}(date)", (_N,))
        for part in ("day", "month", "week", "year", "halfyear", "quarter", "dow", "doy")
    ),
)

_MATHS: Final = (
    *(
        Function(name, f"{name}(x)", (_N,))
        for name in (
            *("acos", "asin", "atan", "cos", "sin", "tan", "sqrt", "exp", "ln", "log10", "logit", "lnfactorial"),
            *("abs", "ceil", "floor", "int"),
        )
    ),
    Function("comb", "comb(n, k)", (_N, _N)),
    Function("round", "round(x[, unit])", (_N, _N), optional=1),
    Function("pi", "pi()", ()),
    Function("quantile", "quantile(x, groups)", (_N, Kind.CONSTANT), window=True),
)

_ROWS: Final = (
    Function("rowmax", "rowmax(x, ...)", (_N,), repeats=True, result=None),
    Function("rowmin", "rowmin(x, ...)", (_N,), repeats=True, result=None),
    *(
        Function(name, f"{name}(x, ...)", (_N,), repeats=True)
        for name in ("rowmean", "rowmedian", "rowtotal", "rowstd")
    ),
    Function("rowconcat", "rowconcat(text, ...)", (_T,), repeats=True, result=_STRING),
    Function("rowmissing", "rowmissing(x, ...)", (_A,), repeats=True),
    Function("rowvalid", "rowvalid(x, ...)", (_A,), repeats=True),
)

_STRINGS: Final = (
    Function("length", "length(text)", (_T,)),
    Function("string", "string(x)", (_A,), result=_STRING),
    *(Function(name, f"{name}(text)", (_T,), result=_STRING) for name in ("lower", "upper", "ltrim", "rtrim", "trim")),
    Function("startswith", "startswith(text, beginning)", (_T, _T), truth=True),
    Function("endswith", "endswith(text, ending)", (_T, _T), truth=True),
    Function("substr", "substr(text, position, length)", (_T, _N, _N), result=_STRING),
)

_LOGIC: Final = (
    Function("inlist", "inlist(x, value, ...)", (_A, _S), repeats=True, truth=True),
    Function("inrange", "inrange(x, low, high)", (_A, _S, _S), truth=True),
    Function("sysmiss", "sysmiss(x)", (_A,), truth=True),
)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {function.name: function for function in (*_DATES, *_MATHS, *_ROWS, *_STRINGS, *_LOGIC)}
)
"""Functions that can be called by name."""

ALL: Final[Mapping[str, Function]] = MappingProxyType(
    {**FUNCTIONS, **{function.name: function for function in _OPERATORS}}
)
"""Everything that can stand in `Apply.function`."""

NOT_OFFERED: Final[frozenset[str]] = frozenset(
    (
        *("label_to_code", "inlabels", "labelcontains"),
        *("date_fmt", "to_int", "to_str", "to_symbol", "bind"),
        *("binomial", "binomialp", "binomialtail", "normal", "normalden"),
        *("F", "Fden", "Ftail", "invF", "invFtail", "invnFtail", "nF", "nFden", "nFtail"),
        *("chi2", "chi2den", "chi2tail", "invchi2", "invchi2tail", "nchi2", "nchi2den", "nchi2tail"),
        *("betaden", "ibeta", "ibetatail", "invibeta", "invibetatail"),
        *("t", "tden", "ttail", "invt", "invttail", "nt", "ntden", "nttail", "invnttail"),
    )
)
"""Functions of the model language that this server does not offer yet."""
