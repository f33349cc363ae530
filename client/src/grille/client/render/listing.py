"""Lists that the client makes itself, set like the tables of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grille.client.render.style import Style
from grille.client.render.table import table_lines
from grille.client.words import Words
from grille.v1 import results_pb2
from grille.v1.results_pb2 import Cell, Column, Row, Table


@dataclass(frozen=True, slots=True)
class Listing:
    """Headings and rows; a column whose values are whole numbers is set flush right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str | int]]


def listing_lines(title: str, listing: Listing, width: int, words: Words, style: Style) -> list[str]:
    """Return a list as lines of text, folded like any table."""
    columns = []
    for i, head in enumerate(listing.heads):
        number = bool(listing.rows) and all(isinstance(row[i], int) for row in listing.rows)
        form = results_pb2.COLUMN_FORMAT_COUNT if number else results_pb2.COLUMN_FORMAT_TEXT
        columns.append(Column(key=head, label=head, format=form))
    rows = [Row(cells=[Cell(integer=v) if isinstance(v, int) else Cell(text=v) for v in row]) for row in listing.rows]
    return table_lines(title, Table(columns=columns, rows=rows), width, words, style)
