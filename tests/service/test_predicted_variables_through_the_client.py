"""regress-predict and regress-mml-predict in a running server: what may be seen of the new variables, and what not."""

from __future__ import annotations

from typing import Any

import pytest
from support.service import Service, block, records

HEAD = """
require no.ssb.fdb:30 as db
create-dataset people
import db/BOSATTEFDT_BOSTED 2022-12-31 as residence
import db/BEFOLKNING_KJOENN as sex
import db/BEFOLKNING_FOEDSELS_AAR_MND as born
import db/INNTEKT_LONN 2022-12-31 as wage
generate man = sex == '1'
generate age = 2022 - int(born / 100)
generate county = substr(residence, 1, 2)
"""
SCRIPT = """
regress-predict wage man age, predicted(p) residuals(e) cooksd(d)
regress-mml-predict wage man age by county, residuals(r)
summarize wage p e d r
tabulate county, summarize(e)
regress wage p
rename e error
generate squared = error ^ 2
summarize squared
regress wage man age, margins(man) vif ov het_bp het_iid het_fstat
regress wage man age i.county, standardize robust margins()
"""


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    done = service.grille("run", "-", "--format", "json", stdin=HEAD + SCRIPT)
    assert done.code == 0, done.out + done.err
    return done.json


def rows(document: dict[str, Any], command: str, key: str, nth: int = 0) -> list[dict[str, Any]]:
    return records(block(document, command, key, nth))


def test_the_new_variables_are_told_with_their_numbers(document: dict[str, Any]) -> None:
    made = rows(document, "regress-predict", "variables")
    assert [(row["variable"], row["content"]) for row in made] == [
        ("p", "predicted"),
        ("e", "residuals"),
        ("d", "cooksd"),
    ]
    shown = {row["statistic"]: row["value"] for row in rows(document, "regress", "model", 1)}
    assert {row["n"] for row in made} == {shown["n_obs"]}
    assert [row["variable"] for row in rows(document, "regress-mml-predict", "variables")] == ["r"]


def test_summaries_have_mean_and_number_alone(document: dict[str, Any]) -> None:
    by_name = {row["variable"]: row for row in rows(document, "summarize", "summary")}
    assert all(value is not None for value in by_name["wage"].values())
    for name in ("p", "e", "d", "r"):
        shown = {key for key, value in by_name[name].items() if value is not None}
        assert shown == {"variable", "mean", "n"}
    # cut at the 1st and 99th percentile, so near the exact figures and not equal to them
    assert by_name["p"]["mean"] == pytest.approx(by_name["wage"]["mean"], rel=0.005)
    assert abs(by_name["e"]["mean"]) < 0.02 * by_name["wage"]["std"]
    variance = rows(document, "summarize", "summary", 1)[0]["mean"]
    scale = {row["statistic"]: row["value"] for row in rows(document, "regress", "model", 1)}["rmse"]
    assert variance == pytest.approx(scale**2, rel=0.1)
    assert {row["rule"] for row in document["results"][-8]["rules"]} >= {"mean_alone"}


def test_the_outcome_lies_on_its_own_predictions(document: dict[str, Any]) -> None:
    found = {row["term"]: row["estimate"] for row in rows(document, "regress", "coefficients", 0)}
    assert found["p"] == pytest.approx(1.0, abs=1e-9)
    assert abs(found["_cons"]) < 1.0


def test_means_of_residuals_are_shown_by_group(document: dict[str, Any]) -> None:
    table = next(one for one in document["results"] if one["command"] == "tabulate")["blocks"][0]
    values = [row[1] for row in table["rows"]]
    assert len(values) > 8
    assert any(value < 0 for value in values)
    assert any(value > 0 for value in values)


def test_diagnostics_have_stable_keys(document: dict[str, Any]) -> None:
    assert [row["at"] for row in rows(document, "regress", "margins", 1)] == ["man=0", "man=1"]
    low, high = rows(document, "regress", "margins", 1)
    step = {row["term"]: row["estimate"] for row in rows(document, "regress", "coefficients", 1)}["man"]
    assert high["margin"] - low["margin"] == pytest.approx(step, abs=2 * 10.0)  # two figures of five digits
    assert [row["term"] for row in rows(document, "regress", "vif", 1)] == ["man", "age"]
    assert [row["test"] for row in rows(document, "regress", "reset", 1)] == ["ov"]
    tests = {row["test"]: row for row in rows(document, "regress", "heteroskedasticity", 1)}
    assert list(tests) == ["het_bp", "het_iid", "het_fstat"]
    n = {row["statistic"]: row["value"] for row in rows(document, "regress", "model", 1)}["n_obs"]
    share = tests["het_iid"]["statistic"] / n  # R2 of the auxiliary regression, of which F is made
    expected = share / 2 / ((1 - share) / tests["het_fstat"]["df_resid"])
    assert tests["het_fstat"]["statistic"] == pytest.approx(expected, rel=1e-3)
    terms = [row["term"] for row in rows(document, "regress", "coefficients", 2)]
    assert "_cons" not in terms
    assert [row["at"] for row in rows(document, "regress", "margins", 2)] == ["means"]


@pytest.mark.parametrize(
    "line",
    ["tabulate e", "keep if e > 0", "boxplot e", "regress e man", "generate x = e > 0", "summarize wage if e > 0"],
)
def test_what_would_sort_or_show_units_is_refused(service: Service, line: str) -> None:
    made = "regress-predict wage man age, residuals(e)\n"
    last = service.grille("run", "-", "--format", "json", "--lang", "no", stdin=HEAD + made + line + "\n").json[
        "results"
    ][-1]
    assert (last["status"], last["reason"]) == ("error", "MODEL_VARIABLE")
    assert "gjennomsnitt" in str(last)
