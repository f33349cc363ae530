"""Plots say what they show: groups in the order of the table, whole whiskers, numbers that can be read."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Cell, Column, Flag, Format, Table
from grille.server.commands.charts import box_chart, histogram_chart, resolve
from grille.server.text import Language, Text, same

BOX_KEYS = ("group", "n", "whisker_low", "p25", "p50", "p75", "whisker_high", "mean")


def boxes(*names: str) -> Table:
    columns = tuple(Column(key, same(key), Format.TEXT if key == "group" else Format.NUMBER) for key in BOX_KEYS)
    rows = []
    for place, name in enumerate(names):
        whisker = Cell(None, Flag.NOT_AVAILABLE) if place == 0 else Cell(1.0)
        label = Text(name, f"{name} (no)")
        rows.append((Cell(name, label=label), Cell(50), whisker, Cell(2.0), Cell(3.0), Cell(4.0), whisker, Cell(3.5)))
    return Table("boxes", same("Boxes"), columns, tuple(rows))


def bins(highest: float) -> Table:
    keys = ("group", "low", "high", "value")
    columns = tuple(Column(key, same(key), Format.NUMBER) for key in keys)
    rows = tuple((Cell(g), Cell(0.0), Cell(1.0), Cell(highest)) for g in ("north", "east"))
    return Table("bins", same("Bins"), columns, rows)


def test_boxes_stand_in_the_order_of_the_table_also_when_one_has_no_whiskers() -> None:
    chart: dict[str, Any] = resolve(box_chart(boxes("z", "a", "m"), same("Wages"), False), Language.NORWEGIAN)
    assert chart["encoding"]["x"]["sort"] == ["z (no)", "a (no)", "m (no)"]
    assert [record["group"] for record in chart["data"]["values"]] == chart["encoding"]["x"]["sort"]


def test_whiskers_end_in_caps_and_the_mean_is_opaque() -> None:
    layers = box_chart(boxes("a"), same("Wages"), True)["layer"]
    ticks = [layer["encoding"]["x"]["field"] for layer in layers if layer["mark"]["type"] == "tick"]
    assert ticks == ["whisker_low", "whisker_high", "p50"]
    [mean] = [layer for layer in layers if layer["mark"]["type"] == "point"]
    assert mean["mark"]["opacity"] == 1


def test_names_lean_only_where_they_would_collide() -> None:
    few = box_chart(boxes("short", "longer name"), same("Wages"), False)
    many = box_chart(boxes(*"abcdefgh"), same("Wages"), False)
    assert few["encoding"]["x"]["axis"]["labelAngle"] == 0
    assert few["width"]["step"] >= len("longer name") * 6
    assert many["encoding"]["x"]["axis"]["labelAngle"] == -40


def test_panels_follow_the_table_and_only_minute_densities_take_an_exponent() -> None:
    minute = histogram_chart(bins(2e-6), same("Wages"), same("Density"), False, 2, False)
    counts = histogram_chart(bins(2_000.0), same("Wages"), same("Units"), False, 2, False)
    assert minute["facet"]["sort"] == ["north", "east"]
    assert minute["spec"]["layer"][0]["encoding"]["y"]["axis"]["format"] == "~e"
    assert "axis" not in counts["spec"]["layer"][0]["encoding"]["y"]
