"""`grille check --explain` tells beforehand every rule that a script then meets, and touches no data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.service import BANK, VERSION, Service

from grille.server.commands.meets import MEETS
from grille.server.commands.whitelist import COMMANDS

HEAD = f"""require {BANK}:{VERSION} as db
create-dataset d
import db/BEFOLKNING_KJOENN as sex
import db/INNTEKT_LONN 2022-12-31 as wage
import db/BEFOLKNING_FOEDSELS_AAR_MND as birth
"""
EVERYTHING = (
    HEAD
    + """import db/NUDB_SOSBAK as background
import db/BOSATTEFDT_BOSTED 2022-12-31 as residence
generate age = 2022 - int(birth / 100)
keep if age >= 20 & age <= 60
generate county = substr(residence, 1, 2)
generate man = sex == '1'
replace wage = 0 if wage < 1000
recode age (20/39 = 1 'Young') (40/60 = 2 'Old'), prefix(r_)
destring county
rename r_age agegroup
clone-dataset d e
use d
tabulate agegroup sex, summarize(wage) mean std
tabulate sex agegroup background
correlate wage age
ci wage, by(sex)
normaltest wage
anova wage sex agegroup
histogram agegroup, discrete
histogram wage, by(sex)
boxplot wage, over(sex)
coefplot regress wage age man
regress wage age man i.background, robust
regress-predict wage age man, predicted(p) residuals(r)
regress-mml wage age man by county
summarize wage man, gini iqr
list-labels background
help regress
history
"""
)


def explained(service: Service, script: str, *options: object) -> dict[str, Any]:
    done = service.grille("check", "-", "--explain", "--format", "json", *options, stdin=script)
    assert done.code == 0, done.out
    return done.json


def rules(document: dict[str, Any], command: str) -> dict[str, dict[str, Any]]:
    found = next(one for one in document["explanations"] if one["command"] == command)
    return {one["rule"]: one for one in found["rules"]}


def test_every_command_of_the_whitelist_says_which_rules_it_meets() -> None:
    assert set(MEETS) == set(COMMANDS)


def test_what_touches_a_result_was_told_before(service: Service) -> None:
    told = explained(service, EVERYTHING)
    ran = service.run(EVERYTHING)
    assert ran["results"][-1]["status"] == "ok", ran["results"][-1]
    assert len(told["explanations"]) == told["commands"] == len(ran["results"])
    for before, after in zip(told["explanations"], ran["results"], strict=True):
        assert (before["line"], before["command"]) == (after["line"], after["command"])
        expected = {one["rule"] for one in before["rules"] if one["effect"] == "change"}
        assert {one["rule"] for one in after["rules"]} <= expected, before["source"]


@pytest.mark.parametrize(
    "line",
    [
        "keep if sex == '9'",
        "tabulate wage",
        "summarize wage if birth < 190000",
        "histogram wage if birth < 190000",
        "regress-mml wage birth by sex if birth < 190000",
        "correlate wage birth if birth < 190000",
    ],
)
def test_what_is_refused_was_told_before(service: Service, line: str) -> None:
    script = f"{HEAD}{line}\n"
    before = rules(explained(service, script), line.split()[0])
    after = service.run(script)["results"][-1]
    assert after["status"] == "refused"
    assert before[after["reason"]]["effect"] == "refusal"
    assert before[after["reason"]]["detail"] == after["message"]


def test_rules_come_with_the_numbers_of_the_projects_policy(service: Service, tmp_path: Path) -> None:
    policy = tmp_path / "careful.toml"
    policy.write_text("cell_min = 25\n")
    service.add_project("explained", str(policy))
    service.add_user("eva", "explained")
    script = f"{HEAD}tabulate sex\n"
    usual = rules(explained(service, script), "tabulate")["TOO_FEW_UNITS"]
    done = service.grille("check", "-", "--explain", "--format", "json", user="eva", stdin=script)
    careful = rules(done.json, "tabulate")["TOO_FEW_UNITS"]
    assert (usual["numbers"], careful["numbers"]) == ({"cell_min": 10}, {"cell_min": 25})
    assert "25" in careful["detail"]


def test_an_open_project_has_one_rule(service: Service) -> None:
    service.add_project("laid-open", "open")
    service.add_user("odd", "laid-open")
    script = f"{HEAD}tabulate sex\ntextblock\nwords\nendblock\n"
    done = service.grille("check", "-", "--explain", "--format", "json", user="odd", stdin=script)
    assert done.json["profile"] == "open"
    assert set(rules(done.json, "tabulate")) == {"NOT_PUBLIC"}
    assert rules(done.json, "textblock") == {}


def test_checking_leaves_no_trace_in_ledger_and_audit_log(service: Service) -> None:
    def size() -> int:
        return sum(path.stat().st_size for path in (service.home / "audit").glob("records-*.jsonl"))

    before = size()
    explained(service, f"{HEAD}tabulate sex\n")
    assert size() == before


def test_a_person_reads_each_rule_once_in_both_languages(service: Service) -> None:
    script = f"{HEAD}tabulate sex\ntabulate sex if wage > 1\n"
    done = service.grille("check", "-", "--explain", stdin=script)
    assert done.code == 0
    assert "Policy: profile standard" in done.out
    assert done.out.count("Refused if TOO_FEW_UNITS: There are fewer than 10 units") == 1
    assert "As above: TOO_FEW_UNITS" in done.out
    assert "No problems in 7 commands" in done.out
    norwegian = service.grille("check", "-", "--explain", "--lang", "no", stdin=script)
    assert "Avvises hvis TOO_FEW_UNITS: Det er færre enn 10 enheter" in norwegian.out


def test_problems_stand_beside_the_rules_of_the_other_commands(service: Service) -> None:
    done = service.grille("check", "-", "--explain", "--format", "json", stdin=f"{HEAD}tabulate sx\ntabulate sex\n")
    assert done.code == 1
    document = json.loads(done.out)
    assert [one["reason"] for one in document["problems"]] == ["UNKNOWN_VARIABLE"]
    assert document["problems"][0]["line"] == 6
    assert [one["line"] for one in document["explanations"]] == [1, 2, 3, 4, 5, 7]
