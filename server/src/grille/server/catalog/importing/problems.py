"""What is wrong with data sets: every problem at its file and line, and never with a value or an identifier."""

from __future__ import annotations

from dataclasses import dataclass, field

from grille.server.errors import GrilleError, TypeMismatchError
from grille.server.text import Language, Text

SHOWN = 50
"""Lines shown of one file with one problem: as many as microdata-tools shows."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem: file as the custodian knows it, line from 1 or None when it is in no line, and what is wrong."""

    file: str
    line: int | None
    text: Text


@dataclass(slots=True)
class Problems:
    """Collects the problems of all data sets of an import."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, text: Text, line: int | None = None) -> None:
        """Add a problem."""
        self.found.append(Problem(file, line, text))

    def add_lines(self, file: str, text: Text, lines: list[int], total: int) -> None:
        """Add the same problem for the first lines of `total`."""
        for line in lines[:SHOWN]:
            self.add(file, text, line)
        if total > SHOWN:
            more = total - SHOWN
            self.add(
                file,
                Text(f"and {more} more lines: {text.en}", f"og {more} linjer til: {text.no}"),
            )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.found)

    def stop(self) -> None:
        """Raise TypeMismatchError DATA_SETS_INVALID, with every problem on a line of its own, when there is any."""
        if self.found:
            raise self._error()

    def _error(self) -> GrilleError:
        files = list(dict.fromkeys(one.file for one in self.found))
        places = sorted(self.found, key=lambda one: (files.index(one.file), one.line is None, one.line or 0))

        def told(language: Language) -> str:
            return "".join(
                f"\n  {one.file}{'' if one.line is None else f':{one.line}'}: {one.text.in_language(language)}"
                for one in places
            )

        count = len(self.found)
        return TypeMismatchError(
            "DATA_SETS_INVALID",
            Text(
                f"Nothing was imported; problems in the data sets: {count}{told(Language.ENGLISH)}",
                f"Ingenting ble importert; feil i datasettene: {count}{told(Language.NORWEGIAN)}",
            ),
            hint=Text(
                "Correct the files and run the command again.",
                "Rett filene og kjør kommandoen på nytt.",
            ),
        )
