"""The gate: nothing is released without it, the profile open, and the ledger behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.gate_cases import (
    COUNTY,
    EVERYONE,
    SEX,
    UNITS,
    WAGE,
    content_of,
    histogram,
    reason_of,
)

from grille.server.blocks import Markdown
from grille.server.disclosure.evidence import (
    Evidence,
    PublicEvidence,
    Sensitivity,
    StatusEvidence,
    Touch,
    UnitCount,
)
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import (
    Released,
    ReleasedCounts,
    ReleasedMagnitudes,
    ReleasedModel,
    ReleasedPublic,
    ReleasedStatus,
)
from grille.server.disclosure.texts import REFUSALS, RULES, applied, refusal
from grille.server.errors import DisclosureError
from grille.server.text import Text, same


def test_released_cannot_be_made_elsewhere() -> None:
    with pytest.raises(TypeError, match="only the gate"):
        Released(ReleasedPublic(()), (), token=object())
    with pytest.raises(TypeError):
        Released(ReleasedPublic(()), ())  # type: ignore[call-arg]


def test_presenting_keeps_a_result_released_with_its_rules(gate: Gate) -> None:
    released = gate.release(UNITS.counts([COUNTY]), project="P")
    block = Markdown("x", same("x"))
    presented = released.present(lambda content: (block,))
    assert presented.content == (block,)
    assert presented.rules == released.rules
    assert isinstance(presented, Released)


def test_public_blocks_pass_unchanged(gate: Gate) -> None:
    blocks = (Markdown("help", same("text")),)
    released = gate.release(PublicEvidence(blocks), project="P")
    assert released.content == ReleasedPublic(blocks)
    assert released.rules == ()


def status(**changes: Any) -> StatusEvidence:
    text = Text("{kept} kept, {gone} gone.", "{kept} beholdt, {gone} borte.")
    base = StatusEvidence("kept", text, {"kept": UNITS.count(EVERYONE[:5_000]), "gone": UNITS.count([])})
    return dataclasses.replace(base, **changes)


def test_counts_of_a_status_are_noised_in_numbers_and_words(gate: Gate) -> None:
    content = content_of(gate, status())
    assert isinstance(content, ReleasedStatus)
    kept = noised(5_000, UNITS.count(EVERYONE[:5_000]).key)
    assert content.counts == {"kept": kept}
    assert content.text.en == f"{kept:,} kept, <10 gone."
    assert content.text.no.endswith("<10 borte.")


def test_small_counts_of_a_status_are_told_like_none() -> None:
    shown = set()
    for first in range(0, 400, 7):
        with_few = status(counts={"kept": UNITS.count(EVERYONE[first : first + 7]), "gone": UNITS.count([])})
        content = Gate(Policy.standard(), None).release(with_few, project="P").content  # type: ignore[arg-type]
        assert isinstance(content, ReleasedStatus)
        shown.add((content.text.en, content.counts.get("kept", -1)))
    assert shown == {("<10 kept, <10 gone.", -1), *((f"{n} kept, <10 gone.", n) for n in (10, 11, 12))}


@pytest.mark.parametrize("n,reason", [(0, "POPULATION_TOO_SMALL"), (999, "POPULATION_TOO_SMALL"), (1010, None)])
def test_small_populations_are_refused(gate: Gate, n: int, reason: str | None) -> None:
    assert reason_of(gate, status(population=UNITS.count(EVERYONE[:n]))) == reason


@pytest.mark.parametrize(
    "selected,left,effect,reason",
    [
        (9, 5_991, "as_written", "CONDITION_TOO_NARROW"),
        (5_991, 9, "as_written", "CONDITION_TOO_NARROW"),
        (0, 6_000, "as_written", "CONDITION_TOO_NARROW"),
        (5_991, 9, "nobody", "CONDITION_TOO_NARROW"),
        (9, 5_991, "nobody", None),
        (0, 6_000, "nobody", None),
        (5_991, 9, "everybody", None),
        (20, 5_980, "as_written", None),
    ],
)
def test_a_condition_that_took_effect_on_few_units_is_refused(
    gate: Gate, selected: int, left: int, effect: str, reason: str | None
) -> None:
    wide = Touch(UnitCount(3000, 1), UnitCount(3000, 2), "as_written")
    touched = (wide, Touch(UnitCount(selected, 3), UnitCount(left, 4), effect))
    assert reason_of(gate, status(touched=touched)) == reason


def test_few_units_and_none_give_the_same_remark(gate: Gate) -> None:
    what = Text("The condition", "Betingelsen")
    answers = {
        repr(
            content_of(
                gate, status(touched=(Touch(UNITS.count(EVERYONE[:n]), UNITS.count(EVERYONE[n:]), "nobody", what),))
            )
        )
        for n in range(10)
    }
    assert len(answers) == 1
    assert "few_or_none" in answers.pop()


def test_open_shows_public_data_exactly_and_nothing_else(ledger: Ledger) -> None:
    gate, public = Gate(Policy.open(), ledger), Sensitivity("PUBLIC")
    evidence = UNITS.counts([COUNTY], EVERYONE[:20])
    released = gate.release(evidence, project="P", sensitivity=public)
    assert isinstance(released.content, ReleasedCounts)
    assert released.content.n.tolist() == evidence.n.tolist()
    assert released.rules == ()
    for level in ("NONPUBLIC", "PERSON_GENERAL", "PERSON_SPECIAL"):
        with pytest.raises(DisclosureError, match="NOT_PUBLIC"):
            gate.release(evidence, project="P", sensitivity=Sensitivity(level))  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match="NOT_PUBLIC"):
        gate.release(evidence, project="P")


def test_open_shows_models_and_means_in_full_precision(ledger: Ledger) -> None:
    gate, public = Gate(Policy.open(), ledger), Sensitivity("PUBLIC")
    model = gate.release(UNITS.model(EVERYONE[:20], r2=1.0), project="P", sensitivity=public).content
    assert isinstance(model, ReleasedModel)
    assert model.tables[0].rows[0][1].value == 20
    assert model.tables[1].rows[0][1].value == 1234.56789
    evidence = UNITS.magnitudes({"wage": WAGE, "man": SEX}, members=EVERYONE[:3])
    means = gate.release(evidence, project="P", sensitivity=public).content
    assert isinstance(means, ReleasedMagnitudes)
    for shown, exact in zip(means.variables, evidence.variables, strict=True):
        assert shown.mean.tolist() == exact.mean.tolist()
    assert list(ledger.entries("P", "no.test", "PERSON")) == []


Maker = Callable[[np.ndarray], Evidence]
MAKERS: dict[str, Maker] = {
    "counts": lambda members: UNITS.counts([COUNTY], members),
    "histogram": lambda members: histogram(COUNTY, members),
    "means": lambda members: UNITS.magnitudes({"wage": WAGE}, members=members),
    "model": lambda members: UNITS.model(members),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("earlier", MAKERS)
def test_every_kind_of_result_counts_against_every_kind(gate: Gate, earlier: str, kind: str) -> None:
    base = EVERYONE[:4000]
    assert reason_of(gate, MAKERS[earlier](base)) is None
    assert reason_of(gate, MAKERS[kind](base[1:])) == "SETS_TOO_CLOSE"
    assert reason_of(gate, MAKERS[kind](base)) is None
    assert reason_of(gate, MAKERS[kind](base[10:])) is None


@pytest.mark.parametrize("kind", MAKERS)
def test_a_refused_result_leaves_no_trace_in_the_ledger(gate: Gate, ledger: Ledger, kind: str) -> None:
    assert reason_of(gate, MAKERS[kind](EVERYONE[:9])) is not None
    assert list(ledger.entries("P", "no.test", "PERSON")) == []


def test_every_text_is_complete_in_both_languages_and_holds_only_policy_numbers() -> None:
    policy = Policy.standard()
    for reason in REFUSALS:
        error = refusal(reason, policy)
        assert error.hint is not None
        for text in (error.message, error.hint):
            assert text.en.endswith(".")
            assert text.no.endswith(".")
            assert "{" not in text.en + text.no
    for rule in RULES:
        remark = applied(rule, policy)
        assert remark.name.en
        assert remark.name.no
        for text in (remark.detail.en, remark.detail.no):
            assert text.endswith(".")
            assert "{" not in text


def test_a_value_that_few_units_have_looks_like_one_that_nobody_has(gate: Gate) -> None:
    everything = UNITS.count(EVERYONE)
    replies = []
    for few in (0, 1, 4, 9):
        counts = {"units": everything, "missing": UNITS.count(EVERYONE[few:])}
        evidence = StatusEvidence("imported", same("{units} units, {missing} without a value"), counts)
        replies.append(repr(content_of(gate, evidence)))
    assert len(set(replies)) == 1
    many = {"units": everything, "missing": UNITS.count(EVERYONE[300:])}
    evidence = StatusEvidence("imported", same("{units} units, {missing} without a value"), many)
    assert repr(content_of(gate, evidence)) != replies[0]
