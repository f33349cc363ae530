"""The error tree: one root with a stable reason, a message, a place in the script and a hint.

A message may hold what the user typed and published metadata, never a data value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a script.

    Attributes:
        start: Offset of the first character in the whole script, from 0.
        end: Offset after the last character.
        line: Line of the first character, from 1.
        column: Column of the first character, from 1, in characters.
    """

    start: int
    end: int
    line: int
    column: int


class GrilleError(Exception):
    """Root of all errors that reach a user.

    Attributes:
        category: Branch of the tree; one of the names of the ErrorCategory enum of the contract, in lower case.
        reason: Stable UPPER_SNAKE reason.
        message: One sentence.
        hint: What to do about it.
        span: Where in the script, if anywhere.
    """

    category: ClassVar[str] = "internal"

    def __init__(self, reason: str, message: Text, *, hint: Text | None = None, span: Span | None = None) -> None:
        """Make an error; `reason` is UPPER_SNAKE and never changes once released."""
        super().__init__(f"{reason}: {message.en}")
        self.reason = reason
        self.message = message
        self.hint = hint
        self.span = span

    def at(self, span: Span) -> GrilleError:
        """Return this error with `span` as its place, unless it already has one."""
        if self.span is None:
            self.span = span
        return self

    def __reduce__(self) -> tuple[Callable[..., GrilleError], tuple[object, ...]]:
        """Let errors cross process boundaries whole."""
        return (_rebuild, (type(self), self.reason, self.message, self.hint, self.span))


def _rebuild(kind: type[GrilleError], reason: str, message: Text, hint: Text | None, span: Span | None) -> GrilleError:
    return kind(reason, message, hint=hint, span=span)


class ScriptSyntaxError(GrilleError):
    """The text is not in the language."""

    category = "syntax"


class UnknownNameError(GrilleError):
    """A name that is not known here: command, variable, function, option, bank, version, data set, label list."""

    category = "unknown_name"


class TypeMismatchError(GrilleError):
    """A value, variable or option of the wrong kind, or a missing or superfluous argument."""

    category = "type"


class AccessDeniedError(GrilleError):
    """The caller has no right to this."""

    category = "permission"


class DisclosureError(GrilleError):
    """Disclosure control refuses to answer. The text depends on the rule alone, never on the data."""

    category = "disclosure"


class BudgetError(GrilleError):
    """A limit on size, time or number."""

    category = "budget"


class NumericError(GrilleError):
    """The computation has no answer."""

    category = "numeric"


class InternalError(GrilleError):
    """A fault of the server."""

    category = "internal"
