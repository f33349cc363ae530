"""Predictions, residuals and distances kept as variables do not give one unit's outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.fixtures import banks, bench, engine
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import Evidence
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import ReleasedMagnitudes
from grille.server.errors import DisclosureError

__all__ = ["banks", "bench", "engine"]

DATA = START + (
    "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"
    "generate man = sex == '1'\ngenerate age = 2022 - int(born / 100)\n"
)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    ledger = Ledger(tmp_path / "ledger.sqlite", b"g" * 32)
    yield Gate(Policy.standard(), ledger)
    ledger.close()


def reason(gate: Gate, evidence: Evidence) -> str | None:
    try:
        gate.release(evidence, project="P")
    except DisclosureError as error:
        return error.reason
    return None


def shown(gate: Gate, evidence: Evidence) -> ReleasedMagnitudes:
    content = gate.release(evidence, project="P").content
    assert isinstance(content, ReleasedMagnitudes)
    return content


def test_predictions_of_two_sets_that_differ_by_one_unit_are_not_both_made(bench: Workbench, gate: Gate) -> None:
    wage = truth().wage[2022]
    born = truth().born
    target = int(np.flatnonzero(~np.isnan(wage))[100])
    others = f"!(born == {born[target]} & wage == {float(wage[target])!r})"
    left_out = int(((born == born[target]) & (wage == wage[target])).sum())
    assert 1 <= left_out <= 9
    assert reason(gate, bench.run(DATA + "regress-predict wage man age, predicted(p)")) is None
    assert reason(gate, bench.run(f"regress-predict wage man age if {others}, predicted(q)")) == "SETS_TOO_CLOSE"
    # control: an honest subset, and the same set again
    assert reason(gate, bench.run("regress-predict wage age if man, predicted(m)")) is None
    assert reason(gate, bench.run("regress-predict wage man age, predicted(again)")) is None


@pytest.mark.parametrize(
    "line",
    [
        "regress-predict wage man age if wage > 840000",
        "generate target = wage > 848000\nregress-predict wage target age",
        "generate near = 1 / (abs(wage - 850000) + 1)\nregress-predict age near man",
        "generate raised = wage + 9 * age\nregress-predict wage raised man",
    ],
)
def test_what_no_model_may_do_no_prediction_may_do(bench: Workbench, gate: Gate, line: str) -> None:
    model = bench.run(DATA + line.replace("regress-predict", "regress"))
    refused = reason(gate, model)
    bench.run("create-dataset d2\n" + DATA.partition("\n")[2].partition("\n")[2])
    assert reason(gate, bench.run(line)) == refused
    assert refused in {"MODEL_TOO_SMALL", "DESIGN_COLUMN_RARE", "UNIT_ISOLATED", "FIT_TOO_GOOD", None}
    if refused is None:  # a rare column counts as constant: the prediction then holds nothing of it
        predicted = bench.values("predicted")
        assert len({round(one, 6) for one in predicted if one is not None}) > 9


def test_a_residual_singled_out_by_arithmetic_is_not_the_mean_that_is_shown(bench: Workbench, gate: Gate) -> None:
    """r times a bump that is 1 for the target and nearly 0 for all others: its sum is the target's residual."""
    wage, born = truth().wage[2022], truth().born
    has = ~np.isnan(wage)
    targets = np.flatnonzero(has)[5::211][:8]
    bench.run(DATA + "regress-predict wage man age, residuals(e)")
    for target in targets:
        bench.run(
            f"generate b{target} = "
            f"e / (1 + 1000000 * (abs(born - {born[target]}) + abs(wage - {float(wage[target])!r})))"
        )
        evidence = bench.run(f"summarize b{target}")
        try:
            mean = float(shown(gate, evidence).variables[0].mean[0])
        except DisclosureError:
            continue
        total = mean * has.sum()
        residual = float(bench.values("e")[target])
        assert not abs(total - residual) <= 0.1 * abs(residual)
    # control: the mean of the residuals themselves, by group
    assert np.isfinite(shown(gate, bench.run("tabulate man, summarize(e)")).variables[0].mean).all()


def test_only_number_and_mean_leave_the_gate(bench: Workbench, gate: Gate) -> None:
    bench.run(DATA + "regress-predict wage man age, residuals(e) cooksd(d)\ngenerate far = e ^ 8")
    content = shown(gate, bench.run("summarize wage e d, gini iqr"))
    wage, *figures = content.variables
    assert np.isfinite([wage.sd[0], wage.total[0], *wage.limits, *(one[0] for one in wage.percentiles.values())]).all()
    for variable in figures:
        assert np.isfinite([variable.n[0], variable.mean[0]]).all()
        hidden = [
            variable.sd[0],
            variable.total[0],
            *variable.limits,
            *(one[0] for one in variable.percentiles.values()),
        ]
        assert np.isnan(hidden).all()
        assert variable.gini is not None
        assert np.isnan(variable.gini[0])
