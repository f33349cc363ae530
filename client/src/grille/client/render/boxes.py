"""Box plots in a terminal: one line per group on a common axis, from the `boxes` table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from grille.client.render.axis import Axis
from grille.client.render.cells import WITHHELD, name_of
from grille.client.render.numbers import count, notation_of, plain
from grille.client.render.style import Style, clean, left, right, shortened
from grille.client.words import Words, pick
from grille.v1.content import rows_of, value_of
from grille.v1.results_pb2 import Table

FIGURES = ("n", "whisker_low", "p25", "p50", "p75", "whisker_high", "mean")
QUARTILES = ("p25", "p50", "p75")
NARROWEST_AXIS = 20


@dataclass(frozen=True, slots=True)
class Box:
    """One box: the five numbers, the mean and the size of a group; None where withheld."""

    group: str
    figures: dict[str, float | None]

    @property
    def drawable(self) -> bool:
        """Whether the quartiles are known; a box without whiskers is still a box."""
        return all(self.figures[key] is not None for key in QUARTILES)


def draw_boxes(title: str, table: Table, width: int, words: Words, style: Style) -> list[str] | None:
    """Return a table of boxes as a drawing, or None when no box in it can be drawn.

    Args:
        title: Heading; may be empty.
        table: Columns group, n, whisker_low, p25, p50, p75, whisker_high, mean; the last may be absent.
        width: Terminal cells that a line may fill.
        words: Language of number formats and the legend.
        style: Weight and colour.
    """
    boxes = _boxes(table)
    drawable = [box for box in boxes if box.drawable]
    if not drawable:
        return None
    notation = notation_of(words)
    labels = [shortened(box.group, max(10, width // 3)) for box in boxes]
    sizes = [_figure(box, "n", words) for box in boxes]
    medians = [_figure(box, "p50", words) for box in boxes]
    heads = ("n", pick(words, "median", "median"))
    gutter = max(map(cell_len, labels))
    n_width = max(len(heads[0]), *map(cell_len, sizes))
    median_width = max(len(heads[1]), *map(cell_len, medians))
    room = max(NARROWEST_AXIS, width - gutter - n_width - median_width - 6)
    ends = [value for box in drawable for key, value in box.figures.items() if key != "n" and value is not None]
    axis = Axis(min(ends), max(ends), room)
    indent = " " * (gutter + 2 + n_width + 2)
    lines = [style.bold(clean(title))] if title else []
    lines.append(
        style.dim(f"{left('', gutter)}  {right(heads[0], n_width)}  {' ' * room}  {right(heads[1], median_width)}")
    )
    for box, label, size, median in zip(boxes, labels, sizes, medians, strict=True):
        drawing = _drawing(box, axis, style) if box.drawable else left(WITHHELD, room)
        lines.append(f"{left(label, gutter)}  {right(size, n_width)}  {drawing}  {right(median, median_width)}")
    lines += [style.dim((indent + line).rstrip()) for line in axis.lines(notation)]
    legend = pick(words, "├ ┤ whiskers   ▒ quartiles   ┃ median   • mean",
                  "├ ┤ haler   ▒ kvartiler   ┃ median   • gjennomsnitt")  # fmt: skip
    return [*lines, style.dim(indent + legend if cell_len(indent + legend) <= width else legend)]


def _boxes(table: Table) -> list[Box]:
    keys = [column.key for column in table.columns]
    names = [i for i, key in enumerate(keys) if key not in FIGURES]
    boxes = []
    for row in rows_of(table):
        values = [value_of(cell) for cell in row.cells]
        group = ", ".join(filter(None, (name_of(row.cells[i]) for i in names)))
        found = {key: value for key, value in zip(keys, values, strict=True) if isinstance(value, int | float)}
        boxes.append(Box(group, {key: found.get(key) for key in FIGURES}))
    return boxes


def _figure(box: Box, key: str, words: Words) -> str:
    value = box.figures[key]
    if value is None:
        return WITHHELD
    return count(value, notation_of(words)) if key == "n" else plain(float(value), notation_of(words))


def _drawing(box: Box, axis: Axis, style: Style) -> str:
    """Draw from the outside in, so that the marks that matter most are never covered."""
    at = {key: axis.cell(value) for key, value in box.figures.items() if value is not None and key != "n"}
    cells = [" "] * axis.cells
    if "whisker_low" in at and "whisker_high" in at:
        for i in range(at["whisker_low"], at["whisker_high"] + 1):
            cells[i] = "─"
        cells[at["whisker_low"]], cells[at["whisker_high"]] = "├", "┤"
    for i in range(at["p25"], at["p75"] + 1):
        cells[i] = style.ink("▒")
    if "mean" in at:
        cells[at["mean"]] = style.mark("•")
    cells[at["p50"]] = style.bold("┃")
    return "".join(cells)
