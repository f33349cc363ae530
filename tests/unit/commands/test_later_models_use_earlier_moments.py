"""A model over rows that an earlier one read gives what it gives in a new session."""

from __future__ import annotations

import numpy as np
import pytest
from support.workbench import START, Workbench

from grille.server.commands import gathering
from grille.server.disclosure.evidence import ModelEvidence
from grille.server.disclosure.policy import Policy

DATA = START + (
    "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"
    "import r/SIVSTAND 2020-01-01 as state\ngenerate man = sex == '1'\ngenerate age = 2022 - int(born / 100)\n"
    "generate twelfth = born - 100 * int(born / 100)\ngenerate rough = wage / 7\n"
)
FIRST = "regress-mml wage man age twelfth by state\n"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes how the moments of each model were gathered, and gathers them."""
    notes: list[str] = []
    for name in ("collect_moments", "compress", "selected_moments"):
        real = getattr(gathering, name)

        def noted(*arguments: object, name: str = name, real: object = real) -> object:
            found = real(*arguments)  # type: ignore[operator]
            if found is not None:
                notes.append(name)
            return found

        monkeypatch.setattr(gathering, name, noted)
    return notes


def figures(evidence: object) -> list[tuple[str, float]]:
    assert isinstance(evidence, ModelEvidence)
    cells = [cell for table in evidence.tables for row in table.rows for cell in row if cell is not None]
    return [(str(cell.kind), float(cell.value)) for cell in cells if isinstance(cell.value, (int, float))]


def afresh(bench: Workbench, command: str) -> list[tuple[str, float]]:
    bench.memo.clear()
    return figures(bench.run(command))


@pytest.mark.parametrize(
    "command",
    [
        "regress-mml wage age man by state",
        "regress-mml wage twelfth by state, level(90) ml",
        "regress-mml age twelfth wage by state",  # what was a regressor is the outcome
        FIRST + FIRST,
    ],
)
def test_a_model_with_some_of_the_terms_reads_no_rows(bench: Workbench, readings: list[str], command: str) -> None:
    bench.run(DATA + FIRST)
    readings.clear()
    found = figures(bench.run(command))
    assert set(readings) == {"selected_moments"}
    # 1e-9: optimum of the same sums in another order
    np.testing.assert_allclose([v for _, v in found], [v for _, v in afresh(bench, command)], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "command",
    [
        "regress-mml wage man age i.state by twelfth",  # other groups
        "regress-mml rough man age by state",  # an outcome that was not read
        "regress-mml wage man age by state if age > 40",  # other rows
        "replace man = 1 - man\nregress-mml wage man age by state",  # another variable of that name
        "keep if age > 40\nregress-mml wage man age by state",
        "regress-mml wage i.man age by state",  # the number as categories
    ],
)
def test_other_rows_outcomes_groups_and_variables_are_read(bench: Workbench, readings: list[str], command: str) -> None:
    bench.run(DATA + FIRST)
    readings.clear()
    found = figures(bench.run(command))
    assert readings[0] in ("compress", "collect_moments")
    last = command.splitlines()[-1]
    np.testing.assert_allclose([v for _, v in found], [v for _, v in afresh(bench, last)], rtol=1e-9, atol=1e-9)


def test_categories_are_read_as_combinations_and_give_the_same_figures(
    bench: Workbench, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = figures(bench.run(DATA + "regress wage man i.twelfth age"))
    assert readings == ["compress"]
    monkeypatch.setattr(gathering, "MOST_COMBINATIONS", 1)
    rows = afresh(bench, "regress wage man i.twelfth age")
    assert readings == ["compress", "collect_moments"]
    np.testing.assert_allclose([v for _, v in ours], [v for _, v in rows], rtol=1e-9, atol=1e-9)


def test_robust_errors_read_the_rows_of_a_model_that_was_remembered(bench: Workbench) -> None:
    bench.run(DATA + "regress wage man age twelfth")
    later = figures(bench.run("regress wage age man, robust"))
    np.testing.assert_allclose(
        [v for _, v in later], [v for _, v in afresh(bench, "regress wage age man, robust")], rtol=1e-9, atol=1e-9
    )


def test_where_all_digits_are_shown_every_model_reads_its_rows(bench: Workbench, readings: list[str]) -> None:
    bench.policy = Policy.open()
    bench.run(DATA + FIRST)
    readings.clear()
    found = figures(bench.run("regress-mml wage age man by state"))
    assert "selected_moments" not in readings
    assert found == afresh(bench, "regress-mml wage age man by state")
