"""The syntax tree: frozen, typed, with the place in the script of every name, value and option."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from grille.server.errors import Span

# --- expressions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name: a variable, data set, label list or alias."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal; `value` is an int when written without a decimal point or exponent."""

    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    """A quoted string, without its quotes."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Missing:
    """The literal `.`."""

    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `!x`."""

    operator: Literal["-", "!"]
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`x op y`."""

    operator: Literal["+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "&", "|"]
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`function(argument, ...)`."""

    function: Name
    arguments: tuple[Expr, ...]
    span: Span


Expr = Name | Number | String | Missing | Unary | Binary | Call


# --- parts of commands -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Date:
    """A date literal, `YYYY-MM-DD`."""

    value: datetime.date
    span: Span


@dataclass(frozen=True, slots=True)
class RegisterName:
    """`alias/NAME`."""

    alias: str
    variable: str
    span: Span


@dataclass(frozen=True, slots=True)
class Factor:
    """One variable inside a term; `kind` is `i` for `i.v`, `c` for `c.v` and `plain` without a prefix."""

    name: str
    kind: Literal["plain", "i", "c"]
    span: Span


@dataclass(frozen=True, slots=True)
class Term:
    """A variable, or an interaction: `a#b` (`full` false) or `a##b` (`full` true: main effects too)."""

    factors: tuple[Factor, ...]
    full: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Option:
    """`name` or `name(argument ...)` after the comma. Names inside stand as terms: `control(i.region)`."""

    name: str
    arguments: tuple[Term | Number | String | Missing, ...]
    has_parentheses: bool
    span: Span


# --- commands --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """What every command has.

    Attributes:
        name: Command name, such as `create-dataset`.
        source: The command as written, without comments, continuation lines joined.
        span: The whole command.
        name_span: The command name.
    """

    name: str
    source: str
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Require:
    """`require BANK:VERSION as ALIAS`."""

    head: Head
    bank: Name
    version: Number | Name
    alias: Name


@dataclass(frozen=True, slots=True)
class Datasets:
    """create-dataset, use, delete-dataset (one name), rename-dataset, clone-dataset (two names)."""

    head: Head
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """`import ALIAS/VAR [DATE] [as NAME] [, options]`."""

    head: Head
    variable: RegisterName
    date: Date | None
    name: Name | None
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`generate NAME = EXPR [if COND]` and `replace NAME = EXPR [if COND]`."""

    head: Head
    target: Name
    value: Expr
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class RecodeRange:
    """`low/high` on the left of a recode rule; None stands for min or max."""

    low: int | float | None
    high: int | float | None
    span: Span


@dataclass(frozen=True, slots=True)
class RecodeRule:
    """`(values = new ['label'] [missing])`; `matches` is one of the words or the listed values and ranges."""

    matches: Literal["missing", "nonmissing", "*"] | tuple[Number | String | RecodeRange, ...]
    new: Number | String | Missing
    label: String | None
    flag_missing: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Recode:
    """`recode VARS (RULE) ... [if COND] [, prefix(p) | generate(p)]`."""

    head: Head
    variables: tuple[Name, ...]
    rules: tuple[RecodeRule, ...]
    condition: Expr | None
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Subset:
    """keep and drop: either variables or a condition, never both."""

    head: Head
    variables: tuple[Name, ...]
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Rename:
    """`rename OLD NEW`."""

    head: Head
    old: Name
    new: Name


@dataclass(frozen=True, slots=True)
class Destring:
    """`destring VARS [, prefix(p) ignore('chars') force dpcomma]`."""

    head: Head
    variables: tuple[Name, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class DefineLabels:
    """`define-labels LIST value label ...`."""

    head: Head
    codelist: Name
    pairs: tuple[tuple[Number | String, str], ...]


@dataclass(frozen=True, slots=True)
class AssignLabels:
    """`assign-labels VAR LIST`."""

    head: Head
    variable: Name
    codelist: Name


@dataclass(frozen=True, slots=True)
class DropLabels:
    """`drop-labels LIST ...`."""

    head: Head
    codelists: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ListLabels:
    """`list-labels (LIST | ALIAS/VAR [DATE])`."""

    head: Head
    target: Name | RegisterName
    date: Date | None


@dataclass(frozen=True, slots=True)
class Variables:
    """`variables [ALIAS/VAR ...]`."""

    head: Head
    names: tuple[RegisterName | Name, ...]


@dataclass(frozen=True, slots=True)
class Help:
    """`help [COMMAND]`."""

    head: Head
    command: Name | None


@dataclass(frozen=True, slots=True)
class History:
    """`history`."""

    head: Head


@dataclass(frozen=True, slots=True)
class Textblock:
    """`textblock` ... `endblock`: Markdown that is shown, not run."""

    head: Head
    markdown: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Every command that returns statistics: `command TERMS [by NAMES] [if COND] [, options]`.

    For regressions the first term is the outcome. Descriptive commands require every term to be one plain variable.
    """

    head: Head
    terms: tuple[Term, ...]
    by: tuple[Name, ...]
    condition: Expr | None
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """`coefplot COMMAND ...`: a command with another whole command, options and all, after its name."""

    head: Head
    inner: Analysis


Command = (
    Require
    | Datasets
    | Import
    | Assignment
    | Recode
    | Subset
    | Rename
    | Destring
    | DefineLabels
    | AssignLabels
    | DropLabels
    | ListLabels
    | Variables
    | Help
    | History
    | Textblock
    | Analysis
    | Nested
)


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed script: its commands in order."""

    commands: tuple[Command, ...]
