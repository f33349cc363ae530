"""Laying out released cells as tables: the last variable across, the others down the side, totals last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.blocks import Cell, Column, Flag, Format, Table
from grille.server.commands.cube import code_text
from grille.server.disclosure.evidence import Axis
from grille.server.disclosure.released import ReleasedCounts, ReleasedMagnitudes
from grille.server.text import Text, same

TOTAL = Text("Total", "Total")

TITLES: dict[str, tuple[str, Text, Format]] = {
    "freq": ("frequencies", Text("Frequencies", "Frekvenser"), Format.COUNT),
    "rowpct": ("row_percent", Text("Row percent", "Radprosent"), Format.PERCENT),
    "colpct": ("column_percent", Text("Column percent", "Kolonneprosent"), Format.PERCENT),
    "cellpct": ("cell_percent", Text("Percent", "Prosent"), Format.PERCENT),
    "mean": ("mean", Text("Mean", "Gjennomsnitt"), Format.NUMBER),
    "std": ("std", Text("Standard deviation", "Standardavvik"), Format.NUMBER),
    "sum": ("sum", Text("Sum", "Sum"), Format.NUMBER),
    "p25": ("p25", Text("25th percentile", "25-prosentil"), Format.NUMBER),
    "p50": ("p50", Text("Median", "Median"), Format.NUMBER),
    "p75": ("p75", Text("75th percentile", "75-prosentil"), Format.NUMBER),
    "gini": ("gini", Text("Gini coefficient", "Gini-koeffisient"), Format.NUMBER),
    "iqr": ("iqr", Text("Interquartile range", "Kvartilbredde"), Format.NUMBER),
    "n": ("n", Text("Units", "Antall"), Format.COUNT),
}


@dataclass(frozen=True, slots=True)
class TableView:
    """How a table is shown: statistics in order, whether labels are left out, the variable summarised."""

    shown: tuple[str, ...]
    nolabels: bool
    summarized: Text | None


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells by place; `visible` says per axis which categories have a margin that may be shown."""

    axes: tuple[Axis, ...]
    index: dict[tuple[int, ...], int]
    visible: tuple[tuple[int, ...], ...]

    def row(self, place: tuple[int, ...]) -> int | None:
        return self.index.get(place)


def _grid(axes: tuple[Axis, ...], positions: NDArray[np.int64], margin: NDArray[np.float64]) -> _Grid:
    index = {tuple(place): number for number, place in enumerate(positions.tolist())}
    visible = []
    for axis in range(len(axes)):
        shown = []
        for code in range(len(axes[axis].codes)):
            place = tuple(code if one == axis else -1 for one in range(len(axes)))
            row = index.get(place)
            if row is not None and np.isfinite(margin[row]) and margin[row] > 0:
                shown.append(code)
        visible.append(tuple(shown))
    return _Grid(axes, index, tuple(visible))


def count_tables(content: ReleasedCounts) -> tuple[Table, ...]:
    """Lay out counts and the shares made of them."""
    view = content.view
    assert isinstance(view, TableView)
    grid = _grid(content.axes, content.positions, content.n)
    figures = {name: _counts_of(name, content, grid) for name in view.shown}
    return _tables(grid, view, figures)


def _counts_of(name: str, content: ReleasedCounts, grid: _Grid) -> Callable[[tuple[int, ...]], Cell]:
    n, empty = content.n, np.nan if content.protected else 0.0

    def base(place: tuple[int, ...]) -> tuple[int, ...]:
        last = len(place) - 1
        if name == "rowpct":
            return tuple(-1 if axis == last else spot for axis, spot in enumerate(place))
        if name == "colpct":
            return tuple(spot if axis == last else -1 for axis, spot in enumerate(place))
        return (-1,) * len(place)

    def cell(place: tuple[int, ...]) -> Cell:
        row = grid.row(place)
        value = empty if row is None else float(n[row])
        if np.isnan(value):
            return Cell(None, Flag.SUPPRESSED)
        if name == "freq":
            return Cell(int(value))
        against = grid.row(base(place))
        whole = empty if against is None else float(n[against])
        if np.isnan(whole) or whole <= 0:
            return Cell(None, Flag.NOT_AVAILABLE)
        return Cell(round(100 * value / whole, 1))

    return cell


