"""Vega-Lite specifications of plots, made of released tables alone. Text values are resolved when encoded."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Table
from grille.server.text import Language, Text

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
INK = "#34506b"
FILL = "#9db8d2"
ACCENT = "#b5532c"


def _records(table: Table) -> list[dict[str, Any]]:
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

    groups = {"field": "group", "type": "nominal", "title": table.columns[0].label, "sort": None}
    tooltip = [
        {"field": column.key, "title": column.label, "type": "nominal" if column.key == "group" else "quantitative"}
        for column in table.columns
    ]
    return {
        "$schema": SCHEMA,
        "data": {"values": _records(table)},
        "width": 420 if horizontal else {"step": 46},
        "height": {"step": 26} if horizontal else 320,
        "encoding": {group: groups, "tooltip": tooltip},
        "layer": [
            {
                "mark": {"type": "rule", "color": INK},
                "encoding": {value: along("whisker_low"), f"{value}2": {"field": "whisker_high"}},
            },
            {
                "mark": {"type": "bar", "size": 16, "color": FILL, "stroke": INK},
                "encoding": {value: along("p25"), f"{value}2": {"field": "p75"}},
            },
            {
                "mark": {"type": "tick", "size": 16, "thickness": 2, "color": INK},
                "encoding": {value: along("p50")},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 36, "color": ACCENT},
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
            "y": {"field": "value", "type": "quantitative", "title": scale},
            "tooltip": [
                {"field": key, "title": title, "type": "quantitative"}
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
    chart: dict[str, Any] = {"$schema": SCHEMA, "data": {"values": _records(table)}}
    if groups <= 1:
        return {**chart, "width": 420, "height": 280, "layer": layers}
    panel = {"width": 200, "height": 130, "layer": layers}
    facet = {"field": "group", "type": "nominal", "title": None, "sort": None}
    return {**chart, "facet": facet, "columns": 3, "spec": panel}


def resolve(value: Any, language: Language) -> Any:
    """Return a specification with every Text resolved to `language`."""
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, dict):
        return {key: resolve(one, language) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(one, language) for one in value]
    return value
