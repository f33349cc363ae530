"""Tables on a terminal stay within the width, keep numbers whole and explain their marks."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from grille.client.render.style import Style
from grille.client.render.table import table_lines
from grille.client.words import Words

PLAIN = Style(colours=False)


def lines_of(table: object, width: int = 100, words: Words = Words.ENGLISH) -> list[str]:
    return table_lines("Title", table, width, words, PLAIN)  # type: ignore[arg-type]


def test_a_table_is_ruled_and_aligned(make: SimpleNamespace) -> None:
    table = make.table("term:text:Term|b:number:Estimate|p:p:P", ("wage", 0.12345, 0.0), ("age", 12.5, 0.0451))
    assert lines_of(table) == [
        "Title",
        "──────────────────────",
        "Term  Estimate       P",
        "──────────────────────",
        "wage   0.12345  <0.001",
        "age   12.500     0.045",
        "──────────────────────",
    ]


def test_marks_are_shown_and_explained(make: SimpleNamespace) -> None:
    table = make.table(
        "v:text:Variable|n:count:N|x:number:Variance|s:number:SE",
        ("a", "!suppressed", (0.0, "boundary"), "!not_available"),
        ("b", "!below_threshold", 1.5, None),
    )
    text = "\n".join(lines_of(table))
    for shown in ("·", "<10", "0 (boundary)", "–", "· withheld to protect units", "boundary of its range"):
        assert shown in text
    assert "holdt tilbake" in "\n".join(lines_of(table, words=Words.NORWEGIAN))


def test_a_label_is_shown_in_place_of_its_value(make: SimpleNamespace) -> None:
    text = "\n".join(lines_of(make.table("v:text:V|n:count:N", (("03", "=Oslo"), 5))))
    assert "Oslo" in text
    assert "03" not in text


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_wide_table_folds_into_panels_that_repeat_the_row_labels(make: SimpleNamespace, width: int) -> None:
    columns = "|".join(["county:text:County", *(f"c{i}:count:Category number {i}" for i in range(15))])
    rows = [(name, *(123456 * (i + 1) for i in range(15))) for name in ("Oslo", "Møre og Romsdal")]
    lines = lines_of(make.table(columns, *rows), width)
    assert max(map(cell_len, lines)) <= width
    panels = sum(line.startswith("Oslo") for line in lines)
    assert panels > 1
    assert sum(line.startswith("Møre og Romsdal") for line in lines) == panels
    for i in range(15):
        assert sum(f"{123456 * (i + 1):,}" in line.split() for line in lines) == 2


def test_a_slightly_wide_table_gives_up_alignment_before_it_is_folded(make: SimpleNamespace) -> None:
    columns = "t:text:Term|" + "|".join(f"c{i}:number:Column{i}" for i in range(6))
    rows = [("wage", *[58321.0] * 6), ("age", *[0.061235] * 6)]
    table = make.table(columns, *rows)
    assert max(map(cell_len, lines_of(table, 120))) > 70
    folded = lines_of(table, 70)
    assert sum(line.startswith("wage") for line in folded) == 1
    assert max(map(cell_len, folded)) <= 70


def test_outer_row_labels_are_not_repeated_and_the_total_is_set_apart(make: SimpleNamespace) -> None:
    table = make.table("a:text:A|b:text:B|n:count:N", ("x", "1", 10), ("x", "2", 20), ("total", "total", 30))
    lines = lines_of(table)
    assert sum(line.startswith("x") for line in lines) == 1
    assert lines[-3].startswith("─")
    assert lines[-2].split() == ["total", "30"]


def test_a_category_called_total_in_other_rows_keeps_its_name(make: SimpleNamespace) -> None:
    table = make.table("a:text:A|b:text:B|n:count:N", ("x", "1", 10), ("x", "total", 20), ("total", "total", 30))
    assert [line.split() for line in lines_of(table)[4:6]] == [["x", "1", "10"], ["total", "20"]]


def test_no_label_can_move_the_cursor(make: SimpleNamespace) -> None:
    table = make.table("a:text:\x1b[31mA|n:count:N", ("\x1b[2Jx\r\n", 1))
    assert not any(character < " " for line in lines_of(table) for character in line)


def test_a_table_without_rows_says_so(make: SimpleNamespace) -> None:
    assert "(no rows)" in lines_of(make.table("a:text:A|n:count:N"))


def test_colours_change_no_text(make: SimpleNamespace) -> None:
    import re

    table = make.table("a:text:A|n:count:N", ("x", 1), ("y", "!suppressed"))
    coloured = table_lines("Title", table, 80, Words.ENGLISH, Style(colours=True))
    assert any("\x1b[" in line for line in coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == table_lines(
        "Title", table, 80, Words.ENGLISH, PLAIN
    )


def test_names_stay_whole_where_titles_can_be_broken(make: SimpleNamespace) -> None:
    name = "BEFOLKNING_BARN_I_REGSTAT_FAMNR"
    title = "Number of children between 0 and 17 years of age in the family of the person"
    table = make.table("n:text:Name|t:text:Title|v:text:Valid", (name, title, "2015-01-01 – 2025-01-01"))
    lines = lines_of(table, 80)
    assert any(line.startswith(f"{name}  ") for line in lines)
    assert max(map(cell_len, lines)) <= 80
