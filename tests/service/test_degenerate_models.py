"""Models that have no answer, or one that needs a remark, through client, worker and gate, with advice in Norwegian."""

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
generate month = born - 100 * int(born / 100)
"""

REFUSED = [
    ("generate one = 1\nregress-mml wage man by one", "SINGLE_GROUP", "Bruk en gruppevariabel med flere grupper"),
    # that one or nine units stand apart must not show either
    ("generate rare = wage > 1250000\nregress-mml wage man by rare", "SINGLE_GROUP", "Bruk en gruppevariabel"),
    (
        "generate id = rowconcat(string(wage), string(born), residence)\nregress-mml wage man by id",
        "SINGLETON_GROUPS",
        "Bruk en grovere gruppevariabel",
    ),
    ("generate copy = county\nregress-mml wage man by county copy", "LEVELS_NOT_SEPARABLE", "Utelat county"),
    ("regress-mml wage i.county by county", "GROUP_IS_TERM", "utelat variabelen fra leddene"),
    ("generate copy = county\nregress-mml wage i.copy by county", "GROUP_COLUMNS_EXHAUST_GROUPS", "Utelat i.county"),
    ("regress-mml wage man by sex county", "GROUP_COLUMNS_EXHAUST_GROUPS", "Utelat i.sex"),
    ("regress wage man if wage > 1250000", "MODEL_TOO_SMALL", "Utvid betingelsen"),
    ("generate five = 5\nregress five man age", "DESIGN_COLUMN_RARE", "utelat variabelen"),
    ("destring county, prefix(n_)\nregress-mml n_county man by county", "GROUPS_DETERMINE_OUTCOME", "et annet utfall"),
    ("generate raised = wage + 10 * age\nregress wage man raised", "FIT_TOO_GOOD", "Utelat variabler"),
    ("generate huge = wage * 10 ^ 300\nregress huge man age", "NOT_FINITE", "Skaler variabelen"),
    ("generate huge = wage * 10 ^ 300\nregress-mml wage huge by county", "NOT_FINITE", "Skaler variabelen"),
    ("generate none = 1 / (man - man)\nregress wage none", "MODEL_TOO_SMALL", "færre manglende verdier"),
    ("generate none = wage * 10 ^ 308\nregress wage none", "MODEL_TOO_SMALL", "færre manglende verdier"),
    ("generate one = 1\nregress wage man, cluster(one)", "TOO_FEW_CLUSTERS", "Bruk en annen klyngevariabel"),
]


@pytest.mark.parametrize("lines, reason, told", REFUSED, ids=[f"{one[1]}-{n}" for n, one in enumerate(REFUSED)])
def test_what_has_no_answer_says_why_and_what_to_do(service: Service, lines: str, reason: str, told: str) -> None:
    done = service.grille("run", "-", "--format", "json", "--lang", "no", stdin=HEAD + lines + "\n")
    assert done.code == 1
    last = done.json["results"][-1]
    assert last["reason"] == reason
    assert last["status"] in ("error", "refused")
    assert told in str(last)
    assert not last["blocks"]


@pytest.fixture(scope="module")
def answered(service: Service) -> dict[str, Any]:
    lines = """
generate woman = 1 - man
generate constant = 3
regress wage man woman age c.age##c.age i.sex constant
regress-mml wage man woman age by county
regress-mml wage man by month
regress-mml wage man by county month
regress-mml wage constant by county
"""
    done = service.grille("run", "-", "--format", "json", stdin=HEAD + lines)
    assert done.code == 0, done.out + done.err
    return done.json


def notices(document: dict[str, Any], command: str, nth: int) -> dict[str, str]:
    results = [result for result in document["results"] if result["command"] == command]
    return {one["key"]: one["text"] for one in results[nth]["blocks"] if one["kind"] == "notice"}


@pytest.mark.parametrize(
    "command, dropped", [("regress", ("woman", "sex: Woman", "constant")), ("regress-mml", ("woman",))]
)
def test_collinear_columns_are_left_out_in_order_and_named(
    answered: dict[str, Any], command: str, dropped: tuple[str, ...]
) -> None:
    told = notices(answered, command, 0)["collinear"]
    assert told.endswith(": " + ", ".join(dropped) + ".")
    terms = [row["term"] for row in records(block(answered, command, "coefficients"))]
    assert "man" in terms
    assert "woman" not in terms


def test_a_variance_of_zero_is_marked_told_and_counted(answered: dict[str, Any]) -> None:
    table = block(answered, "regress-mml", "random_effects", 1)
    assert (table["rows"][0][:2], table["flags"][0][1]) == (["month", 0.0], "boundary")
    assert "month" in notices(answered, "regress-mml", 1)["boundary"]
    found = {row["statistic"]: row["value"] for row in records(block(answered, "regress-mml", "convergence", 1))}
    assert found["boundary"] == 1


def test_groups_of_the_lower_level_in_several_of_the_higher_are_counted(answered: dict[str, Any]) -> None:
    told = notices(answered, "regress-mml", 2)["crossed"]
    assert "Codes of month that occur in several groups of county" in told
    assert ": 12. Each combination counts as its own group." in told


def test_every_multilevel_model_shows_how_it_converged(answered: dict[str, Any]) -> None:
    for nth in range(4):
        table = block(answered, "regress-mml", "convergence", nth)
        found = {row["statistic"]: row["value"] for row in records(table)}
        assert list(found) == ["iterations", "evaluations", "gradient_norm", "boundary"]
        assert 1 <= found["iterations"] <= found["evaluations"] <= 60
        assert 0 <= found["gradient_norm"] <= 1e-4


def test_a_constant_regressor_leaves_the_model_without_terms(answered: dict[str, Any]) -> None:
    assert [row["term"] for row in records(block(answered, "regress-mml", "coefficients", 3))] == ["_cons"]
