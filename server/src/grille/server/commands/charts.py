"""Vega-Lite specifications of plots, made of released tables alone. Text values are resolved when encoded."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Table
from grille.server.text import Language, Text

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
INK = "#34506b"
FILL = "#9db8d2"
ACCENT = "#b5532c"
# Up to so many boxes stand far enough apart that their names need not lean; steps and letters in pixels.
FEW = 4
BOX_STEP = 46
LETTER = 6.5
# d3-format: up to five significant digits, thousands separated, no exponent.
FIGURE = ",.5~r"
SMALL = "~e"


def records(table: Table) -> list[dict[str, Any]]:
    """Return the rows as records; the label stands for the value where a cell has one."""
    records = []
    for row in table.rows:
        record: dict[str, Any] = {}
        for column, cell in zip(table.columns, row, strict=True):
            record[column.key] = cell.value if cell.label is None else cell.label
        records.append(record)
    return records


def box_chart(table: Table, value_title: Text, horizontal: bool) -> dict[str, Any]:
    """Return a box plot of a `boxes` table: whiskers, box, median, mean."""
    value, group = ("x", "y") if horizontal else ("y", "x")

    def along(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "title": value_title, "scale": {"zero": False}}

    def cap(field: str) -> dict[str, Any]:
        return {"mark": {"type": "tick", "size": 9, "thickness": 1, "color": INK}, "encoding": {value: along(field)}}

    order = _order(table)
    longest = max((len(str(name.en if isinstance(name, Text) else name)) for name in order), default=0)
    level = len(order) <= FEW
    step = max(BOX_STEP, LETTER * longest) if level else BOX_STEP
    names = {"labelLimit": 240, **({} if horizontal else {"labelAngle": 0 if level else -40})}
    groups = {"field": "group", "type": "nominal", "title": table.columns[0].label, "sort": order, "axis": names}
    tooltip = [
        {"field": column.key, "title": column.label, "type": "nominal"}
        if column.key == "group"
        else {"field": column.key, "title": column.label, "type": "quantitative", "format": FIGURE}
        for column in table.columns
    ]
    return {
        "$schema": SCHEMA,
        "data": {"values": records(table)},
        "width": 420 if horizontal else {"step": step},
        "height": {"step": 26} if horizontal else 320,
        "encoding": {group: groups, "tooltip": tooltip},
        "layer": [
            {
                "mark": {"type": "rule", "color": INK},
                "encoding": {value: along("whisker_low"), f"{value}2": {"field": "whisker_high"}},
            },
            cap("whisker_low"),
            cap("whisker_high"),
            {
                "mark": {"type": "bar", "size": 16, "color": FILL, "stroke": INK},
                "encoding": {value: along("p25"), f"{value}2": {"field": "p75"}},
            },
            {
                "mark": {"type": "tick", "size": 16, "thickness": 2, "color": INK},
                "encoding": {value: along("p50")},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 36, "color": ACCENT, "opacity": 1},
                "encoding": {value: along("mean")},
            },
        ],
    }


def histogram_chart(
    table: Table, variable: Text, scale: Text, normal: bool, groups: int, discrete: bool
) -> dict[str, Any]:
    """Return a histogram of a `bins` table, one panel per group."""
    across: dict[str, Any] = {
        "x": {"field": "low", "type": "quantitative", "title": variable, "bin": {"binned": True}},
        "x2": {"field": "high"},
    }
    if discrete:
        across = {"x": {"field": "low", "type": "ordinal", "title": variable}}
    bars = {
        "mark": {"type": "bar", "color": FILL, "stroke": INK, "strokeWidth": 0.5},
        "encoding": {
            **across,
            "y": {"field": "value", "type": "quantitative", "title": scale, **_heights(table)},
            "tooltip": [
                {"field": key, "title": title, "type": "quantitative", "format": FIGURE}
                for key, title in (("low", Text("from", "fra")), ("high", Text("to", "til")), ("value", scale))
            ],
        },
    }
    layers: list[dict[str, Any]] = [bars]
    if normal:
        layers.append(
            {
                "transform": [{"calculate": "(datum.low + datum.high) / 2", "as": "middle"}],
                "mark": {"type": "line", "color": ACCENT, "interpolate": "monotone"},
                "encoding": {
                    "x": {"field": "middle", "type": "ordinal" if discrete else "quantitative"},
                    "y": {"field": "normal", "type": "quantitative"},
                },
            }
        )
    chart: dict[str, Any] = {"$schema": SCHEMA, "data": {"values": records(table)}}
    if groups <= 1:
        return {**chart, "width": 420, "height": 280, "layer": layers}
    panel = {"width": 200, "height": 130, "layer": layers}
    facet = {"field": "group", "type": "nominal", "title": None, "sort": _order(table)}
    return {**chart, "facet": facet, "columns": 3, "spec": panel}


def _order(table: Table) -> list[Any]:
    """Return the names of the groups in the order of the table, which neither layers nor panels keep by themselves."""
    return list(dict.fromkeys(record["group"] for record in records(table)))


def _heights(table: Table) -> dict[str, Any]:
    """Return the axis of heights: those of a density are written with an exponent when they are minute."""
    at = [column.key for column in table.columns].index("value")
    values = [row[at].value for row in table.rows]
    highest = max((value for value in values if isinstance(value, int | float)), default=0.0)
    return (
        {"axis": {"format": SMALL, "labelExpr": "datum.value === 0 ? '0' : datum.label"}} if 0 < highest < 1e-3 else {}
    )


def resolve(value: Any, language: Language) -> Any:
    """Return a specification with every Text resolved to `language`."""
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, dict):
        return {key: resolve(one, language) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(one, language) for one in value]
    return value
