"""A plot of coefficients shows each term once, in order, and no figure that its table withholds."""

from __future__ import annotations

from typing import Any

from grille.server.blocks import Cell, Column, Flag, Format, Table
from grille.server.commands.charts import resolve
from grille.server.commands.coefplot_chart import coefficient_chart
from grille.server.text import Language, Text, same

KEYS = ("term", "estimate", "std_error", "ci_low", "ci_high")


def coefficients(*rows: tuple[Cell, ...]) -> Table:
    heads = (Text("Variable", "Variabel"), Text("Coefficient", "Koeffisient"), *map(same, KEYS[2:]))
    columns = tuple(Column(key, head, Format.NUMBER) for key, head in zip(KEYS, heads, strict=True))
    return Table("coefficients", same("Coefficients"), columns, rows)


def term(key: str, label: Text, *figures: float | None) -> tuple[Cell, ...]:
    cells = (Cell(None, Flag.SUPPRESSED) if one is None else Cell(one) for one in figures)
    return (Cell(key, label=label), *cells)


def test_terms_stand_in_the_order_of_the_table_without_the_constant() -> None:
    table = coefficients(
        term("z", same("z"), 1.0, 0.1, 0.8, 1.2),
        term("i.a=2", Text("a: Yes", "a: Ja"), 2.0, 0.1, 1.8, 2.2),
        term("_cons", Text("Constant", "Konstant"), 3e5, 1.0, 3e5, 3e5),
    )
    chart: dict[str, Any] = resolve(coefficient_chart(table), Language.NORWEGIAN)
    assert chart["encoding"]["y"]["sort"] == ["z", "a: Ja"]
    assert chart["data"]["values"] == [
        {"term": "z", "estimate": 1.0, "ci_low": 0.8, "ci_high": 1.2},
        {"term": "a: Ja", "estimate": 2.0, "ci_low": 1.8, "ci_high": 2.2},
    ]
    assert chart["encoding"]["tooltip"][1]["title"] == "Koeffisient"


def test_what_is_withheld_is_not_in_the_plot() -> None:
    table = coefficients(term("a", same("a"), None, None, None, None), term("b", same("b"), 1.0, 0.1, 0.8, 1.2))
    assert [row["term"] for row in coefficient_chart(table)["data"]["values"]] == [same("b")]


def test_terms_with_one_name_keep_lines_of_their_own() -> None:
    table = coefficients(
        term("i.a=1", same("Yes"), None, None, None, None),
        term("i.a=2", same("Yes"), 1.0, 0.1, 0.8, 1.2),
        term("i.b=2", same("Yes"), 2.0, 0.1, 1.8, 2.2),
    )
    chart = coefficient_chart(table)
    assert chart["encoding"]["y"]["sort"] == ["i.a=2", "i.b=2"]
    assert [row["term"] for row in chart["data"]["values"]] == ["i.a=2", "i.b=2"]
