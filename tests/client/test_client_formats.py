"""CSV, Markdown and HTML hold the same figures as the screen, and the HTML page asks the network for nothing."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grille.client.cli import outcome
from grille.client.environment import Environment

SPECIFICATION = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"a": "</script><b>x", "b": 28}, {"a": "B", "b": 55}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}},
}
COLUMNS = "variable:text:Variable|mean:number:Mean|n:count:Units"


@pytest.fixture
def played(scripted: Any, make: SimpleNamespace, tmp_path: Path) -> str:
    first = make.table_block(
        "summary", "Summary", COLUMNS, ("lønn, brutto", 412310.0, 24288), ("x|y", "!suppressed", 5)
    )
    second = make.table_block("summary", "<b>Title</b>", COLUMNS, (("1", "=Label"), 0.5, 10))
    plot = make.plot_block("barchart", "Bars", SPECIFICATION)
    scripted.answered(1, "summarize", "summarize lønn", first, second, rules=("winsorise",))
    scripted.answered(3, "barchart", "barchart (count) a", plot, make.notice_block("note", "A *note* <i>"))
    path = tmp_path / "wages.txt"
    path.write_text("summarize lønn\n")
    return str(path)


def out_of(environment: Environment) -> str:
    assert isinstance(environment.stdout, io.StringIO)
    return environment.stdout.getvalue()


def test_csv_sections_name_their_table_and_keep_plain_numbers(signed_in: Environment, played: str) -> None:
    assert outcome(["run", played, "--format", "csv", "--lang", "no"], signed_in) == 0
    first, second = out_of(signed_in).split("\n\n")
    assert first.splitlines()[0] == "# 1-summarize-summary"
    rows = list(csv.reader(io.StringIO(first.split("\n", 1)[1])))
    assert rows == [
        ["variable", "mean", "mean_flag", "n"],
        ["lønn, brutto", "412310.0", "", "24288"],
        ["x|y", "", "suppressed", "5"],
    ]
    assert list(csv.reader(io.StringIO(second.split("\n", 1)[1])))[1] == ["1", "0.5", "10"]


def test_csv_in_a_folder_is_one_file_per_table(signed_in: Environment, played: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert outcome(["run", played, "--format", "csv", "--out", str(folder)], signed_in) == 0
    assert sorted(one.name for one in folder.iterdir()) == ["1-summarize-summary-2.csv", "1-summarize-summary.csv"]
    assert out_of(signed_in) == ""


@pytest.mark.parametrize(
    "form, name", [("html", "result.html"), ("markdown", "result.md"), ("text", None), ("json", "result.json")]
)
def test_a_folder_gets_the_document_its_tables_and_its_plots(
    signed_in: Environment, played: str, tmp_path: Path, form: str, name: str | None
) -> None:
    folder = tmp_path / "out"
    assert outcome(["run", played, "--format", form, "--out", str(folder)], signed_in) == 0
    files = {one.name for one in folder.iterdir()}
    assert (name is None) == ("summarize" in out_of(signed_in))
    assert name is None or name in files
    if form != "json":
        assert {"3-barchart-barchart.svg", "3-barchart-barchart.png", "1-summarize-summary.csv"} <= files
        assert (folder / "3-barchart-barchart.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / "3-barchart-barchart.svg").read_text()


def test_a_text_file_holds_what_the_screen_would_show(signed_in: Environment, played: str, tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    assert outcome(["run", played, "--out", str(path)], signed_in) == 0
    assert out_of(signed_in) == ""
    assert "412,310" in path.read_text()


def test_an_unwritable_place_is_a_usage_error(signed_in: Environment, played: str, tmp_path: Path) -> None:
    assert outcome(["run", played, "--out", str(tmp_path / "none" / "x.txt")], signed_in) == 2


def test_markdown_tables_are_tables_whatever_their_texts_hold(signed_in: Environment, played: str) -> None:
    assert outcome(["run", played, "--format", "markdown"], signed_in) == 0
    lines = out_of(signed_in).splitlines()
    at = lines.index("| Variable | Mean | Units |")
    assert lines[at + 1] == "| :--- | ---: | ---: |"
    assert lines[at + 2] == "| lønn, brutto | 412,310 | 24,288 |"
    assert lines[at + 3] == "| x\\|y | · | 5 |"
    assert "A \\*note\\* \\<i\\>" in lines


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in_cell = tag in ("td", "th")
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]

    def handle_data(self, data: str) -> None:
        if self._in_cell and data.strip():
            self.cells.append(data.strip("\u2007\u2008\n "))
            self._in_cell = False


def test_the_page_holds_the_tables_escaped_and_loads_nothing(signed_in: Environment, played: str) -> None:
    assert outcome(["run", played, "--format", "html"], signed_in) == 0
    text = out_of(signed_in)
    page = _Page(text)
    assert page.addresses == []
    assert "i" not in page.tags
    assert page.tags.count("table") == 2
    assert {"lønn, brutto", "412,310", "24,288", "Label"} <= set(page.cells)
    assert "&lt;b&gt;Title&lt;/b&gt;" in text
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(http" not in text


def test_the_page_carries_its_plots_and_their_library(signed_in: Environment, played: str) -> None:
    assert outcome(["run", played, "--format", "html"], signed_in) == 0
    text = out_of(signed_in)
    found = re.search(r'<script type="application/json" id="plots">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    assert json.loads(found.group(1)) == [SPECIFICATION]
    assert 'id="plot-0"' in text
    assert len(text) > 500_000


def test_a_page_without_plots_is_small(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, played: str
) -> None:
    scripted.events.clear()
    scripted.answered(1, "summarize", "summarize x", make.table_block("summary", "S", COLUMNS, ("x", 1.5, 10)))
    assert outcome(["run", played, "--format", "html"], signed_in) == 0
    assert len(out_of(signed_in)) < 20_000
    assert "<script" not in out_of(signed_in)


def test_missing_plot_support_is_told_before_anything_runs(
    signed_in: Environment, scripted: Any, played: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "vl_convert" else real(name, *rest)
    )
    assert outcome(["run", played, "--format", "html", "--out", str(tmp_path / "out")], signed_in) == 2
    assert scripted.scripts == []
    assert isinstance(signed_in.stderr, io.StringIO)
    assert "grille[plots]" in signed_in.stderr.getvalue()


def test_a_plot_follows_no_address(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, played: str, tmp_path: Path
) -> None:
    specification = {**SPECIFICATION, "data": {"url": "http://127.0.0.1:9/rows.json"}}
    scripted.events.clear()
    scripted.answered(1, "barchart", "barchart (count) a", make.plot_block("barchart", "Bars", specification))
    assert outcome(["run", played, "--out", str(tmp_path / "out")], signed_in) == 1
    assert isinstance(signed_in.stderr, io.StringIO)
    assert "PLOT_NOT_DRAWN" in signed_in.stderr.getvalue()
