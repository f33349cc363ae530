"""Drawings put every mark at its value, stay within the width and never invent a figure."""

import re
from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from grille.client.render.axis import Axis, ticks
from grille.client.render.boxes import draw_boxes
from grille.client.render.drawings import drawn
from grille.client.render.histogram import draw_histogram
from grille.client.render.numbers import notation_of
from grille.client.render.style import Style
from grille.client.words import Words

PLAIN = Style(colours=False)
BOXES = (
    "group:text:County|n:count:Units|whisker_low:number:Low|p25:number:25 %|p50:number:Median|p75:number:75 %|"
    "whisker_high:number:High|mean:number:Mean"
)
BINS = "group:text:Sex|low:number:From|high:number:To|value:number:Density|normal:number:Normal"


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-3.2, 17.9), (1e5, 1.4e6), (0.001, 0.0042)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    at = ticks(low, high, 5)
    assert 2 <= len(at) <= 8
    assert all(low <= value <= high for value in at)
    step = at[1] - at[0]
    assert f"{step:e}"[0] in "125"


def test_ticks_of_a_single_value_are_that_value() -> None:
    assert ticks(4.0, 4.0, 5) == [4.0]


def test_tick_labels_never_touch() -> None:
    for cells in range(20, 90, 7):
        rule, labels = Axis(0.0, 1_234_567.0, cells).lines(notation_of(Words.ENGLISH))
        assert cell_len(rule) == cells
        assert cell_len(labels) <= cells
        assert labels.strip() == "" or len(re.split(r"\s{2,}", labels.strip())) == rule.count("┴")


def test_a_box_has_its_marks_in_the_order_of_their_values(make: SimpleNamespace) -> None:
    table = make.table(BOXES, ("Oslo", 1200, 0.0, 25.0, 50.0, 75.0, 100.0, 60.0))
    lines = draw_boxes("Wage", table, 100, Words.ENGLISH, PLAIN)
    assert lines is not None
    [line] = [line for line in lines if line.startswith("Oslo")]
    assert "1,200" in line
    places = [line.index(mark) for mark in ("├", "▒", "┃", "•", "┤")]
    assert places == sorted(places)
    span = places[-1] - places[0]
    assert abs((places[2] - places[0]) / span - 0.5) < 0.03
    assert abs((places[3] - places[0]) / span - 0.6) < 0.03


def test_boxes_share_one_axis(make: SimpleNamespace) -> None:
    table = make.table(
        BOXES, ("a", 100, 0.0, 10.0, 20.0, 30.0, 100.0, 21.0), ("b", 100, 50.0, 60.0, 70.0, 80.0, 100.0, 71.0)
    )
    lines = draw_boxes("", table, 80, Words.ENGLISH, PLAIN)
    assert lines is not None
    first, second = (next(line for line in lines if line.startswith(name)) for name in "ab")
    assert first.index("├") < second.index("├")
    assert first.index("┤") == second.index("┤")


def test_a_withheld_group_has_no_box(make: SimpleNamespace) -> None:
    table = make.table(BOXES, ("a", 100, 0.0, 10.0, 20.0, 30.0, 100.0, 21.0), ("b", *["!suppressed"] * 7))
    lines = draw_boxes("", table, 80, Words.ENGLISH, PLAIN)
    assert lines is not None
    [line] = [line for line in lines if line.startswith("b")]
    assert set(line) <= set("b· ")


def test_a_box_without_whiskers_is_still_drawn(make: SimpleNamespace) -> None:
    absent = "!not_available"
    table = make.table(BOXES, ("a", 60, absent, 10.0, 20.0, 30.0, absent, 21.0))
    lines = draw_boxes("", table, 80, Words.ENGLISH, PLAIN)
    assert lines is not None
    [line] = [line for line in lines if line.startswith("a")]
    assert "▒" in line
    assert "├" not in line


def test_no_box_means_no_drawing(make: SimpleNamespace) -> None:
    assert draw_boxes("", make.table(BOXES, ("a", *["!suppressed"] * 7)), 80, Words.ENGLISH, PLAIN) is None


def histogram_rows(groups: str, bins: int = 10) -> list[tuple[object, ...]]:
    return [
        (group, float(i), float(i + 1), float(1 + (i if group == groups[0] else bins - i)), float(i + 1))
        for group in groups
        for i in range(bins)
    ]


def test_bars_are_as_high_as_their_values(make: SimpleNamespace) -> None:
    table = make.table(
        BINS.rsplit("|", 1)[0], *[("all", float(i), i + 1.0, v) for i, v in enumerate((0.0, 2.0, 4.0, 1.0))]
    )
    lines = draw_histogram("", table, 80, Words.ENGLISH, PLAIN)
    assert lines is not None
    bars = [re.split("[│┤]", line, maxsplit=1)[1].ljust(12) for line in lines if re.match(r"[\d. ]*[│┤]", line)]
    heights = [sum(line[i * 3 + 1] == "█" for line in bars) for i in range(4)]
    assert heights == [0, 6, 12, 3]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("groups", ["a", "ab", "abcde"])
def test_panels_use_the_width_and_no_more(make: SimpleNamespace, width: int, groups: str) -> None:
    lines = draw_histogram("Age", make.table(BINS, *histogram_rows(groups)), width, Words.ENGLISH, PLAIN)
    assert lines is not None
    assert max(map(cell_len, lines)) <= width
    headings = [line for line in lines if line.strip() and set(line) <= set("abcde ")]
    assert "".join(headings).replace(" ", "") == (groups if len(groups) > 1 else "")
    if width == 120 and len(groups) == 2:
        assert len(headings) == 1


def test_a_plot_is_drawn_from_the_table_beside_it(make: SimpleNamespace) -> None:
    blocks = [
        make.plot_block("histogram", "Age", {}),
        make.table_block("bins", "Age", BINS, *histogram_rows("a")),
        make.plot_block("sankey", "Flows", {}),
    ]
    [one] = drawn(blocks, 80, Words.ENGLISH, PLAIN)
    assert (one.plot, one.table) == (0, 1)
    assert "█" in "".join(one.lines)
