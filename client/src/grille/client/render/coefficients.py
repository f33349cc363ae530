"""Coefficients in a terminal: one line per term on a common axis, from the `coefficients` table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from grille.client.render.axis import Axis
from grille.client.render.cells import name_of
from grille.client.render.numbers import notation_of, plain
from grille.client.render.style import Style, clean, left, right, shortened
from grille.client.words import Words, pick
from grille.v1.content import rows_of, value_of
from grille.v1.results_pb2 import Table

FIGURES = ("estimate", "ci_low", "ci_high")
CONSTANT = "_cons"
NARROWEST_AXIS = 20


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One line: what it is of, the estimate, and the ends of its interval."""

    name: str
    estimate: float
    low: float
    high: float


def draw_coefficients(title: str, table: Table, width: int, words: Words, style: Style) -> list[str] | None:
    """Return a table of coefficients as a drawing, or None when none of it can be drawn; the constant is left out.

    Args:
        title: Heading; may be empty.
        table: Columns term, estimate, ci_low, ci_high among others.
        width: Terminal cells that a line may fill.
        words: Language of number formats and the legend.
        style: Weight and colour.
    """
    found = _coefficients(table)
    if not found:
        return None
    notation = notation_of(words)
    labels = [shortened(one.name, max(10, width // 3)) for one in found]
    figures = [plain(one.estimate, notation) for one in found]
    head = pick(words, "estimate", "estimat")
    gutter = max(map(cell_len, labels))
    figure_width = max(len(head), *map(cell_len, figures))
    room = max(NARROWEST_AXIS, width - gutter - figure_width - 4)
    ends = [0.0, *(end for one in found for end in (one.low, one.high))]
    axis = Axis(min(ends), max(ends), room)
    lines = [style.bold(clean(title))] if title else []
    lines.append(style.dim(f"{left('', gutter)}  {' ' * room}  {right(head, figure_width)}"))
    for one, label, figure in zip(found, labels, figures, strict=True):
        lines.append(f"{left(label, gutter)}  {_drawing(one, axis, style)}  {right(figure, figure_width)}")
    indent = " " * (gutter + 2)
    lines += [style.dim((indent + line).rstrip()) for line in axis.lines(notation)]
    legend = pick(words, "• estimate   ├ ┤ confidence interval   │ zero",
                  "• estimat   ├ ┤ konfidensintervall   │ null")  # fmt: skip
    return [*lines, style.dim(indent + legend if cell_len(indent + legend) <= width else legend)]


def _coefficients(table: Table) -> list[Coefficient]:
    keys = [column.key for column in table.columns]
    if not {"term", *FIGURES} <= set(keys):
        return []
    found = []
    for row in rows_of(table):
        cells = dict(zip(keys, row.cells, strict=True))
        values = [value_of(cells[key]) for key in FIGURES]
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if len(numbers) == len(FIGURES) and value_of(cells["term"]) != CONSTANT:
            found.append(Coefficient(name_of(cells["term"]), *numbers))
    return found


def _drawing(one: Coefficient, axis: Axis, style: Style) -> str:
    """Draw from the outside in, so that the estimate is never covered."""
    cells = [" "] * axis.cells
    cells[axis.cell(0.0)] = style.dim("│")
    low, high = axis.cell(one.low), axis.cell(one.high)
    for place in range(low, high + 1):
        cells[place] = style.ink("─")
    if low < high:
        cells[low], cells[high] = style.ink("├"), style.ink("┤")
    cells[axis.cell(one.estimate)] = style.mark("•")
    return "".join(cells)
