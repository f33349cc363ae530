"""Cells of a table as text: values by the column's format, marks where a value was withheld."""

from __future__ import annotations

from collections.abc import Sequence

from grille.client.render.numbers import Notation, aligned, count, notation_of, p_value, percent, plain
from grille.client.render.style import clean
from grille.client.words import Words, pick
from grille.v1 import results_pb2
from grille.v1.content import rows_of, value_of
from grille.v1.results_pb2 import Cell, Column, ColumnFormat, Row, Table

WITHHELD = "·"
NOT_AVAILABLE = "–"
BELOW_THRESHOLD = "<10"
TOTAL = "total"


def name_of(cell: Cell) -> str:
    """Return what a person reads for a cell that names something: its label, else its value; empty without either."""
    value = value_of(cell)
    return clean(cell.label or ("" if value is None else str(value)))


def table_texts(table: Table, words: Words) -> list[list[str]]:
    """Return the texts of a table by column; a row that sums up all others says so once, in its first cell.

    Args:
        table: The table.
        words: Language that decides how numbers are written.
    """
    rows = rows_of(table)
    texts = [
        column_texts([row.cells[i] for row in rows], column.format, words) for i, column in enumerate(table.columns)
    ]
    for place, row in enumerate(rows):
        for i in range(1, len(row.cells)):
            if is_total(row) and row.cells[i].text == TOTAL:
                texts[i][place] = ""
    return texts


def column_texts(cells: Sequence[Cell], form: ColumnFormat, words: Words) -> list[str]:
    """Return the texts of one column, one per cell; numbers align on the decimal sign when set flush right.

    Args:
        cells: The column's cells, top to bottom.
        form: The column's format.
        words: Language that decides how numbers are written.
    """
    notation = notation_of(words)
    if form == results_pb2.COLUMN_FORMAT_NUMBER:
        return _number_texts(cells, notation, words)
    texts = [_text(cell, form, notation, words) for cell in cells]
    return _before_decimals(texts, notation) if form != results_pb2.COLUMN_FORMAT_TEXT else texts


def is_numeric(column: Column) -> bool:
    """Return whether a column holds numbers, set flush right."""
    return column.format not in (results_pb2.COLUMN_FORMAT_TEXT, results_pb2.COLUMN_FORMAT_UNSPECIFIED)


def is_total(row: Row) -> bool:
    """Return whether a row sums up the others, by the key of its first cell."""
    return bool(row.cells) and row.cells[0].text == TOTAL


def footnotes(table: Table, words: Words) -> list[str]:
    """Return the explanations of the marks that occur in a table."""
    flags = {cell.flag for row in table.rows for cell in row.cells}
    notes = []
    if results_pb2.CELL_FLAG_SUPPRESSED in flags:
        notes.append(f"{WITHHELD} " + pick(words, "withheld to protect units", "holdt tilbake for å verne enheter"))
    if results_pb2.CELL_FLAG_BOUNDARY in flags:
        notes.append(
            pick(words, "(boundary) the estimate lies on the boundary of its range",
                 "(grense) anslaget ligger på grensen av området sitt")
        )  # fmt: skip
    return notes


def _number_texts(cells: Sequence[Cell], notation: Notation, words: Words) -> list[str]:
    values = [value_of(cell) for cell in cells]
    free = {i for i, cell in enumerate(cells) if cell.flag or cell.label or isinstance(values[i], str | None)}
    numbers: list[float | int | None] = [
        v if i not in free and isinstance(v, int | float) else None for i, v in enumerate(values)
    ]
    texts = aligned(numbers, notation)
    tail = max((len(text) - len(text.rstrip()) for text in texts), default=0)
    decimals = max((len(text) - text.find(notation.point) for text in texts if notation.point in text), default=tail)
    for i in free:
        text = _text(cells[i], results_pb2.COLUMN_FORMAT_NUMBER, notation, words)
        short = len(text) <= len(BELOW_THRESHOLD) and notation.point not in text
        texts[i] = text + " " * decimals if short and text else text
    return texts


def _before_decimals(texts: list[str], notation: Notation) -> list[str]:
    """Set marks without decimals flush with the whole part of the numbers beside them."""
    tail = max((len(text) - text.find(notation.point) for text in texts if notation.point in text), default=0)
    return [text + " " * tail if text in (WITHHELD, NOT_AVAILABLE) else text for text in texts]


def _text(cell: Cell, form: ColumnFormat, notation: Notation, words: Words) -> str:
    if cell.flag == results_pb2.CELL_FLAG_BELOW_THRESHOLD:
        return BELOW_THRESHOLD
    if cell.label:
        return clean(cell.label)
    value = value_of(cell)
    if value is None:
        if cell.flag == results_pb2.CELL_FLAG_SUPPRESSED:
            return WITHHELD
        without_number = cell.WhichOneof("value") is not None
        return NOT_AVAILABLE if without_number or cell.flag else ""
    text = clean(value) if isinstance(value, str) else _number(value, form, notation)
    if cell.flag == results_pb2.CELL_FLAG_BOUNDARY:
        return f"{text} ({pick(words, 'boundary', 'grense')})"
    return text


def _number(value: float | int, form: ColumnFormat, notation: Notation) -> str:
    if form == results_pb2.COLUMN_FORMAT_PERCENT:
        return percent(value, notation)
    if form == results_pb2.COLUMN_FORMAT_P_VALUE:
        return p_value(value, notation)
    if form == results_pb2.COLUMN_FORMAT_COUNT or isinstance(value, int):
        return str(value) if form == results_pb2.COLUMN_FORMAT_TEXT else count(value, notation)
    return plain(value, notation)
