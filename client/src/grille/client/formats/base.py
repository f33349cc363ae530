"""The interface of an output format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from grille.client.render.style import Style
from grille.client.results import CommandResult, Run
from grille.client.words import Words


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how a format writes.

    Attributes:
        stream: Text stream of the result.
        folder: Folder for one file per table and plot, if the user named one.
        words: Language of the format's own words and of number formats.
        width: Terminal cells that a line of text may fill.
        style: Weight and colour of terminal text.
        tables: Whether tables are shown that a drawing replaces.
    """

    stream: TextIO
    folder: Path | None
    words: Words
    width: int
    style: Style
    tables: bool = False


class Format(ABC):
    """Writes a run to a target; made anew for every run."""

    suffix = ".txt"

    def __init__(self, target: Target) -> None:
        """Make a format that writes to `target`."""
        self.target = target

    def started(self, run: Run, result: CommandResult) -> None:  # noqa: B027
        """Hear that the server has started a command; formats that write at the end do nothing."""

    def answered(self, run: Run, result: CommandResult) -> None:  # noqa: B027
        """Hear that a command has been answered, refused or failed."""

    @abstractmethod
    def ended(self, run: Run) -> None:
        """Hear that the run is over; a format that writes one document writes it here."""
