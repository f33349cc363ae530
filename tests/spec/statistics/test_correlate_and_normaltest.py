"""What correlate and normaltest compute, and which of it noised counts replace, on the rows of a real bank."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from support.small_bank import truth
from support.unit_sets import smoothed
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import FigureSetsEvidence, UnitCount
from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError

DATA = START + (
    "import r/FODT as born\nimport r/KJONN as sex\nimport r/LONN 2021-12-31 as wage\n"
    "import r/LONN 2022-12-31 as later\ngenerate man = sex == '1'\ngenerate tall = wage > 500000\n"
)
NAMES = ["born", "wage", "later", "man"]


def people(cut: bool) -> pd.DataFrame:
    """The variables as the bank holds them, cut at their smoothed 1st and 99th percentile or not."""
    known = truth()
    data = pd.DataFrame({"born": known.born.astype(float), "wage": known.wage[2021], "later": known.wage[2022]})
    if cut:
        for name, values in data.items():
            data[name] = values.clip(*(smoothed(values.to_numpy(), q) for q in (0.01, 0.99)))
    return data.assign(man=(known.sex == "1").astype(float))


def matrix(evidence: object, key: str) -> np.ndarray:
    assert isinstance(evidence, FigureSetsEvidence)
    (table,) = [one for one in evidence.tables if one.key == key]
    values = [[figure.value for figure in row[1:]] for row in table.rows]
    return np.array([[v.n if isinstance(v, UnitCount) else v for v in row] for row in values], dtype=float)


def test_without_protection_they_are_pandas_correlations(data: Workbench) -> None:
    data.policy = Policy.open()
    expected = people(cut=False)
    listwise = data.run("correlate born wage later man, covariance obs")
    complete = expected.dropna()
    # 1e-9 of each covariance's own scale: sums over some thousand rows in another order
    np.testing.assert_allclose(matrix(listwise, "covariance"), complete.cov(), rtol=1e-9, atol=1e-6)
    assert set(matrix(listwise, "n_obs").ravel()) == {len(complete)}
    pairwise = data.run("correlate born wage later man, pairwise obs sig")
    np.testing.assert_allclose(matrix(pairwise, "correlation"), expected.corr(), rtol=0, atol=1e-11)
    present = expected.notna().astype(float)
    np.testing.assert_array_equal(matrix(pairwise, "n_obs"), present.T @ present)
    pair = expected[["wage", "later"]].dropna()
    p_value = scipy.stats.pearsonr(pair["wage"], pair["later"]).pvalue
    assert matrix(pairwise, "p_values")[1, 2] == pytest.approx(p_value, rel=1e-7)


def test_protected_values_are_winsorised_and_no_finer_than_one_unit_moves_them(data: Workbench) -> None:
    columns = ["born", "wage", "later"]
    complete = people(cut=True).dropna()[columns]
    n = len(complete)
    found = matrix(data.run("correlate born wage later if born > 0"), "correlation")
    steps = found * 2.0 ** math.floor(math.log2(n / 2))  # noise on n leaves its power of two
    np.testing.assert_array_equal(steps, np.round(steps))
    np.testing.assert_allclose(found, complete.corr(), rtol=0, atol=2.1 / n)
    covariance = matrix(data.run("correlate born wage later if born > 0, covariance"), "covariance")
    deviations = np.sqrt(np.diagonal(covariance))
    np.testing.assert_allclose(deviations, complete.std(), rtol=2.1 / n * 4)
    np.testing.assert_allclose(covariance / np.outer(deviations, deviations), found, rtol=0, atol=1e-12)
    tail = np.exp((truth().wage[2022] - 5e5) / 2e4)
    data.run("generate tail = exp((later - 500000) / 20000)")
    deviation = math.sqrt(matrix(data.run("correlate born tail, covariance"), "covariance")[1, 1])
    cut = np.clip(tail, *(smoothed(tail, q) for q in (0.01, 0.99)))
    assert deviation == pytest.approx(np.nanstd(cut, ddof=1), rel=0.01)
    assert deviation < 0.98 * np.nanstd(tail, ddof=1)


def test_variables_with_two_values_are_computed_of_noised_counts(data: Workbench) -> None:
    known = truth()
    evidence = data.run("correlate man tall wage, covariance obs")
    data.run("generate code = 3 + 2 * man")
    coded = data.run("correlate code tall wage, covariance")
    values = people(cut=True)["wage"]
    rows = values.notna().to_numpy()
    man, tall = (known.sex == "1")[rows], (known.wage[2021] > 500_000)[rows]
    keys = known.record_key[rows]

    def count(mask: np.ndarray) -> int:
        return noised(int(mask.sum()), int(keys[mask].sum(dtype=np.uint64)))

    n = count(np.ones(man.size, dtype=bool))
    p, q, both = count(man) / n, count(tall) / n, count(man & tall) / n
    found = matrix(evidence, "covariance")
    assert found[0, 0] == pytest.approx(p * (1 - p) * n / (n - 1), rel=1e-12)
    assert found[0, 1] == pytest.approx((both - p * q) * n / (n - 1), rel=1e-9)
    wage = values.to_numpy()[rows]
    difference = wage[man].mean() - wage[~man].mean()
    deviations = np.sqrt(np.diagonal(found))
    half_step = 2.1 / n * deviations[0] * deviations[2]
    assert found[0, 2] == pytest.approx(difference * p * (1 - p) * n / (n - 1), abs=half_step)
    # other codes for the same two categories tell no more
    np.testing.assert_allclose(matrix(coded, "covariance")[0], found[0] * [4, 2, 2], rtol=1e-9)
    assert isinstance(evidence, FigureSetsEvidence)
    assert evidence.applied == ("winsorising", "figure_steps", "shares_from_noised_counts")


def test_without_names_all_numeric_variables_are_taken(data: Workbench) -> None:
    evidence = data.run("correlate")
    assert isinstance(evidence, FigureSetsEvidence)
    assert [row[0].value for row in evidence.tables[0].rows] == ["born", "wage", "later", "man", "tall"]


@pytest.mark.parametrize(
    "line, reason",
    [
        ("correlate born", "TOO_FEW_VARIABLES"),
        ("correlate born sex", "NOT_NUMERIC"),
        ("correlate born born", "DUPLICATE_VARIABLE"),
        ("correlate born i.sex", "TERM_NOT_ALLOWED"),
        ("correlate born wage, spearman", "UNKNOWN_OPTION"),
        ("correlate born wage, sig(1)", "OPTION_ARGUMENT"),
        ("correlate born wage, obs obs", "DUPLICATE_OPTION"),
        ("normaltest sex", "NOT_NUMERIC"),
        ("normaltest born, robust", "UNKNOWN_OPTION"),
        ("ci", "TOO_FEW_VARIABLES"),
        ("ci sex", "NOT_NUMERIC"),
        ("ci wage, level(100)", "OPTION_ARGUMENT"),
        ("ci wage, by(i.sex)", "OPTION_ARGUMENT"),
        ("ci wage, by(sex, man, tall)", "OPTION_ARGUMENT"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(data: Workbench, line: str, reason: str) -> None:
    with pytest.raises(GrilleError) as caught:
        data.run(line)
    assert caught.value.reason == reason
    assert caught.value.span is not None


def test_more_variables_than_a_matrix_holds_are_refused(data: Workbench) -> None:
    data.run("\n".join(f"generate x{number} = born + {number}" for number in range(20)))
    with pytest.raises(GrilleError) as caught:
        data.run("correlate")
    assert caught.value.reason == "TOO_MANY_VARIABLES"


def test_normality_is_tested_per_variable_for_the_number_that_is_shown(data: Workbench) -> None:
    evidence = data.run("normaltest wage man")
    assert isinstance(evidence, FigureSetsEvidence)
    known = truth()
    wage = known.wage[2021]
    rows = ~np.isnan(wage)
    shown = noised(int(rows.sum()), int(known.record_key[rows].sum(dtype=np.uint64)))
    tests = {(row[0].value, row[1].value): (row[2].value, row[3].value) for row in evidence.tables[1].rows}
    moments = {row[0].value: [one.value for one in row[1:]] for row in evidence.tables[0].rows}
    skewness, kurtosis = moments["wage"][1:]
    assert skewness == pytest.approx(scipy.stats.skew(wage[rows]), abs=8.1 / shown)
    assert kurtosis == pytest.approx(scipy.stats.kurtosis(wage[rows], fisher=False), abs=20.1 / shown)
    assert tests["wage", "jarque_bera"][0] == pytest.approx(shown / 6 * (skewness**2 + (kurtosis - 3) ** 2 / 4))
    exact = scipy.stats.shapiro(wage[rows]).statistic
    assert np.log1p(-tests["wage", "shapiro_wilk"][0]) == pytest.approx(np.log1p(-exact), abs=2.1 / shown)
    people_shown = noised(known.sex.size, int(known.record_key.sum(dtype=np.uint64)))
    man = known.sex == "1"
    share = noised(int(man.sum()), int(known.record_key[man].sum(dtype=np.uint64))) / people_shown
    assert moments["man"][1] == pytest.approx((1 - 2 * share) / np.sqrt(share * (1 - share)), rel=1e-9)
    assert np.isnan(tests["man", "shapiro_wilk"][0])
    assert evidence.sets[0].leverage[0] < 0.01


def test_without_protection_normality_is_exact_also_for_shares(data: Workbench) -> None:
    data.policy = Policy.open()
    evidence = data.run("normaltest man")
    assert isinstance(evidence, FigureSetsEvidence)
    man = (truth().sex == "1").astype(float)
    tests = {row[1].value: (row[2].value, row[3].value) for row in evidence.tables[1].rows}
    assert tests["jarque_bera"] == pytest.approx(tuple(scipy.stats.jarque_bera(man)), rel=1e-9, abs=1e-300)
