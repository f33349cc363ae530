"""Tables for a terminal, ruled as in print, folded into panels when they are wider than the screen."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from grille.client.render.cells import footnotes, is_numeric, is_total, table_texts
from grille.client.render.style import Style, clean, left, right, wrapped
from grille.client.words import Words, pick
from grille.v1.results_pb2 import Table

GAP = 2
NARROWEST_TEXT = 14
ROOMY_TEXT = 22


@dataclass(slots=True)
class _Column:
    heading: list[str]
    cells: list[str]
    numeric: bool
    width: int

    def floor(self, least: int, width: int) -> int:
        """Return how narrow a text column may become: words stay whole, names above all, up to half the screen."""
        words = (word for text in self.cells for word in text.split(" "))
        return max(least, min(max(map(cell_len, words), default=0), width // 2))

    def set(self, text: str) -> str:
        return right(text, self.width) if self.numeric else left(text, self.width)


def table_lines(title: str, table: Table, width: int, words: Words, style: Style) -> list[str]:
    """Return a table as lines of text.

    The leading text columns name the rows; a table wider than `width` is split between columns into panels that repeat
    them, and no number is ever broken.

    Args:
        title: Heading; may be empty.
        table: The table.
        width: Terminal cells that a line may fill.
        words: Language of number formats and footnotes.
        style: Weight and colour.
    """
    columns = _columns(table, width, words)
    if not columns:
        return [style.bold(title)] if title else []
    lines = [style.bold(line) for line in wrapped(clean(title), width)] if title else []
    labels = _label_count(columns, width)
    if labels > 1:
        _blank_repeats(columns[: labels - 1])
    panels = _panels(columns, labels, width)
    total = bool(table.rows) and is_total(table.rows[-1])
    for number, panel in enumerate(panels):
        if number:
            lines.append("")
        lines += _panel_lines([columns[i] for i in panel], total, style)
    if not table.rows:
        lines.insert(-1, style.dim(pick(words, "(no rows)", "(ingen rader)")))
    return lines + [style.dim(note) for note in footnotes(table, words)]


def _columns(table: Table, width: int, words: Words) -> list[_Column]:
    """Set the columns; a table too wide gives up decimal alignment, then long texts, and is folded only after that."""
    columns = [
        _column(clean(column.label), cells, is_numeric(column))
        for column, cells in zip(table.columns, table_texts(table, words), strict=True)
    ]
    if _excess(columns, width) <= 0:
        return columns
    compact = [_column(" ".join(c.heading), [cell.strip(" ") for cell in c.cells], c.numeric) for c in columns]
    if _narrowed(compact, width, ROOMY_TEXT):
        return compact
    if any(column.numeric for column in columns):
        _narrowed(columns, _folding_width(columns, width), NARROWEST_TEXT)
    else:
        _narrowed(columns, width, NARROWEST_TEXT)
    return columns


def _column(label: str, cells: list[str], numeric: bool) -> _Column:
    widest = max((cell_len(text) for text in cells), default=0)
    heading = _heading(label, widest)
    return _Column(heading, cells, numeric, max(widest, *map(cell_len, heading)))


def _excess(columns: list[_Column], width: int) -> int:
    return sum(column.width + GAP for column in columns) - GAP - width


def _folding_width(columns: list[_Column], width: int) -> int:
    """Return the width at which the texts of a folded table take no more than two fifths of the screen."""
    return max(width * 2 // 5, NARROWEST_TEXT) + sum(column.width + GAP for column in columns if column.numeric)


def _heading(label: str, cells: int) -> list[str]:
    """Break a heading that is wider than its cells into two lines of about equal length."""
    longest = max((cell_len(word) for word in label.split(" ")), default=0)
    return wrapped(label, max(cells, longest, (cell_len(label) + 1) // 2, 1))


def _narrowed(columns: list[_Column], width: int, floor: int) -> bool:
    """Break long texts over lines, the widest first and none below `floor`; return whether the columns now fit."""
    floors = {id(column): column.floor(floor, width) for column in columns if not column.numeric}
    while (excess := _excess(columns, width)) > 0:
        wide = [column for column in columns if id(column) in floors and column.width > floors[id(column)]]
        if not wide:
            return False
        column, *rest = sorted(wide, key=lambda column: -column.width)
        lowest = max(floors[id(column)], min(rest[0].width if rest else 0, column.width - 1), column.width - excess)
        column.width = lowest
        column.heading = wrapped(" ".join(column.heading), column.width)
    return True


def _label_count(columns: list[_Column], width: int) -> int:
    """Return how many leading text columns are repeated in each panel."""
    if not any(column.numeric for column in columns):
        return min(1, len(columns) - 1)
    used = 0
    for place, column in enumerate(columns):
        used += column.width + GAP
        if column.numeric or (place and used > width // 2):
            return min(place, len(columns) - 1)
    return len(columns) - 1


def _blank_repeats(columns: list[_Column]) -> None:
    """Leave out outer row labels that repeat those above, as printed tables do."""
    above: tuple[str, ...] = ()
    for row, labels in enumerate(list(zip(*(column.cells for column in columns), strict=True))):
        for depth, column in enumerate(columns):
            if labels[: depth + 1] == above[: depth + 1]:
                column.cells[row] = ""
        above = labels


def _panels(columns: list[_Column], labels: int, width: int) -> list[list[int]]:
    head = list(range(labels))
    taken = sum(columns[i].width + GAP for i in head)
    panels: list[list[int]] = []
    current: list[int] = []
    used = taken
    for i in range(labels, len(columns)):
        if current and used + columns[i].width > width:
            panels.append(head + current)
            current, used = [], taken
        current.append(i)
        used += columns[i].width + GAP
    return [*panels, head + current]


def _panel_lines(columns: list[_Column], total: bool, style: Style) -> list[str]:
    rule = style.dim("─" * (sum(column.width + GAP for column in columns) - GAP))
    height = max(len(column.heading) for column in columns)
    headings = [[""] * (height - len(column.heading)) + column.heading for column in columns]
    lines = [rule]
    for i in range(height):
        lines.append(_joined(columns, [heading[i] for heading in headings]))
    lines.append(rule)
    last = len(columns[0].cells) - 1
    for number, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
        if total and number == last > 0:
            lines.append(rule)
        lines += _row_lines(columns, list(cells))
    return [*lines, rule]


def _row_lines(columns: list[_Column], cells: list[str]) -> list[str]:
    if all(cell_len(cell) <= column.width for column, cell in zip(columns, cells, strict=True)):
        return [_joined(columns, cells)]
    pieces = [_pieces(cell, column) for column, cell in zip(columns, cells, strict=True)]
    height = max(map(len, pieces))
    return [_joined(columns, [piece[i] if i < len(piece) else "" for piece in pieces]) for i in range(height)]


def _pieces(cell: str, column: _Column) -> list[str]:
    if column.numeric or cell_len(cell) <= column.width:
        return [cell]
    first, *rest = wrapped(cell, column.width)
    return [first, *(f"  {line}" for line in wrapped(" ".join(rest), column.width - 2))]


def _joined(columns: list[_Column], texts: list[str]) -> str:
    joined = (" " * GAP).join(column.set(text) for column, text in zip(columns, texts, strict=True))
    return joined.rstrip(" ")
