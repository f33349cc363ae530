"""Histograms in a terminal: bars of eighth blocks, small multiples by group, from the `bins` table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len

from grille.client.render.axis import Axis, tick_labels, ticks
from grille.client.render.cells import name_of
from grille.client.render.numbers import notation_of
from grille.client.render.style import Style, clean, right, shortened
from grille.client.words import Words, pick
from grille.v1.content import rows_of, value_of
from grille.v1.results_pb2 import Table

EIGHTHS = " ▁▂▃▄▅▆▇█"
NORMAL = "•"
WIDEST_BAR = 3
PANEL_GAP = 3
NARROWEST_PANEL = 36


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar: its interval, its height and that of the normal curve at its middle; None where withheld or absent."""

    low: float
    high: float
    value: float | None
    normal: float | None


@dataclass(frozen=True, slots=True)
class _Scales:
    """What panels share: bars and the cells of each, rows of height, the top value, y labels by row and their width."""

    bins: tuple[tuple[float, float], ...]
    bar: int
    rows: int
    top: float
    labels: dict[int, str]
    gutter: int
    single: bool


def draw_histogram(title: str, table: Table, width: int, words: Words, style: Style) -> list[str] | None:
    """Return a table of bins as a drawing, or None when it holds no bar.

    Args:
        title: Heading; may be empty.
        table: Columns group, low, high, value and perhaps normal.
        width: Terminal cells that a line may fill.
        words: Language of number formats and the legend.
        style: Weight and colour.
    """
    groups = _groups(table)
    if not any(one.value is not None for bins in groups.values() for one in bins):
        return None
    edges = tuple(sorted({(one.low, one.high) for bins in groups.values() for one in bins}))
    across = _across(len(groups), len(edges), width)
    panel = (width - PANEL_GAP * (across - 1)) // across
    scales = _scales(groups, edges, panel, 12 if len(groups) == 1 else 7, words)
    drawn = [_panel(group, bins, scales, panel, words, style) for group, bins in groups.items()]
    lines = [style.bold(clean(title))] if title else []
    heights = next((column.label for column in table.columns if column.key == "value"), "")
    if heights:
        lines.append(style.dim(clean(heights)))
    for first in range(0, len(drawn), across):
        if first:
            lines.append("")
        rows = zip_longest(*drawn[first : first + across], fillvalue=("", ""))
        lines += [_side_by_side([plain for plain, _ in row], [shown for _, shown in row], panel) for row in rows]
    if any(one.normal is not None for bins in groups.values() for one in bins):
        lines.append(style.dim(pick(words, "• normal curve", "• normalkurve")))
    return lines


def _groups(table: Table) -> dict[str, list[Bin]]:
    keys = [column.key for column in table.columns]
    figures = ("low", "high", "value", "normal")
    groups: dict[str, list[Bin]] = {}
    for row in rows_of(table):
        values = dict(zip(keys, map(value_of, row.cells), strict=True))
        names = [name_of(cell) for key, cell in zip(keys, row.cells, strict=True) if key not in figures]
        numbers = {key: v if isinstance(v := values.get(key), int | float) else None for key in figures}
        low = numbers["low"]
        if low is None:
            continue
        high = numbers["high"] if numbers["high"] is not None else low
        groups.setdefault(", ".join(filter(None, names)), []).append(
            Bin(low, high, numbers["value"], numbers["normal"])
        )
    return groups


def _across(groups: int, bins: int, width: int) -> int:
    """Return how many panels stand side by side: as many as fit with at least one cell per bar and its labels."""
    least = max(NARROWEST_PANEL, bins + 10)
    return max(1, min(groups, (width + PANEL_GAP) // (least + PANEL_GAP)))


def _scales(
    groups: dict[str, list[Bin]], edges: tuple[tuple[float, float], ...], panel: int, rows: int, words: Words
) -> _Scales:
    heights = [h for bins in groups.values() for one in bins for h in (one.value, one.normal) if h is not None]
    top = max(max(heights), 0.0) or 1.0
    at = [value for value in ticks(0.0, top, max(2, rows // 3)) if value > 0]
    texts = tick_labels([0.0, *at], notation_of(words))
    labels = {round(value / top * rows): text for value, text in zip([0.0, *at], texts, strict=True)}
    gutter = max(map(cell_len, texts))
    bar = max(1, min(WIDEST_BAR if len(groups) == 1 else 2, (panel - gutter - 2) // len(edges)))
    return _Scales(edges, bar, rows, top, labels, gutter, len(groups) == 1)


def _panel(
    group: str, bins: list[Bin], scales: _Scales, panel: int, words: Words, style: Style
) -> list[tuple[str, str]]:
    """Return the lines of one panel, each without and with escape codes, so that the former can be measured."""
    found = {(one.low, one.high): one for one in bins}
    columns = [_bar(found.get(edge), scales) for edge in scales.bins]
    lines = [(text, style.bold(text)) for text in ([shortened(group, panel)] if group and not scales.single else [])]
    for level in range(scales.rows, 0, -1):
        label = right(scales.labels.get(level, ""), scales.gutter)
        tick = "┤" if level in scales.labels else "│"
        bars = "".join(column[level - 1] for column in columns)
        shown = style.mark(NORMAL).join(style.ink(part) for part in bars.split(NORMAL))
        lines.append((f"{label} {tick}{bars}", f"{style.dim(f'{label} {tick}')}{shown}"))
    axis = Axis(scales.bins[0][0], scales.bins[-1][1], len(scales.bins) * scales.bar)
    rule, numbers = axis.lines(notation_of(words))
    zero = right(scales.labels.get(0, ""), scales.gutter)
    for text in (f"{zero} └{rule}", f"{' ' * scales.gutter}  {numbers}"):
        lines.append((text, style.dim(text)))
    return lines


def _bar(one: Bin | None, scales: _Scales) -> list[str]:
    """Return one bar from the bottom up, `scales.bar` cells wide; a bar that is not empty shows at least one eighth."""
    value = one.value if one is not None and one.value is not None else 0.0
    eighths = round(value / scales.top * scales.rows * 8)
    eighths = max(1, eighths) if value > 0 else 0
    cells = [EIGHTHS[min(8, max(0, eighths - 8 * level))] * scales.bar for level in range(scales.rows)]
    if one is not None and one.normal is not None:
        level = min(scales.rows - 1, int(one.normal / scales.top * scales.rows))
        middle = scales.bar // 2
        cells[level] = cells[level][:middle] + NORMAL + cells[level][middle + 1 :]
    return cells


def _side_by_side(plains: list[str], shown: list[str], panel: int) -> str:
    parts = [text + " " * (panel - cell_len(plain)) for plain, text in zip(plains, shown, strict=True)]
    return (" " * PANEL_GAP).join(parts).rstrip()