def statistic_tables(content: ReleasedMagnitudes) -> tuple[Table, ...]:
    """Lay out statistics of the one summarised variable."""
    view = content.view
    assert isinstance(view, TableView)
    variable = content.variables[0]
    grid = _grid(content.axes, content.positions, np.where(content.suppressed, np.nan, variable.n))
    values = {
        "mean": variable.mean,
        "std": variable.sd,
        "sum": variable.total,
        "freq": variable.n,
        "n": variable.n,
        "p25": variable.percentiles.get(0.25),
        "p50": variable.percentiles.get(0.5),
        "p75": variable.percentiles.get(0.75),
    }
    if "iqr" in view.shown:
        values["iqr"] = variable.percentiles[0.75] - variable.percentiles[0.25]
    if "gini" in view.shown:
        values["gini"] = variable.gini
    figures = {name: _figure_of(values[name], content, grid, name) for name in view.shown}
    if len(content.axes) == 1 and "freq" not in figures:
        figures["n"] = _figure_of(variable.n, content, grid, "freq")
    return _tables(grid, view, figures)


def _figure_of(
    values: NDArray[np.float64] | None, content: ReleasedMagnitudes, grid: _Grid, name: str
) -> Callable[[tuple[int, ...]], Cell]:
    def cell(place: tuple[int, ...]) -> Cell:
        row = grid.row(place)
        if row is None or values is None:
            return Cell(None, Flag.SUPPRESSED if content.protected else Flag.NOT_AVAILABLE)
        value = float(values[row])
        if np.isnan(value):
            return Cell(None, Flag.SUPPRESSED if content.suppressed[row] else Flag.NOT_AVAILABLE)
        return Cell(int(value)) if name == "freq" else Cell(value)

    return cell


def _tables(grid: _Grid, view: TableView, figures: dict[str, Callable[[tuple[int, ...]], Cell]]) -> tuple[Table, ...]:
    about = view.summarized
    if len(grid.axes) == 1:
        return (_one_way(grid, view, figures),)
    tables = []
    for name, cell in figures.items():
        key, title, form = TITLES[name]
        heading = title if about is None or name in ("freq", "n") else _joined(title, about)
        tables.append(_crossed(grid, view, key, heading, form, cell))
    return tuple(tables)


def _joined(title: Text, about: Text) -> Text:
    return Text(f"{title.en}: {about.en}", f"{title.no}: {about.no}")


def _one_way(grid: _Grid, view: TableView, figures: dict[str, Callable[[tuple[int, ...]], Cell]]) -> Table:
    axis = grid.axes[0]
    columns = (
        Column(axis.variable, axis.title, Format.TEXT),
        *(Column(TITLES[name][0], TITLES[name][1], TITLES[name][2]) for name in figures),
    )
    places = [(code,) for code in grid.visible[0]] + [(-1,)]
    rows = tuple((_category(axis, place[0], view), *(cell(place) for cell in figures.values())) for place in places)
    title = Text("Frequencies", "Frekvenser")
    if view.summarized is not None:
        title = Text(f"{view.summarized.en} by {axis.title.en}", f"{view.summarized.no} etter {axis.title.no}")
    return Table("frequencies" if view.summarized is None else "statistics", title, columns, rows)


def _crossed(
    grid: _Grid, view: TableView, key: str, title: Text, form: Format, cell: Callable[[tuple[int, ...]], Cell]
) -> Table:
    side, across = grid.axes[:-1], grid.axes[-1]
    heads = tuple(Column(axis.variable, axis.title, Format.TEXT) for axis in side)
    spots = [*grid.visible[-1], -1]
    body = tuple(
        Column(
            "total" if spot < 0 else f"{across.variable}={code_text(across.codes[spot])}",
            _name(across, spot, view),
            form,
        )
        for spot in spots
    )
    rows = []
    for place in _side_places(grid):
        labels = tuple(_category(axis, spot, view) for axis, spot in zip(side, place, strict=True))
        rows.append(labels + tuple(cell((*place, spot)) for spot in spots))
    return Table(key, title, heads + body, tuple(rows))


def _side_places(grid: _Grid) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = [()]
    for shown in grid.visible[:-1]:
        places = [(*place, spot) for place in places for spot in (*shown, -1)]
    return [place for place in places if not _total_above_category(place)]


def _total_above_category(place: tuple[int, ...]) -> bool:
    """Tell whether a total stands left of a category: such margins are part of other tables."""
    return any(spot < 0 and any(later >= 0 for later in place[number + 1 :]) for number, spot in enumerate(place))


def _category(axis: Axis, spot: int, view: TableView) -> Cell:
    if spot < 0:
        return Cell("total", label=TOTAL)
    return Cell(code_text(axis.codes[spot]), label=_name(axis, spot, view))


def _name(axis: Axis, spot: int, view: TableView) -> Text:
    if spot < 0:
        return TOTAL
    return same(code_text(axis.codes[spot])) if view.nolabels else axis.labels[spot]
