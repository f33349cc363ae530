"""regress-predict and regress-mml-predict: the values of every row, and where such variables may be used."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.regression.mixed_linear_model import MixedLM
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import MagnitudeEvidence, ModelEvidence, NoAnswerEvidence
from grille.server.errors import GrilleError

DATA = START + (
    "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"
    "import r/SIVSTAND 2020-01-01 as state\ngenerate man = sex == '1'\ngenerate age = 2022 - int(born / 100)\n"
)
WITH = DATA + "regress-predict wage man age, predicted(p) residuals(e) cooksd(d)\n"


def oracle(where: np.ndarray | None = None) -> tuple[np.ndarray, sm.OLS]:
    known = truth()
    wage, age = known.wage[2022], 2022.0 - known.born // 100
    x = np.column_stack([(known.sex == "1").astype(float), age, np.ones(len(age))])
    has = ~np.isnan(wage) if where is None else ~np.isnan(wage) & where
    return has, sm.OLS(wage[has], x[has]).fit()


def as_numbers(values: np.ndarray) -> np.ndarray:
    return np.array([np.nan if one is None else one for one in values], dtype=float)


def test_every_unit_of_the_estimation_has_statsmodels_values_and_no_other_has_any(bench: Workbench) -> None:
    bench.run(WITH)
    has, fit = oracle()
    columns = {
        "p": fit.fittedvalues,
        "e": fit.resid,
        "d": fit.get_influence().cooks_distance[0],
    }
    for name, expected in columns.items():
        found = as_numbers(bench.values(name))
        assert np.array_equal(~np.isnan(found), has)
        scale = np.abs(expected).max()  # residuals and distances near 0 are differences of large numbers
        np.testing.assert_allclose(found[has], expected, rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize("before", ["", "keep if age < 50\n"])
def test_a_condition_and_a_filter_leave_values_at_their_units(bench: Workbench, before: str) -> None:
    bench.run(DATA + before + "regress-predict wage man age if age > 30, residuals(e)")
    age = 2022.0 - truth().born // 100
    has, fit = oracle((age > 30) & (age < 50) if before else age > 30)
    found = as_numbers(bench.values("e"))
    if before:  # the data set is stored anew without those who left
        found_all = np.full(len(has), np.nan)
        found_all[age < 50] = found
        found = found_all
    assert np.array_equal(~np.isnan(found), has)
    np.testing.assert_allclose(found[has], fit.resid, rtol=1e-8, atol=1e-5)


def test_multilevel_predictions_are_those_of_the_fixed_part(bench: Workbench) -> None:
    bench.run(
        DATA + "destring state, prefix(n_)\ngenerate y = wage / 100000 + n_state * 0.7\n"
        "regress-mml-predict y man age by state, predicted(p) residuals(r)"
    )
    known = truth()
    state, age = known.married["2020-01-01"], 2022.0 - known.born // 100
    has = ~np.isnan(known.wage[2022]) & np.array([one is not None for one in state])
    y = known.wage[2022][has] / 100_000 + state[has].astype(float) * 0.7
    x = np.column_stack([known.sex == "1", age / 10, np.ones(len(age))])[has].astype(float)
    fit = MixedLM(y, x, groups=state[has].astype(str)).fit(reml=True)
    found = as_numbers(bench.values("p"))
    assert np.array_equal(~np.isnan(found), has)
    # MixedLM stops on its gradient: what it predicts keeps about six digits
    np.testing.assert_allclose(found[has], fit.predict(x), rtol=1e-5)
    model = bench.run("regress-mml y man age by state")
    assert isinstance(model, ModelEvidence)
    table = next(one for one in model.tables if one.key == "coefficients")
    man, ten_years, constant = (float(row[1].value) for row in table.rows)
    np.testing.assert_allclose(found[has], x @ np.array([man, 10 * ten_years, constant]), rtol=1e-10)
    np.testing.assert_allclose(found[has] + as_numbers(bench.values("r"))[has], y, rtol=1e-12)


def test_names_have_defaults_and_predictions_are_made_when_nothing_is_asked_for(bench: Workbench) -> None:
    bench.run(DATA + "regress-predict wage man age")
    assert list(bench.scope.datasets["d"].variables)[-1] == "predicted"
    bench.run("regress-predict wage man age, residuals cooksd()")
    assert list(bench.scope.datasets["d"].variables)[-2:] == ["residuals", "cooksd"]
    with pytest.raises(GrilleError) as caught:
        bench.run("regress-predict wage man age")
    assert caught.value.reason == "NAME_TAKEN"


@pytest.mark.parametrize(
    "line, reason",
    [
        ("regress-predict wage man age, residuals(wage)", "NAME_TAKEN"),
        ("regress-predict wage man age, predicted(a) residuals(a)", "NAME_TAKEN"),
        ("regress-predict wage man age, predicted(a, b)", "OPTION_ARGUMENT"),
        ("regress-predict wage man age, level(90)", "UNKNOWN_OPTION"),
        ("regress-predict wage", "TOO_FEW_VARIABLES"),
        ("regress-predict wage wage", "OUTCOME_IS_REGRESSOR"),
        ("regress-mml-predict wage man by state, cooksd(d)", "UNKNOWN_OPTION"),
        ("regress-mml-predict wage i.state by state", "GROUP_IS_TERM"),
        ("regress-mml-predict wage by state, noconstant", "NO_COLUMNS"),
    ],
)
def test_what_cannot_be_meant_is_refused(bench: Workbench, line: str, reason: str) -> None:
    bench.run(DATA)
    with pytest.raises(GrilleError) as caught:
        bench.run(line)
    assert caught.value.reason == reason


def test_without_a_constant(bench: Workbench) -> None:
    bench.run(DATA + "regress-predict wage man age, residuals(e) noconstant")
    known = truth()
    has = ~np.isnan(known.wage[2022])
    x = np.column_stack([(known.sex == "1").astype(float), 2022.0 - known.born // 100])[has]
    fit = sm.OLS(known.wage[2022][has], x).fit()
    np.testing.assert_allclose(as_numbers(bench.values("e"))[has], fit.resid, rtol=1e-8, atol=1e-5)


def test_the_evidence_is_that_of_the_model_and_counts_who_got_values(bench: Workbench) -> None:
    evidence = bench.run(WITH)
    whole = bench.run("regress wage man age")
    assert isinstance(evidence, ModelEvidence)
    assert isinstance(whole, ModelEvidence)
    for field in ("parameters", "residual_df", "r2", "columns", "leverage", "outcome_rarer_units"):
        assert getattr(evidence, field) == getattr(whole, field)
    assert evidence.analysis_set.sketch == whole.analysis_set.sketch
    (table,) = evidence.tables
    has = int(oracle()[0].sum())
    assert [[row[0].value, row[2].value.n, row[3].value.n] for row in table.rows] == [
        [name, has, 3_000 - has] for name in ("p", "e", "d")
    ]


def test_a_model_without_an_answer_leaves_the_data_set_as_it_was(bench: Workbench) -> None:
    bench.run(DATA + "generate five = 5")
    before = bench.frames["d"]
    evidence = None
    node_error = None
    try:
        evidence = bench.run("regress-predict five man age")
    except AssertionError as error:  # the workbench checks that frames follow the scope, which only release does
        node_error = error
    assert evidence is None
    assert node_error is not None
    assert bench.frames["d"].columns == before.columns


MADE = {
    "kept by rename": "rename e f\n",
    "kept by arithmetic": "generate f = (e / 2) ^ 2 + age\n",
    "kept with a condition": "generate f = e if man\n",
    "kept by a row function": "generate f = rowmean(e, age)\n",
    "kept as text": "generate f = string(e)\n",
    "kept by replace": "generate f = 1\nreplace f = e\n",
    "kept by a partial replace": "generate f = 1\nreplace f = e if man\n",
    "kept by two steps": "generate g = e + 1\ngenerate f = g * 2\n",
    "kept in a copy": "clone-dataset d d2\nuse d2\nrename e f\n",
}


@pytest.mark.parametrize("step", MADE.values(), ids=MADE.keys())
def test_what_is_computed_of_figures_is_figures(bench: Workbench, step: str) -> None:
    bench.run(WITH + step)
    variables = bench.scope.datasets[bench.scope.active or ""].variables
    assert variables["f"].from_model
    assert not variables["wage"].from_model
    with pytest.raises(GrilleError) as caught:
        bench.run("tabulate f")
    assert caught.value.reason == "MODEL_VARIABLE"


REFUSED = [
    "tabulate p",
    "tabulate man p",
    "tabulate man, summarize(e) std",
    "tabulate man, summarize(e) sum",
    "tabulate man, summarize(e) p50",
    "tabulate man, summarize(e) mean gini",
    "tabulate man, summarize(e) iqr",
    "tabulate man if e > 0",
    "summarize wage if p > 500000",
    "boxplot e",
    "boxplot wage, over(p)",
    "boxplot wage if d > 0.1",
    "histogram e",
    "histogram wage, by(p)",
    "regress e man age",
    "regress p man age",
    "regress wage i.p",
    "regress wage man, cluster(p)",
    "regress wage man, control(i.e)",
    "regress wage man if e < 0",
    "regress-mml wage man by p",
    "regress-mml e man by state",
    "regress-predict e man",
    "keep if e > 0",
    "drop if d > 0.1",
    "keep if sysmiss(e)",
    "keep if e",
    "keep if wage > p",
    "generate x = 1 if e > 0",
    "generate x = e > 0",
    "generate x = !e",
    "generate x = man & e",
    "generate x = sysmiss(e)",
    "generate x = inrange(e, -1, 1)",
    "generate x = inlist(e, 1, 2)",
    "generate x = quantile(e, 10)",
    "generate x = rowmax(e, 0)",
    "generate x = rowmin(e, 0) + 1",
    "generate x = abs(age - (e == 0))",
    "replace wage = 0 if e > 0",
    "replace wage = e > 0",
    "replace e = 0",
    "recode e (min/0 = 0) (* = 1)",
    "recode man (1 = 2) if e > 0",
    "define-labels l 0 x\nassign-labels p l",
    "correlate e wage",
    "ci e",
    "normaltest e",
    "anova e man",
    "anova wage p",
]


@pytest.mark.parametrize("line", REFUSED)
def test_figures_of_a_model_are_refused_where_they_would_sort_or_show_units(bench: Workbench, line: str) -> None:
    bench.run(WITH)
    with pytest.raises(GrilleError) as caught:
        bench.run(line)
    assert caught.value.reason == "MODEL_VARIABLE"
    assert caught.value.span is not None
    assert caught.value.message.no != caught.value.message.en


@pytest.mark.parametrize(
    "line",
    [
        "summarize p e d",
        "summarize e if man",
        "tabulate man, summarize(e)",
        "tabulate man state, summarize(p) mean freq",
        "regress wage man d",
        "regress age c.p#i.sex man",
        "regress wage man, control(d)",
        "regress-mml wage man d by state",
        "generate x = ln(abs(e)) * 2 - round(p, 1000)",
        "drop e",
        "keep p man",
    ],
)
def test_means_arithmetic_and_regressors_are_answered(bench: Workbench, line: str) -> None:
    assert not isinstance(bench.run(WITH + line), NoAnswerEvidence)


def test_evidence_of_figures_asks_the_gate_for_the_mean_alone(bench: Workbench) -> None:
    evidence = bench.run(WITH + "summarize wage e")
    assert isinstance(evidence, MagnitudeEvidence)
    assert [one.mean_only for one in evidence.variables] == [False, True]


def test_an_outcome_is_not_explained_by_its_own_residual(bench: Workbench) -> None:
    evidence = bench.run(WITH + "generate f = 3 * e\nregress wage man f")
    assert isinstance(evidence, ModelEvidence)
    assert evidence.lineage_violation
    beside = bench.run("regress wage man p")
    assert isinstance(beside, ModelEvidence)
    assert not beside.lineage_violation
