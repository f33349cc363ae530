"""coefplot shows of a regression what the regression shows of its coefficients, and nothing else."""

from __future__ import annotations

import pytest
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import ModelEvidence, NoAnswerEvidence
from grille.server.errors import GrilleError

DATA = START + (
    "import r/FODT as born\nimport r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\n"
    "import r/SIVSTAND 2020-01-01 as civil\ngenerate year = int(born / 100)\ngenerate man = sex == '1'\n"
)


def model(evidence: object) -> ModelEvidence:
    assert isinstance(evidence, ModelEvidence)
    return evidence


@pytest.mark.parametrize(
    "line",
    [
        "regress wage year i.civil",
        "regress wage year man if year > 1950, robust level(90) control(i.civil)",
        "regress wage year man, standardize vif",
        "regress-mml wage year man by civil",
    ],
)
def test_the_coefficients_are_those_of_the_regression(data: Workbench, line: str) -> None:
    alone, plotted = model(data.run(line)), model(data.run(f"coefplot {line}"))
    assert [table.key for table in plotted.tables] == ["coefficients"]
    assert plotted.tables == tuple(table for table in alone.tables if table.key == "coefficients")
    judged = ("analysis_set", "parameters", "residual_df", "r2", "columns", "leverage", "groups", "icc", "notices")
    assert [getattr(plotted, name) for name in judged] == [getattr(alone, name) for name in judged]


def test_a_regression_without_an_answer_has_no_plot(data: Workbench) -> None:
    evidence = data.run("generate same = 1\ncoefplot regress same year")
    assert isinstance(evidence, NoAnswerEvidence)
    assert evidence.error.reason == "NO_VARIATION"


@pytest.mark.parametrize(
    "line, reason",
    [
        ("coefplot regress wage", "TOO_FEW_VARIABLES"),
        ("coefplot regress wage nobody", "UNKNOWN_VARIABLE"),
        ("coefplot regress wage sex", "NOT_NUMERIC"),
        ("coefplot regress wage year, horizontal", "UNKNOWN_OPTION"),
        ("coefplot regress-mml wage by civil", "NOTHING_TO_PLOT"),
    ],
)
def test_what_does_not_fit_is_told_inside_the_inner_command(data: Workbench, line: str, reason: str) -> None:
    with pytest.raises(GrilleError) as caught:
        data.run(line)
    assert caught.value.reason == reason
    assert caught.value.span is not None
    assert caught.value.span.start >= len("coefplot ")
