"""correlate, ci, normaltest, anova and coefplot through the real client, server, worker, gate and log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.service import Service, block, records

HEAD = """
require no.ssb.fdb:30 as db
create-dataset people
import db/BEFOLKNING_KJOENN as sex
import db/BEFOLKNING_FOEDSELS_AAR_MND as birth
import db/INNTEKT_LONN 2022-12-31 as wage
import db/BOSATTEFDT_BOSTED 2022-12-31 as residence
keep if !sysmiss(wage) & !sysmiss(residence)
generate age = 2022 - int(birth / 100)
generate man = sex == '1'
generate lnwage = ln(wage)
generate county = substr(residence, 1, 2)
"""
COMMANDS = """
correlate wage age man, obs sig
correlate wage age man, covariance pairwise
summarize wage man
ci wage man, level(90)
ci wage man, by(sex)
normaltest lnwage age man
anova lnwage sex##county c.age, posthoc
regress lnwage man age i.county
coefplot regress lnwage man age i.county
coefplot regress-mml lnwage man age by county, level(90)
"""


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    done = service.grille("run", "-", "--format", "json", stdin=HEAD + COMMANDS)
    assert done.code == 0, done.out + done.err
    return done.json


def rows(document: dict[str, Any], command: str, key: str, head: str, nth: int = 0) -> dict[str, dict[str, Any]]:
    return {row[head]: row for row in records(block(document, command, key, nth))}


def rules(document: dict[str, Any], command: str, nth: int = 0) -> set[str]:
    results = [result for result in document["results"] if result["command"] == command]
    return {rule["rule"] for rule in results[nth]["rules"]}


def test_a_correlation_is_its_covariance_over_both_deviations(document: dict[str, Any]) -> None:
    r, cov = (
        rows(document, "correlate", key, "variable", nth) for nth, key in enumerate(("correlation", "covariance"))
    )
    for one in ("wage", "age", "man"):
        assert r[one][one] == 1
        for two in ("wage", "age", "man"):
            expected = cov[one][two] / (cov[one][one] * cov[two][two]) ** 0.5
            assert r[one][two] == pytest.approx(expected, rel=2e-4)  # five digits of each of three figures
    p = rows(document, "correlate", "p_values", "variable")
    assert p["wage"]["age"] == 0.001
    assert p["wage"]["wage"] is None
    n = rows(document, "correlate", "n_obs", "variable")
    assert {n[one][two] for one in n for two in ("wage", "age", "man")} == {n["wage"]["wage"]}
    assert {"count_noise", "winsorising", "shares_from_noised_counts", "model_rounding"} <= rules(document, "correlate")


def test_deviations_agree_with_summarize(document: dict[str, Any]) -> None:
    summary = rows(document, "summarize", "summary", "variable")
    cov = rows(document, "correlate", "covariance", "variable", 1)
    for name in ("wage", "man"):
        assert cov[name][name] ** 0.5 == pytest.approx(summary[name]["std"], rel=1e-4)


def test_intervals_are_computed_of_what_is_shown(document: dict[str, Any]) -> None:
    summary, found = rows(document, "summarize", "summary", "variable"), rows(document, "ci", "ci", "variable")
    wage, man = found["wage"], found["man"]
    assert (wage["mean"], wage["n"]) == (summary["wage"]["mean"], summary["wage"]["n"])
    assert wage["std_error"] == pytest.approx(summary["wage"]["std"] / wage["n"] ** 0.5, rel=1e-4)
    assert wage["ci_high"] - wage["mean"] == pytest.approx(1.645 * wage["std_error"], abs=11)
    assert (wage["method"], man["method"]) == ("t", "wilson")
    assert man["ci_low"] < man["mean"] < man["ci_high"]
    by_sex = records(block(document, "ci", "ci", 1))
    assert [(row["variable"], row["sex"]) for row in by_sex] == [
        ("wage", "1"),
        ("wage", "2"),
        ("man", "1"),
        ("man", "2"),
    ]
    assert [row["mean"] for row in by_sex[2:]] == [1, 0]


def test_normality_is_tested_five_ways(document: dict[str, Any]) -> None:
    tests = records(block(document, "normaltest", "tests"))
    names = ["skewness", "kurtosis", "s_k", "jarque_bera", "shapiro_wilk"]
    assert [(row["variable"], row["test"]) for row in tests] == [
        (v, t) for v in ("lnwage", "age", "man") for t in names
    ]
    moments = rows(document, "normaltest", "moments", "variable")
    g, k, n = (moments["age"][key] for key in ("skewness", "kurtosis", "n"))
    statistic = {row["test"]: row["statistic"] for row in tests if row["variable"] == "age"}
    assert statistic["jarque_bera"] == pytest.approx(n / 6 * (g**2 + (k - 3) ** 2 / 4), rel=1e-3)
    assert statistic["shapiro_wilk"] is None
    results = [result for result in document["results"] if result["command"] == "normaltest"]
    assert "shapiro_wilk" in {one["key"] for one in results[0]["blocks"]}


def test_an_analysis_of_variance_has_a_row_per_term(document: dict[str, Any]) -> None:
    table = rows(document, "anova", "anova", "source")
    assert list(table) == ["sex", "county", "sex#county", "c.age", "residual"]
    model = rows(document, "anova", "model", "statistic")
    residual = table["residual"]
    assert model["rmse"]["value"] == pytest.approx((residual["ss"] / residual["df"]) ** 0.5, rel=2e-4)
    for source in ("sex", "county", "c.age"):
        mean_square = table[source]["ss"] / table[source]["df"]
        assert table[source]["f"] == pytest.approx(mean_square / model["rmse"]["value"] ** 2, rel=3e-4)
    pairs = records(block(document, "anova", "posthoc"))
    counties = table["county"]["df"] + 1
    assert len(pairs) == 1 + counties * (counties - 1) / 2
    assert all(pair["ci_low"] < pair["mean_diff"] < pair["ci_high"] for pair in pairs)
    assert all(
        (pair["p_value"] < 0.05) == (pair["ci_low"] * pair["ci_high"] > 0) for pair in pairs if pair["p_value"] != 0.05
    )


def test_a_plot_of_coefficients_holds_the_released_figures_alone(document: dict[str, Any]) -> None:
    coefficients = block(document, "regress", "coefficients")
    assert block(document, "coefplot", "coefficients")["rows"] == coefficients["rows"]
    drawn = block(document, "coefplot", "coefplot")["spec"]["data"]["values"]
    shown = [row for row in records(coefficients) if row["term"] != "_cons"]
    assert [(row["estimate"], row["ci_low"], row["ci_high"]) for row in drawn] == [
        (row["estimate"], row["ci_low"], row["ci_high"]) for row in shown
    ]
    results = [result for result in document["results"] if result["command"] == "coefplot"]
    assert [[one["key"] for one in result["blocks"]] for result in results] == [["coefplot", "coefficients"]] * 2
    assert results[1]["blocks"][1]["columns"][-1]["label"] == "90 % CI high"


def test_a_plot_of_coefficients_is_drawn_and_exported(service: Service, tmp_path: Path) -> None:
    script = HEAD + "coefplot regress lnwage man age\n"
    done = service.grille("run", "-", "--lang", "no", stdin=script)
    assert done.code == 0
    assert "Koeffisienter for lnwage, 95 % intervaller" in done.out
    assert any(line.startswith("man") and "├" in line and "•" in line for line in done.out.splitlines())
    assert not any(line.startswith("Konstant") for line in done.out.splitlines())
    assert "\nKonstant" in service.grille("run", "-", "--lang", "no", "--tables", stdin=script).out
    done = service.grille("run", "-", "--out", tmp_path / "out", stdin=script)
    assert done.code == 0, done.err
    kinds = sorted(path.name.partition("-")[2] for path in (tmp_path / "out").iterdir())
    assert kinds == ["coefplot-coefficients.csv", "coefplot-coefplot.png", "coefplot-coefplot.svg"]
    svg = next((tmp_path / "out").glob("*.svg")).read_text()
    assert "Coefficient" in svg
    assert ">age<" in svg
    page = service.grille("run", "-", "--format", "html", "--out", tmp_path / "page.html", stdin=script)
    assert page.code == 0, page.err
    assert "Coefficients for lnwage" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    "line, reason, told",
    [
        ("correlate wage age if age < 0", "TOO_FEW_UNITS", "færre enn 10 enheter"),
        ("correlate age birth", "VARIABLES_DETERMINED", "bestemmer hverandre"),
        ("normaltest wage if wage > 5e6", "TOO_FEW_UNITS", "Utvid betingelsen"),
        ("ci wage if age < 0", "TOO_FEW_UNITS", "færre enn 10 enheter"),
        ("anova wage county if age < 0", "MODEL_TOO_SMALL", "færre enn 100 enheter"),
        ("anova lnwage c.wage", "FIT_TOO_GOOD", "beregnet fra dem"),
        ("coefplot regress lnwage wage", "FIT_TOO_GOOD", "beregnet fra dem"),
    ],
)
def test_what_would_tell_of_few_is_refused(service: Service, line: str, reason: str, told: str) -> None:
    done = service.grille("run", "-", "--format", "json", "--lang", "no", stdin=HEAD + line + "\n")
    last = done.json["results"][-1]
    assert (done.code, last["status"], last["reason"]) == (1, "refused", reason)
    assert told in str(last)


def test_a_number_taken_for_categories_is_an_error_before_it_fills_the_memory(service: Service) -> None:
    done = service.grille("run", "-", "--format", "json", stdin=HEAD + "anova lnwage wage\n")
    last = done.json["results"][-1]
    assert (last["status"], last["reason"]) == ("error", "TOO_MANY_COLUMNS")
    assert "c.v" in str(last)


def test_help_tells_of_the_commands_in_both_languages(service: Service) -> None:
    assert "Tukeys test" in service.grille("help", "anova", "--lang", "no").out
    assert "vertical line marks zero" in service.grille("help", "coefplot").out.replace("\n", " ")
