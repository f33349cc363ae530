"""What anova computes on the rows of a real bank, and what it refuses before it reads any."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multicomp import pairwise_tukeyhsd
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.disclosure.evidence import FigureTable, ModelEvidence, NoAnswerEvidence
from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError

DATA = START + (
    "import r/FODT as born\nimport r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\n"
    "import r/SIVSTAND 2020-01-01 as civil\ngenerate year = int(born / 100)\n"
    "generate old = year > 1965\n"
)


def people() -> pd.DataFrame:
    known = truth()
    data = pd.DataFrame({"wage": known.wage[2022], "year": known.born // 100, "sex": known.sex})
    data["old"] = data["year"] > 1965
    data["civil"] = pd.Series(known.married["2020-01-01"]).where(lambda one: one.notna(), np.nan)
    data["key"] = known.record_key
    return data.dropna()


def tables(evidence: object) -> dict[str, FigureTable]:
    assert isinstance(evidence, ModelEvidence)
    return {table.key: table for table in evidence.tables}


def values(table: FigureTable) -> dict[str, list[float]]:
    return {str(row[0].value): [figure.value for figure in row[1:]] for row in table.rows}  # type: ignore[misc]


@pytest.mark.parametrize(
    "line, formula, names",
    [
        ("anova wage old##civil", "C(old) * C(civil)", {"old": "C(old)", "old#civil": "C(old):C(civil)"}),
        ("anova wage civil c.year", "C(civil) + year", {"civil": "C(civil)", "c.year": "year"}),
        ("anova wage i.civil c.year#sex c.year sex", "C(civil) + year * C(sex)", {"c.year#sex": "year:C(sex)"}),
        ("anova wage civil old, noconstant", "0 + C(civil) + C(old)", {"civil": "C(civil)", "old": "C(old)"}),
    ],
)
def test_tables_are_statsmodels(data: Workbench, line: str, formula: str, names: dict[str, str]) -> None:
    found = tables(data.run(line))
    fit = smf.ols(f"wage ~ {formula}", people()).fit()
    oracle = anova_lm(fit, typ=2)
    rows = values(found["anova"])
    for ours, theirs in {**names, "residual": "Residual"}.items():
        expected = oracle.loc[theirs]
        assert rows[ours][0] == pytest.approx(expected["sum_sq"], rel=1e-7)
        assert rows[ours][1] == expected["df"]
        if ours != "residual":
            assert rows[ours][2] == pytest.approx(expected["F"], rel=1e-7)
            assert rows[ours][3] == pytest.approx(expected["PR(>F)"], rel=1e-5, abs=1e-300)
    model = values(found["model"])
    assert model["r2_adj"][0] == pytest.approx(1 - fit.ssr / fit.df_resid / (total(fit) / free(fit, line)), rel=1e-9)


def total(fit: object) -> float:
    return fit.uncentered_tss if "0 +" in fit.model.formula else fit.centered_tss  # type: ignore[attr-defined, no-any-return]


def free(fit: object, line: str) -> float:
    return fit.nobs - ("noconstant" not in line)  # type: ignore[attr-defined, no-any-return]


def test_comparisons_are_statsmodels_where_nothing_is_protected(data: Workbench) -> None:
    data.policy = Policy.open()
    rows = tables(data.run("anova wage civil c.year, posthoc"))["posthoc"].rows
    known = people()
    oracle = pairwise_tukeyhsd(known["wage"], known["civil"])
    assert [(row[1].value, row[2].value) for row in rows] == list(combinations(oracle.groupsunique, 2))
    found = np.array([[figure.value for figure in row[3:]] for row in rows], dtype=float)
    np.testing.assert_allclose(found[:, 0], oracle.meandiffs, rtol=1e-8)
    np.testing.assert_allclose(found[:, 1], oracle.pvalues, atol=1e-9)
    np.testing.assert_allclose(found[:, 2:], oracle.confint, rtol=1e-8)


def test_widths_of_intervals_tell_the_noised_sizes_of_groups(data: Workbench) -> None:
    rows = tables(data.run("anova wage civil, posthoc"))["posthoc"].rows
    known = people()
    group_key = known.groupby("civil")["key"].apply(lambda keys: int(keys.to_numpy().sum(dtype=np.uint64)))
    sizes = {code: noised(int((known["civil"] == code).sum()), key) for code, key in group_key.items()}
    widths = {(row[1].value, row[2].value): float(row[6].value) - float(row[5].value) for row in rows}  # type: ignore[arg-type]
    (one, two), (three, four) = ("1", "2"), ("1", "4")
    ratio = (1 / sizes[one] + 1 / sizes[two]) / (1 / sizes[three] + 1 / sizes[four])
    assert (widths[one, two] / widths[three, four]) ** 2 == pytest.approx(ratio, rel=1e-9)
    exact = known["civil"].value_counts()
    assert any(exact[code] != sizes[code] for code in sizes)


def test_every_group_that_is_compared_is_a_set_of_its_own(data: Workbench) -> None:
    evidence = data.run("anova wage civil sex, posthoc")
    assert isinstance(evidence, ModelEvidence)
    known = people()
    sizes = [*known.groupby("civil").size(), *known.groupby("sex").size()]
    assert [part.units.n for part in evidence.parts] == sizes
    assert {part.label for part in evidence.parts} == {"anova group"}


def test_a_category_of_few_units_is_as_good_as_none(data: Workbench) -> None:
    wage = float(truth().wage[2022][3])
    few = tables(data.run(f"generate group = 1 + (year > 1970) + 5 * (wage == {wage})\nanova born group, posthoc"))
    none = tables(data.run("generate same = 1 + (year > 1970) + 5 * (wage == 1)\nanova born same, posthoc"))
    assert [len(table["posthoc"].rows) for table in (few, none)] == [1, 1]
    assert values(few["anova"])["group"][1] == values(none["anova"])["same"][1] == 1


def test_more_categories_than_can_be_compared_are_an_error(data: Workbench) -> None:
    evidence = data.run("anova wage year, posthoc")
    assert isinstance(evidence, NoAnswerEvidence)
    assert evidence.error.reason == "TOO_MANY_CATEGORIES"
    assert "year" in evidence.error.message.no


@pytest.mark.parametrize(
    "line, reason",
    [
        ("anova wage", "TOO_FEW_VARIABLES"),
        ("anova", "TOO_FEW_VARIABLES"),
        ("anova sex civil", "NOT_NUMERIC"),
        ("anova i.sex civil", "TERM_NOT_ALLOWED"),
        ("anova wage c.civil", "NOT_NUMERIC"),
        ("anova wage wage", "OUTCOME_IS_REGRESSOR"),
        ("anova wage civil, tukey", "UNKNOWN_OPTION"),
        ("anova wage c.year, posthoc", "NO_CATEGORICAL_VARIABLE"),
        ("anova wage civil, posthoc(2)", "OPTION_ARGUMENT"),
        ("anova wage nobody", "UNKNOWN_VARIABLE"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(data: Workbench, line: str, reason: str) -> None:
    with pytest.raises(GrilleError) as caught:
        data.run(line)
    assert caught.value.reason == reason
    assert caught.value.span is not None
