"""An open project answers exactly on public data of any size, and not at all where anything else stands behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.own_service import BANK, PLANTED, planted
from support.service import Service, block, records

HEAD = f"""require {BANK}:1 as o
create-dataset d
import o/PUBLIC_SCORE as score
import o/PUBLIC_SCHOOL as school
"""


def last(service: Service, script: str, user: str = "ada") -> dict[str, Any]:
    result: dict[str, Any] = service.run(HEAD + script, user)["results"][-1]
    return result


def refused(service: Service, script: str) -> None:
    results = service.run(HEAD + script)["results"]
    assert (results[-1]["status"], results[-1]["reason"]) == ("refused", "NOT_PUBLIC"), results[-1]
    assert results[-1]["blocks"] == []


@pytest.fixture(scope="module")
def answers(own: Service) -> dict[str, Any]:
    return own.run(
        HEAD + "summarize score, gini iqr\ntabulate school\nhistogram score, freq\nboxplot score, over(school)\n"
        "tabulate school, summarize(score) mean std\nkeep if score > 73\nsummarize score\ntabulate school"
    )


def test_means_and_percentiles_are_those_of_the_values_themselves(answers: dict[str, Any]) -> None:
    """1e-13 of the deviations: sums in another order. Percentiles are interpolated, as by default in numpy and R."""
    row = records(block(answers, "summarize", "summary"))[0]
    score = planted()["PUBLIC_SCORE"]
    assert row["n"] == PLANTED
    assert row["mean"] == pytest.approx(score.mean(), rel=1e-13)
    assert row["std"] == pytest.approx(score.std(ddof=1), rel=1e-13)
    for key, probability in (("p1", 0.01), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p99", 0.99)):
        assert row[key] == pytest.approx(np.quantile(score, probability), rel=1e-15)
    differences = np.abs(score[:, None] - score[None, :]).mean()
    assert row["gini"] == pytest.approx(differences / (2 * score.mean()), rel=1e-12)


def test_counts_are_exact_down_to_one(answers: dict[str, Any]) -> None:
    data = planted()
    assert exact_counts(block(answers, "tabulate", "frequencies")) == school_sizes()
    few = data["PUBLIC_SCHOOL"][data["PUBLIC_SCORE"] > 73]
    assert 1 <= len(few) < 10
    left = exact_counts(block(answers, "tabulate", "frequencies", 2))
    assert left == {str(school): int((few == school).sum()) for school in np.unique(few)}
    assert records(block(answers, "summarize", "summary", 1))[0]["n"] == len(few)


def school_sizes() -> dict[str, int]:
    schools, counts = np.unique(planted()["PUBLIC_SCHOOL"], return_counts=True)
    return dict(zip(map(str, schools.tolist()), counts.tolist(), strict=True))


def exact_counts(table: dict[str, Any]) -> dict[str, int]:
    """Counts by code of a table of one variable, totals left out."""
    return {f"{float(row[0]):g}": row[-1] for row in table["rows"] if row[0] != "total"}


def test_bars_and_boxes_reach_over_all_values(answers: dict[str, Any]) -> None:
    score = planted()["PUBLIC_SCORE"]
    bins = records(block(answers, "histogram", "bins"))
    assert sum(one["value"] for one in bins) == PLANTED
    assert bins[0]["low"] == pytest.approx(score.min(), rel=1e-11)
    assert bins[-1]["high"] == pytest.approx(score.max(), rel=1e-11)
    edges = [-np.inf, *(one["high"] for one in bins[:-1]), np.inf]
    assert [one["value"] for one in bins] == np.histogram(score, edges)[0].tolist()
    assert {one["n"] for one in records(block(answers, "boxplot", "boxes"))} == set(school_sizes().values())


def test_nothing_is_said_to_have_been_changed(answers: dict[str, Any]) -> None:
    assert [result["rules"] for result in answers["results"] if result["rules"]] == []


def test_the_same_script_is_protected_in_a_standard_project(own: Service) -> None:
    document = own.run(HEAD + "tabulate school", user="bo")
    assert document["results"][-1]["reason"] == "POPULATION_TOO_SMALL"


@pytest.mark.parametrize("name", ["HIDDEN_NONPUBLIC", "HIDDEN_GENERAL", "HIDDEN_SPECIAL", "HIDDEN_MOTHER"])
def test_a_variable_that_is_not_public_is_refused_where_it_is_imported(own: Service, name: str) -> None:
    refused(own, f"create-dataset other\nimport o/{name} as score")


def test_a_refused_import_leaves_nothing_in_the_session(own: Service) -> None:
    kept = own.grille("run", "-", "--format", "json", "--keep", stdin=HEAD + "import o/HIDDEN_GENERAL as hidden")
    session = kept.json["session"]
    for attack in ("summarize hidden", "generate copy = hidden", "keep if hidden > 100000", "rename hidden shown"):
        done = own.grille("run", "-", "--format", "json", "--session", session, stdin=attack)
        assert [one["reason"] for one in done.json["results"]] == ["UNKNOWN_VARIABLE"]
    # the honest part of the session goes on
    done = own.grille("run", "-", "--format", "json", "--session", session, stdin="summarize score")
    assert [one["status"] for one in done.json["results"]] == ["ok"]
    assert own.grille("sessions", "close", session).code == 0


def test_metadata_of_every_variable_are_shown_in_any_project(own: Service) -> None:
    shown = last(own, "variables o/PUBLIC_STATUS o/HIDDEN_GENERAL o/HIDDEN_MOTHER")
    rows = {row["name"]: row for row in records(shown["blocks"][0])}
    assert [rows[name]["sensitivity"] for name in rows] == ["PUBLIC", "PERSON_GENERAL", "PERSON_GENERAL"]
    assert rows["o/HIDDEN_MOTHER"]["type"] == "key"
    assert (rows["o/PUBLIC_STATUS"]["valid_from"], rows["o/PUBLIC_STATUS"]["title"]) == ("2010-01-01", "Civil status")
    codes = next(records(one) for one in shown["blocks"] if one["key"] == "codes_public_status")
    assert [(code["code"], code["label"], code["valid_until"]) for code in codes] == [
        ("1", "Before", "2019-12-31"),
        ("1", "After", None),
        ("2", "Other", None),
        ("9", "Unknown", None),
    ]
    assert codes[-1]["missing"] == "yes"


def test_the_labels_of_the_day_apply(own: Service) -> None:
    lines = ""
    for day, name in (("2015-01-01", "early"), ("2021-01-01", "late")):
        lines += f"import o/PUBLIC_STATUS {day} as {name}\ntabulate {name}\n"
    done = own.grille("run", "-", stdin=HEAD + lines)
    assert done.code == 0, done.out + done.err
    early, late = done.out.split("tabulate late")
    assert ("Before" in early, "After" in early) == (True, False)
    assert ("Before" in late, "After" in late, "360" in late) == (False, True, True)


@pytest.mark.parametrize(
    "language,words",
    [
        ("en", ["Civil status", "All pupils", "Education", "PUBLIC", "After", "2020-01-01", "Unknown"]),
        ("no", ["Civil status (no)", "Alle elever", "Utdanning", "PUBLIC", "After (no)", "Sensitivitet", "ja"]),
    ],
)
def test_the_client_tells_what_the_metadata_say(own: Service, language: str, words: list[str]) -> None:
    done = own.grille("variables", "PUBLIC_STATUS", "--lang", language)
    assert done.code == 0, done.err
    for word in words:
        assert word in done.out
