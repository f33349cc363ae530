"""Where a command writes: the two streams and the language, so that tests can take their place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from grille.server.errors import GrilleError
from grille.server.text import Language, Text


@dataclass(slots=True)
class Terminal:
    """The terminal of one invocation.

    Attributes:
        out: Results.
        err: Errors and progress.
        language: Language of messages; the option --lang sets it.
    """

    out: TextIO
    err: TextIO
    language: Language = Language.ENGLISH

    def say(self, text: Text) -> None:
        """Write a line of result."""
        self.out.write(text.in_language(self.language) + "\n")

    def fail(self, error: GrilleError) -> None:
        """Write an error: its reason and message on one line, its hint on the next."""
        self.err.write(f"grille-server: {error.reason}: {error.message.in_language(self.language)}\n")
        if error.hint is not None:
            self.err.write(f"  {error.hint.in_language(self.language)}\n")

    def table(self, heads: Sequence[Text], rows: Iterable[Sequence[str]]) -> None:
        """Write a table in aligned columns."""
        lines = [[head.in_language(self.language) for head in heads], *([*row] for row in rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.out.write("  ".join(cells).rstrip() + "\n")
