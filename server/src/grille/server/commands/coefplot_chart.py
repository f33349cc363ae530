"""The Vega-Lite specification of a plot of coefficients, made of the released table alone."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Table
from grille.server.commands.charts import ACCENT, FIGURE, INK, SCHEMA, records
from grille.server.disclosure.rules.constant import TERM

ZERO = "#8a8a8a"
ROW = 24
FIGURES = ("estimate", "ci_low", "ci_high")


def coefficient_chart(table: Table) -> dict[str, Any]:
    """Return a point with its interval per term of a `coefficients` table, in its order; the constant is left out."""
    drawn = [
        (row[0].value, {key: record[key] for key in ("term", *FIGURES)})
        for row, record in zip(table.rows, records(table), strict=True)
        if row[0].value != TERM and all(record[key] is not None for key in FIGURES)
    ]
    rows = [record for _, record in drawn]
    if len({row["term"] for row in rows}) < len(rows):  # two of one name would share a line
        rows = [{**record, "term": key} for key, record in drawn]
    heads = {column.key: column.label for column in table.columns}
    order = [row["term"] for row in rows]

    def along(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "title": heads["estimate"], "axis": {"labelFlush": False}}

    def cap(field: str) -> dict[str, Any]:
        return {"mark": {"type": "tick", "size": 9, "thickness": 1, "color": INK}, "encoding": {"x": along(field)}}

    tooltip = [{"field": "term", "title": heads["term"], "type": "nominal"}]
    tooltip += [{"field": key, "title": heads[key], "type": "quantitative", "format": FIGURE} for key in FIGURES]
    names = {"labelLimit": 260, "grid": True, "gridOpacity": 0.4}
    terms = {"field": "term", "type": "nominal", "title": None, "sort": order, "axis": names}
    return {
        "$schema": SCHEMA,
        "data": {"values": rows},
        "width": 420,
        "height": {"step": ROW},
        "encoding": {"y": terms, "tooltip": tooltip},
        "layer": [
            {"mark": {"type": "rule", "color": ZERO, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": 0}, "y": None}},
            {
                "mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
                "encoding": {"x": along("ci_low"), "x2": {"field": "ci_high"}},
            },
            cap("ci_low"),
            cap("ci_high"),
            {
                "mark": {"type": "point", "filled": True, "size": 55, "color": ACCENT, "opacity": 1},
                "encoding": {"x": along("estimate")},
            },
        ],
    }
