"""Which plots a terminal can draw, and from which table beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grille.client.render.boxes import draw_boxes
from grille.client.render.coefficients import draw_coefficients
from grille.client.render.histogram import draw_histogram
from grille.client.render.style import Style
from grille.client.words import Words
from grille.v1.results_pb2 import Block, Table

Draw = Callable[[str, Table, int, Words, Style], list[str] | None]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A way to draw the plot block `plot` from the table block `table` of the same result."""

    plot: str
    table: str
    draw: Draw


DRAWINGS = (
    Drawing("boxplot", "boxes", draw_boxes),
    Drawing("histogram", "bins", draw_histogram),
    Drawing("coefplot", "coefficients", draw_coefficients),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn plot: places of its plot and table blocks among the result's blocks, and its lines."""

    plot: int
    table: int
    lines: list[str]


def drawn(blocks: Sequence[Block], width: int, words: Words, style: Style) -> list[Drawn]:
    """Return the plots of a result that a terminal can draw.

    Args:
        blocks: All blocks of one result.
        width: Terminal cells that a line may fill.
        words: Language of number formats and legends.
        style: Weight and colour.
    """
    found = []
    for drawing in DRAWINGS:
        plots = [i for i, b in enumerate(blocks) if b.key == drawing.plot and b.WhichOneof("kind") == "plot"]
        tables = [i for i, b in enumerate(blocks) if b.key == drawing.table and b.WhichOneof("kind") == "table"]
        for plot, table in zip(plots, tables, strict=False):
            title = blocks[plot].title or blocks[table].title
            lines = drawing.draw(title, blocks[table].table, width, words, style)
            if lines is not None:
                found.append(Drawn(plot, table, lines))
    return found
