"""The example script through client, server, worker, gate and log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.service import Service, block, records

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    done = service.grille("run", ROOT / "examples" / "multilevel.txt", "--format", "json")
    assert done.code == 0, done.out + done.err
    return done.json


def test_every_command_of_the_example_is_answered(document: dict[str, Any]) -> None:
    assert {result["status"] for result in document["results"]} == {"ok"}
    assert document["banks"] == [{"bank": "no.ssb.fdb", "version": 30}]


def test_a_multilevel_result_has_the_documented_tables_and_rows(document: dict[str, Any]) -> None:
    for nth, levels in enumerate((["part"], ["county"], ["part", "county"])):
        model = {row["statistic"]: row for row in records(block(document, "regress-mml", "model", nth))}
        assert list(model) == ["n_obs", "log_likelihood", "lr_test", "wald_coef", "wald_total"]
        assert model["lr_test"]["df"] == len(levels)
        groups = block(document, "regress-mml", "groups", nth)
        assert [c["key"] for c in groups["columns"]] == ["level", "variable", "n_groups", "min", "max", "mean"]
        assert [row["variable"] for row in records(groups)] == levels
        random = records(block(document, "regress-mml", "random_effects", nth))
        assert [row["variable"] for row in random] == [*levels, "residual"]
        assert sum(row["icc"] for row in random) == pytest.approx(1.0, abs=1e-4)
        terms = [row["term"] for row in records(block(document, "regress-mml", "coefficients", nth))]
        assert terms == [
            "man",
            "married",
            "children",
            "high_background",
            "age",
            "i.edu_group=2",
            "i.edu_group=3",
            "_cons",
        ]


def test_the_synthetic_effects_are_recovered_within_their_errors(document: dict[str, Any]) -> None:
    from grille.server.catalog.synthetic import TRUTH

    found = {row["term"]: row for row in records(block(document, "regress-mml", "coefficients", 5))}
    for term, true in (
        ("man", TRUTH.man),
        ("married", TRUTH.married),
        ("children", TRUTH.children),
        ("age", TRUTH.age),
    ):
        assert abs(found[term]["estimate"] - true) < 4 * found[term]["std_error"], term


def test_sums_of_squares_add_up_and_give_r2(document: dict[str, Any]) -> None:
    model = {row["statistic"]: row["value"] for row in records(block(document, "regress", "model"))}
    assert model["ss_model"] + model["ss_resid"] == pytest.approx(model["ss_total"], rel=1e-4)
    assert model["r2"] == pytest.approx(model["ss_model"] / model["ss_total"], rel=1e-4)


def test_box_plots_have_ordered_quantiles_and_a_plot_of_the_same_numbers(document: dict[str, Any]) -> None:
    boxes = records(block(document, "boxplot", "boxes"))
    for box in boxes:
        order = [box[key] for key in ("whisker_low", "p25", "p50", "p75", "whisker_high")]
        assert order == sorted(order)
    drawn = block(document, "boxplot", "boxplot")["spec"]["data"]["values"]
    assert [row["p50"] for row in drawn] == [box["p50"] for box in boxes]


def test_histogram_densities_have_area_one_in_every_group(document: dict[str, Any]) -> None:
    area: dict[str, float] = {}
    for bar in records(block(document, "histogram", "bins")):
        area[bar["group"]] = area.get(bar["group"], 0.0) + bar["value"] * (bar["high"] - bar["low"])
    assert len(area) == 11
    assert list(area.values()) == pytest.approx([1.0] * 11, abs=1e-3)


def test_the_same_script_gives_the_same_bytes_again(service: Service, document: dict[str, Any]) -> None:
    again = service.grille("run", ROOT / "examples" / "multilevel.txt", "--format", "json").json
    assert _figures(again) == _figures(document)


def _figures(document: dict[str, Any]) -> str:
    return json.dumps([result["blocks"] for result in document["results"]], sort_keys=True)


def test_norwegian_labels_keep_english_keys(service: Service) -> None:
    script = (
        "require no.ssb.fdb:30 as db\ncreate-dataset p\nimport db/INNTEKT_LONN 2022-12-31 as wage\n"
        "import db/BEFOLKNING_KJOENN as sex\nregress wage i.sex\n"
    )
    done = service.grille("run", "-", "--format", "json", "--lang", "no", stdin=script).json
    columns = block(done, "regress", "coefficients")["columns"]
    assert [c["key"] for c in columns] == ["term", "estimate", "std_error", "t", "p_value", "ci_low", "ci_high"]
    assert columns[1]["label"] == "Koeffisient"
