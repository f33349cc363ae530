"""regress-mml without terms, by full likelihood and with each kind of standard errors, through client and gate."""

from __future__ import annotations

from typing import Any

import pytest
from support.service import Service, block, records

HEAD = """
require no.ssb.fdb:30 as db
create-dataset people
import db/BOSATTEFDT_BOSTED 2022-12-31 as residence
import db/BEFOLKNING_KJOENN as sex
import db/INNTEKT_LONN 2022-12-31 as wage
generate man = sex == '1'
generate county = substr(residence, 1, 2)
generate half = county > '30'
"""
MODELS = """
regress-mml wage by county
regress-mml wage man by county
regress-mml wage man by county, ml
regress-mml wage man by county, se(gls)
regress-mml wage man by county, se(robust)
regress-mml wage man by half, se(robust) ml
"""


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    done = service.grille("run", "-", "--format", "json", stdin=HEAD + MODELS)
    assert done.code == 0, done.out + done.err
    return done.json


def rows(document: dict[str, Any], nth: int, key: str, head: str) -> dict[str, dict[str, Any]]:
    return {row[head]: row for row in records(block(document, "regress-mml", key, nth))}


def test_without_terms_there_is_a_constant_and_no_test_of_slopes(document: dict[str, Any]) -> None:
    assert list(rows(document, 0, "coefficients", "term")) == ["_cons"]
    model = rows(document, 0, "model", "statistic")
    assert model["wald_coef"]["value"] is None
    assert model["lr_test"]["df"] == 1
    assert set(rows(document, 0, "random_effects", "variable")) == {"county", "residual"}


def test_kinds_of_errors_differ_in_the_errors_alone(document: dict[str, Any]) -> None:
    kinds = [rows(document, nth, "coefficients", "term")["man"] for nth in (1, 3, 4)]
    assert len({row["estimate"] for row in kinds}) == 1
    assert kinds[0]["std_error"] == pytest.approx(kinds[1]["std_error"], rel=0.01)
    assert kinds[2]["std_error"] != kinds[1]["std_error"]
    assert rows(document, 4, "model", "statistic")["wald_total"]["value"] is None


def test_full_likelihood_gives_the_smaller_variance_between_groups(document: dict[str, Any]) -> None:
    restricted, full = (rows(document, nth, "random_effects", "variable")["county"]["variance"] for nth in (1, 2))
    assert 0.7 * restricted < full < restricted


def test_few_groups_are_remarked_on_with_robust_errors(document: dict[str, Any]) -> None:
    results = [one for one in document["results"] if one["command"] == "regress-mml"]
    told = [{one["key"] for one in result["blocks"]} for result in results]
    assert "few_clusters" in told[5]
    assert all("few_clusters" not in keys for keys in told[:5])


@pytest.mark.parametrize(
    "line, reason, told",
    [
        ("regress-mml wage by county, noconstant", "NO_COLUMNS", "Fjern noconstant"),
        ("regress-mml wage man by county, se(hc3)", "OPTION_ARGUMENT", "tar én av"),
        ("regress-mml wage man by county, se()", "OPTION_ARGUMENT", "tar én av"),
        ("regress-mml wage man by county, ml(1)", "OPTION_ARGUMENT", "tar ikke noe argument"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_advice(service: Service, line: str, reason: str, told: str) -> None:
    done = service.grille("run", "-", "--format", "json", "--lang", "no", stdin=HEAD + line + "\n")
    last = done.json["results"][-1]
    assert last["status"] == "error"
    assert last["reason"] == reason
    assert told in str(last)
