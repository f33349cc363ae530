"""What regress computes beside its coefficients on real columns, against statsmodels on the same rows."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
from statsmodels.stats.outliers_influence import variance_inflation_factor
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import FigureTable, ModelEvidence
from grille.server.errors import GrilleError

DATA = START + (
    "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"
    "import r/SIVSTAND 2020-01-01 as state\ngenerate man = sex == '1'\ngenerate age = 2022 - int(born / 100)\n"
    "generate y = wage / 1000 + 3 * man * (age - 40) + age ^ 2 / 50\n"
)


def rows() -> dict[str, np.ndarray]:
    """The complete rows of the models below, as arrays."""
    known = truth()
    man, age = (known.sex == "1").astype(float), 2022.0 - known.born // 100
    y = known.wage[2022] / 1000 + 3 * man * (age - 40) + age**2 / 50
    has = ~np.isnan(y)
    return {"man": man[has], "age": age[has], "y": y[has]}


def table(evidence: object, key: str) -> FigureTable:
    assert isinstance(evidence, ModelEvidence)
    return next(one for one in evidence.tables if one.key == key)


def figures(evidence: object, key: str) -> dict[object, list[float]]:
    return {
        row[0].value: [np.nan if one.value is None else float(one.value) + one.centre for one in row[1:]]
        for row in table(evidence, key).rows
    }


def oracle(names: tuple[str, ...] = ("man", "age")) -> tuple[sm.OLS, np.ndarray]:
    found = rows()
    x = np.column_stack([*(found[name] for name in names), np.ones(found["y"].size)])
    return sm.OLS(found["y"], x).fit(), x


def test_margins_of_a_dummy_are_predictions_with_the_others_at_their_means(bench: Workbench) -> None:
    evidence = bench.run(DATA + "regress y man age, margins(man)")
    fit, _ = oracle()
    age = rows()["age"].mean()
    shown = fit.get_prediction(np.array([[0, age, 1], [1, age, 1]])).summary_frame()
    found = figures(evidence, "margins")
    assert list(found) == ["man=0", "man=1"]
    for row, values in zip(shown.itertuples(), found.values(), strict=True):
        t = row.mean / row.mean_se
        expected = [row.mean, row.mean_se, t, 0.0, row.mean_ci_lower, row.mean_ci_upper]
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    needs = table(evidence, "margins").needs
    assert needs is not None
    men = int(rows()["man"].sum())
    assert [cell.n for cell in needs.cells] == [rows()["man"].size - men, men]
    ordered = np.sort(np.abs(rows()["y"]))
    assert needs.weight == pytest.approx((ordered.sum(), ordered[-1], ordered[-2]), rel=1e-12)
    assert needs.constant


def test_margins_at_the_means_of_all(bench: Workbench) -> None:
    evidence = bench.run(DATA + "regress y man##c.age, margins()")
    found = rows()
    fit = sm.OLS(
        found["y"],
        np.column_stack([found["man"], found["age"], found["man"] * found["age"], np.ones(found["y"].size)]),
    ).fit()
    man, age = found["man"].mean(), found["age"].mean()
    shown = fit.get_prediction(np.array([[man, age, man * age, 1]])).summary_frame()
    values = figures(evidence, "margins")["means"]
    np.testing.assert_allclose(values[:2], [shown["mean"].iloc[0], shown["mean_se"].iloc[0]], rtol=1e-9)


def test_margins_of_a_factor_have_a_row_per_level(bench: Workbench) -> None:
    found = figures(bench.run(DATA + "regress y age i.sex#c.age i.sex, margins(sex)"), "margins")
    assert list(found) == ["sex=1", "sex=2"]


def test_standardised_coefficients_are_those_of_standardised_variables(bench: Workbench) -> None:
    evidence = bench.run(DATA + "regress y man age, standardize level(90)")
    found = rows()
    z = {name: (values - values.mean()) / values.std() for name, values in found.items()}
    fit = sm.OLS(z["y"], np.column_stack([z["man"], z["age"], np.ones(z["y"].size)])).fit()
    shown = figures(evidence, "coefficients")
    assert list(shown) == ["man", "age"]
    for place, name in enumerate(("man", "age")):
        estimate, error, t, p, _, _ = shown[name]
        assert estimate == pytest.approx(fit.params[place], rel=1e-9)
        assert error == pytest.approx(fit.bse[place], rel=1e-9)
        assert t == pytest.approx(fit.tvalues[place], rel=1e-9)
        assert p == pytest.approx(fit.pvalues[place], rel=1e-6, abs=1e-12)


def test_inflation_and_tests_are_those_of_statsmodels(bench: Workbench) -> None:
    evidence = bench.run(DATA + "regress y man age, vif ov het_bp het_iid het_fstat")
    fit, x = oracle()
    vif = figures(evidence, "vif")
    for place, name in enumerate(("man", "age")):
        factor = variance_inflation_factor(x, place)
        np.testing.assert_allclose(vif[name], [factor, 1 / factor], rtol=1e-9)
    z = (x[:, :-1] - x[:, :-1].mean(axis=0)) / x[:, :-1].std(axis=0)
    y = (rows()["y"] - rows()["y"].mean()) / fit.fittedvalues.std()
    centred = sm.OLS(y, np.column_stack([z, np.ones(len(z))])).fit()
    reset = linear_reset(centred, power=4, use_f=True)  # the same space of powers, with digits to spare
    statistic, df, df_resid, _ = figures(evidence, "reset")["ov"]
    assert statistic == pytest.approx(float(reset.fvalue), rel=1e-8)
    assert (df, df_resid) == (3, len(x) - 6)
    tests = figures(evidence, "heteroskedasticity")
    normal, studentised = (het_breuschpagan(fit.resid, x, robust=one) for one in (False, True))
    assert tests["het_bp"][0] == pytest.approx(normal[0], rel=1e-9)
    assert tests["het_iid"][0] == pytest.approx(studentised[0], rel=1e-9)
    assert tests["het_fstat"][0] == pytest.approx(studentised[2], rel=1e-9)
    assert tests["het_fstat"][1:3] == [2, len(x) - 3]
    assert tests["het_iid"][3] == pytest.approx(studentised[1], rel=1e-7)


def test_tests_are_shown_when_asked_for_alone(bench: Workbench) -> None:
    evidence = bench.run(DATA + "regress y man age, het_iid")
    assert isinstance(evidence, ModelEvidence)
    assert [one.key for one in evidence.tables] == ["model", "coefficients", "heteroskedasticity"]
    assert list(figures(evidence, "heteroskedasticity")) == ["het_iid"]


def test_hidden_terms_have_no_inflation_factor(bench: Workbench) -> None:
    assert list(figures(bench.run(DATA + "regress y man age, vif control(i.state)"), "vif")) == ["man", "age"]


@pytest.mark.parametrize(
    "options, reason",
    [
        ("margins(sex)", "MARGINS_NOT_IN_MODEL"),
        ("margins(i.man)", "OPTION_ARGUMENT"),
        ("margins(man, age)", "OPTION_ARGUMENT"),
        ("margins(y)", "MARGINS_NOT_IN_MODEL"),
        ("vif(man)", "OPTION_ARGUMENT"),
        ("cluster(man)", "CLUSTER_IS_TERM"),
        ("cluster(y)", "CLUSTER_IS_TERM"),
        ("cluster(born) robust", "OPTIONS_EXCLUDE"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(bench: Workbench, options: str, reason: str) -> None:
    bench.run(DATA)
    with pytest.raises(GrilleError) as caught:
        bench.run(f"regress y man age, {options}")
    assert caught.value.reason == reason
    assert caught.value.span is not None


def test_margins_of_a_number_with_more_values_are_refused_as_no_answer(bench: Workbench) -> None:
    evidence = bench.run(DATA + "regress y man age, margins(age)")
    assert evidence.error.reason == "MARGINS_NOT_DUMMY"
