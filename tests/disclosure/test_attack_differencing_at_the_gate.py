"""Two results whose units differ by few never both leave; each attack has an honest control of the same shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.gate_cases import COUNTY, EVERYONE, UNITS, WAGE, content_of, reason_of

from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy

TARGET = 4321


def means(members: np.ndarray, **options: object) -> object:
    return UNITS.magnitudes({"wage": WAGE}, members=members, **options)  # type: ignore[arg-type]


def test_dropping_the_target_and_asking_again(gate: Gate) -> None:
    assert reason_of(gate, means(EVERYONE)) is None
    assert reason_of(gate, means(EVERYONE[EVERYONE != TARGET])) == "SETS_TOO_CLOSE"


def test_control_a_clearly_smaller_part_is_answered(gate: Gate) -> None:
    assert reason_of(gate, means(EVERYONE)) is None
    assert reason_of(gate, means(EVERYONE[np.median(WAGE) > WAGE])) is None


def test_exchanging_the_target_for_another_unit(gate: Gate) -> None:
    assert reason_of(gate, means(EVERYONE[:3000])) is None
    assert reason_of(gate, means(np.append(EVERYONE[1:3000], TARGET))) == "SETS_TOO_CLOSE"


def test_after_a_restart_and_as_another_user(tmp_path: Path) -> None:
    for members, reason in ((EVERYONE, None), (EVERYONE[1:], "SETS_TOO_CLOSE")):
        ledger = Ledger(tmp_path / "ledger.sqlite", b"a" * 32)
        assert reason_of(Gate(Policy.standard(), ledger), means(members)) == reason
        ledger.close()


def test_through_missing_values_of_a_changed_copy(gate: Gate) -> None:
    copy = WAGE.copy()
    copy[TARGET] = np.nan
    assert reason_of(gate, means(EVERYONE)) is None
    assert reason_of(gate, UNITS.magnitudes({"renamed": copy})) == "SETS_TOO_CLOSE"


def test_through_a_model(gate: Gate) -> None:
    assert reason_of(gate, UNITS.model(EVERYONE)) is None
    assert reason_of(gate, UNITS.model(EVERYONE[EVERYONE != TARGET])) == "SETS_TOO_CLOSE"
    assert reason_of(gate, UNITS.model(EVERYONE[: len(EVERYONE) // 2])) is None


def test_with_the_general_tracker(gate: Gate) -> None:
    few = np.isin(EVERYONE, [TARGET, 17, 99])
    helper = COUNTY < 2
    assert reason_of(gate, means(EVERYONE[few | helper])) is None
    assert reason_of(gate, means(EVERYONE[few | ~helper])) is None
    assert reason_of(gate, means(EVERYONE)) == "SETS_TOO_CLOSE"


def test_control_a_partition_and_its_total_are_answered(gate: Gate) -> None:
    assert reason_of(gate, means(EVERYONE[COUNTY < 2])) is None
    assert reason_of(gate, means(EVERYONE[COUNTY >= 2])) is None
    assert reason_of(gate, means(EVERYONE)) is None


def test_two_groupings_whose_overlay_leaves_a_sliver(gate: Gate) -> None:
    moved = COUNTY.copy()
    sliver = np.flatnonzero(COUNTY == 1)[:4]
    moved[sliver] = 2
    first = content_of(gate, UNITS.magnitudes({"wage": WAGE}, [COUNTY]))
    second = content_of(gate, UNITS.magnitudes({"wage": WAGE}, [moved]))
    assert np.isfinite(first.variables[0].mean).all()
    shown = {
        second.axes[0].codes[place] if place >= 0 else "total"
        for (place,), mean in zip(second.positions.tolist(), second.variables[0].mean, strict=True)
        if np.isfinite(mean)
    }
    assert shown == {"0", "3", "4", "total"}


def test_control_two_clearly_different_groupings_are_answered(gate: Gate) -> None:
    coarse = COUNTY // 2
    for codes in (COUNTY, coarse):
        content = content_of(gate, UNITS.magnitudes({"wage": WAGE}, [codes]))
        assert np.isfinite(content.variables[0].mean).all()


@pytest.mark.parametrize("margins", [True, False])
def test_a_hidden_cell_from_its_margin_in_one_table_or_two(gate: Gate, margins: bool) -> None:
    codes = COUNTY + 1
    hidden = EVERYONE[:6]
    codes[hidden] = 0
    table = content_of(gate, UNITS.magnitudes({"wage": WAGE}, [codes], margins=margins))
    shown = [
        (table.axes[0].codes[place], mean)
        for (place,), mean in zip(table.positions.tolist(), table.variables[0].mean, strict=True)
        if place >= 0 and np.isfinite(mean)
    ]
    assert len(shown) == 4
    total = content_of(gate, means(EVERYONE)).variables[0].mean[0]
    # even with exact sizes the attacker is left with the hidden units and a whole other category
    sizes = {code: int((codes == int(code)).sum()) for code, _ in shown}
    rest = UNITS.n - sum(sizes.values())
    guess = (total * UNITS.n - sum(sizes[code] * mean for code, mean in shown)) / rest
    assert rest > 500
    assert abs(guess - WAGE[hidden].mean()) > 0.01 * WAGE[hidden].mean()


def test_many_random_subsets_do_not_give_exact_sums(gate: Gate) -> None:
    # linear algebra over subsets needs counts or sums; both carry noise that is independent between sets
    rng = np.random.default_rng(4)
    answers, exact = [], []
    for _ in range(60):
        members = EVERYONE[rng.random(UNITS.n) < 0.5]
        shown = content_of(gate, means(members)).variables[0]
        answers.append(shown.total[0])
        exact.append(np.clip(WAGE, *np.quantile(WAGE, [0.01, 0.99]))[members].sum())
    errors = np.array(answers) - np.array(exact)
    assert errors.std() > 0.5 * WAGE.mean()
