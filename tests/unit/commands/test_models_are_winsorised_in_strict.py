"""Under the profile strict what enters a model is cut at the 1st and 99th percentile of the data set."""

import numpy as np
import pytest
from support.workbench import START

from grille.server.disclosure.policy import Policy

DATA = START + (
    "import r/KJONN as sex\nimport r/FODT as born\n"
    "import r/LONN 2022-12-31 as wage\nimport r/LONN 2021-12-31 as earlier\n"
    "generate man = sex == '1'\ngenerate growth = exp(wage / 200000)\n"
)


def coefficients(evidence):
    (table,) = [one for one in evidence.tables if one.key == "coefficients"]
    return {row[0].value: row[1].value for row in table.rows}


def fitted(bench, cut):
    """Return the least-squares coefficients by numpy, with or without cutting at the data set's limits."""
    limits = {one.name: one.limits for one in bench.run("summarize growth earlier").variables}
    columns = {name: bench.values(name).astype(float) for name in ("growth", "earlier", "man")}
    inside = ~np.isnan(columns["growth"]) & ~np.isnan(columns["earlier"]) & (bench.values("born") > 195_000)
    if cut:
        columns |= {name: np.clip(columns[name], *ends[:2]) for name, ends in limits.items()}
    x = np.column_stack([columns["earlier"][inside], columns["man"][inside], np.ones(inside.sum())])
    found, *_ = np.linalg.lstsq(x / [1e5, 1, 1], columns["growth"][inside], rcond=None)
    return dict(zip(("earlier", "man", "_cons"), found / [1e5, 1, 1], strict=True))


@pytest.mark.parametrize("policy,cut", [(Policy.strict(), True), (Policy.standard(), False)])
def test_coefficients_are_those_of_cut_values_in_strict_alone(bench, policy, cut):
    bench.policy = policy
    bench.run(DATA)
    found = coefficients(bench.run("regress growth earlier man if born > 195000"))
    expected = fitted(bench, cut)
    assert found.keys() == expected.keys()
    for term, value in expected.items():
        # double precision through one pass of cross-products
        assert found[term] == pytest.approx(value, rel=1e-8, abs=1e-9), term


def test_multilevel_models_too(bench):
    bench.run(DATA)
    answers = []
    for policy in (Policy.strict(), Policy.standard()):
        bench.policy = policy
        answers.append(coefficients(bench.run("regress-mml growth earlier by sex"))["earlier"])
    assert answers[0] != pytest.approx(answers[1], rel=1e-4)  # what was remembered under one policy serves no other
