"""What the commands share that show published metadata alone: their blocks are made while binding."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grille.server.blocks import Block, Cell, Column, Format, Table
from grille.server.catalog.model import Code
from grille.server.commands.base import Outcome, Workspace
from grille.server.commands.cube import code_text
from grille.server.commands.scope import Labels
from grille.server.disclosure.evidence import PublicEvidence
from grille.server.disclosure.released import ReleasedPublic
from grille.server.text import Text

CODE = Column("code", Text("Code", "Kode"), Format.TEXT)
LABEL = Column("label", Text("Label", "Etikett"), Format.TEXT)
MISSING = Column("missing", Text("Missing value", "Manglende verdi"), Format.TEXT)
VALID_FROM = Column("valid_from", Text("Valid from", "Gyldig fra"), Format.TEXT)
VALID_UNTIL = Column("valid_until", Text("Valid until", "Gyldig til"), Format.TEXT)

_YES = Text("yes", "ja")


@dataclass(frozen=True, slots=True)
class Plan:
    """Blocks that hold no data."""

    blocks: tuple[Block, ...]


def compute_published(plan: Any, workspace: Workspace) -> Outcome:
    """Give the blocks as they are."""
    return Outcome(PublicEvidence(plan.blocks), workspace.frames)


def present_published(content: Any) -> tuple[Block, ...]:
    """Show the blocks."""
    if not isinstance(content, ReleasedPublic):
        raise TypeError(f"not published metadata: {type(content).__name__}")
    return content.blocks


def day_cell(day: datetime.date | None) -> Cell:
    """Return a date as a cell; empty when open."""
    return Cell(None if day is None else day.isoformat())


def text_cell(text: Text | None) -> Cell:
    """Return text in both languages as a cell; its value is the English one."""
    return Cell(None) if text is None else Cell(text.en, label=text)


def codes_table(key: str, title: Text, codes: Iterable[Code]) -> Table:
    """Return the table of a register variable's code list."""
    rows = tuple(
        (
            Cell(str(code.code)),
            text_cell(code.label),
            day_cell(code.valid_from),
            day_cell(code.valid_until),
            text_cell(_YES if code.missing else None),
        )
        for code in codes
    )
    return Table(key, title, (CODE, LABEL, VALID_FROM, VALID_UNTIL, MISSING), rows)


def labels_table(key: str, title: Text, labels: Labels) -> Table:
    """Return the table of an own code list."""
    codes = [*labels.labels, *sorted((code for code in labels.missing if code not in labels.labels), key=str)]
    rows = tuple(
        (
            Cell(code_text(code)),
            text_cell(labels.labels.get(code)),
            text_cell(_YES if code in labels.missing else None),
        )
        for code in codes
    )
    return Table(key, title, (CODE, LABEL, MISSING), rows)
