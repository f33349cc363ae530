"""What keeps a long result readable: rules explained once, texts not echoed, steps and long tables folded away."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grille.client.cli import outcome
from grille.client.environment import Environment
from grille.v1 import results_pb2

COLUMNS = "group:text:Group|n:count:Units"
TABLE = ("counts", "Counts", COLUMNS, ("a", 20), ("b", 30))


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "wages.txt"
    path.write_text("// any\n", encoding="utf-8")
    return str(path)


def out_of(environment: Environment) -> str:
    assert isinstance(environment.stdout, io.StringIO)
    return environment.stdout.getvalue()


def prepare(scripted: Any, make: SimpleNamespace, steps: int) -> None:
    for line in range(1, steps + 1):
        told = make.notice_block("status", f"Step {line} done.")
        scripted.answered(line, "generate", f"generate x{line} = 1", told, rules=("count_noise",))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_rule_is_explained_once_then_named_and_left_out_of_steps(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str, form: str
) -> None:
    prepare(scripted, make, 3)
    scripted.answered(4, "tabulate", "tabulate a", make.table_block(*TABLE), rules=("count_noise", "rounding"))
    assert outcome(["run", script, "--format", form], signed_in) == 0
    text = out_of(signed_in).replace("\\_", "_")
    assert text.count("detail of count_noise") == 1
    assert text.count("Protection") == 3
    assert text.index("detail of count_noise") < text.index("Step 2")
    assert text.index("rounding: detail of rounding.") < text.index("Protection: count noise (see above).")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_text_block_is_shown_and_not_echoed(signed_in: Environment, scripted: Any, script: str, form: str) -> None:
    block = results_pb2.Block(key="textblock", text=results_pb2.Text(markdown="## Aims"))
    scripted.answered(1, "textblock", "textblock\n## Aims\nendblock", block)
    assert outcome(["run", script, "--format", form], signed_in) == 0
    assert "Aims" in out_of(signed_in)
    assert "endblock" not in out_of(signed_in)


def test_a_page_folds_many_steps_and_lists_many_results(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    prepare(scripted, make, 5)
    for line in range(6, 15):
        scripted.answered(line, "tabulate", f"tabulate v{line}", make.table_block(*TABLE), rules=("count_noise",))
    assert outcome(["run", script, "--format", "html"], signed_in) == 0
    page = out_of(signed_in)
    folded = page[page.index('<details class="steps">') : page.index("</details>")]
    assert folded.count("<section") == 5
    for place in range(5, 14):
        assert page.count(f'href="#result-{place}"') == page.count(f'id="result-{place}"') == 1
    after = page[page.index("</details>") :]
    assert after.count("detail of count_noise") == 1


def test_a_short_page_folds_nothing(signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str) -> None:
    prepare(scripted, make, 2)
    scripted.answered(3, "tabulate", "tabulate a", make.table_block(*TABLE))
    assert outcome(["run", script, "--format", "html"], signed_in) == 0
    assert "<details" not in out_of(signed_in)
    assert "<nav" not in out_of(signed_in)


def test_a_long_table_behind_a_plot_folds_and_keeps_its_rows(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    bins = make.table_block("bins", "Bins", COLUMNS, *((f"g{i}", 20 + i) for i in range(30)))
    scripted.answered(1, "histogram", "histogram x", make.plot_block("histogram", "H", {"mark": "bar"}), bins)
    scripted.answered(2, "tabulate", "tabulate x", bins)
    assert outcome(["run", script, "--format", "html"], signed_in) == 0
    page = out_of(signed_in)
    folded = page[page.index('<details class="values">') : page.index("</details>")]
    assert folded.count("<tr>") == 31
    assert page.count('<details class="values">') == 1
