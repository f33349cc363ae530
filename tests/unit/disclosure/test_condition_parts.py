"""What parts of conditions count as: the oldest that they nearly equal, in any order, process and session."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.unit_sets import Units

from grille.server.disclosure.condition_parts import ConditionParts
from grille.server.disclosure.ledger import Ledger, Partition
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.sealing import reseal
from grille.server.errors import InternalError

UNITS = Units(3_000)
KEY = b"l" * 32
BASE = np.arange(1_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def parts(path: Path) -> Iterator[ConditionParts]:
    opened = ConditionParts(path, KEY)
    yield opened
    opened.close()


def like(parts: ConditionParts, members: object, project: str = "P", bank: str = "b") -> tuple[int, ...]:
    found = UNITS.set(members)
    return parts.like(project, bank, "PERSON", found.units, found.sketch, 10)


def sketch(members: object) -> tuple[int, ...]:
    return UNITS.set(members).sketch


@pytest.mark.parametrize("size", range(1, 14))
def test_a_part_counts_as_an_earlier_one_that_it_nearly_equals(parts: ConditionParts, size: int) -> None:
    assert like(parts, BASE) == sketch(BASE)
    swapped = np.concatenate([BASE[size // 2 :], np.arange(2_000, 2_000 + size - size // 2)])
    assert like(parts, swapped) == (sketch(BASE) if size < 10 else sketch(swapped))


def test_the_oldest_counts_whatever_came_since(parts: ConditionParts) -> None:
    between, end = np.arange(1_006), np.arange(1_012)
    like(parts, BASE)
    assert like(parts, end) == sketch(end)
    for _ in range(2):
        assert like(parts, between) == sketch(BASE)
        assert like(parts, end) == sketch(end)


def test_projects_and_banks_are_apart(parts: ConditionParts) -> None:
    like(parts, BASE)
    assert like(parts, BASE[1:], project="Q") == sketch(BASE[1:])
    assert like(parts, BASE[1:], bank="c") == sketch(BASE[1:])


def test_parts_are_on_disk_before_they_count_and_other_processes_see_them(parts: ConditionParts, path: Path) -> None:
    other = ConditionParts(path, KEY)
    like(parts, BASE)
    assert like(other, BASE[1:]) == sketch(BASE)
    other.close()
    again = ConditionParts(path, KEY)
    assert like(again, BASE[:-3]) == sketch(BASE)
    again.close()


def test_of_parts_that_come_at_once_one_counts(parts: ConditionParts) -> None:
    found: list[tuple[int, ...]] = []
    threads = [threading.Thread(target=lambda k=k: found.append(like(parts, BASE[k:]))) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_another_key_opens_nothing(parts: ConditionParts, path: Path) -> None:
    like(parts, BASE)
    with pytest.raises(InternalError, match="LEDGER_UNREADABLE"):
        ConditionParts(path, b"m" * 32)


def test_a_ledger_sealed_anew_knows_what_it_knew(path: Path, tmp_path: Path) -> None:
    policy, new = Policy.standard(), b"n" * 32
    ledger = Ledger(path, KEY)
    ledger.admit("P", [UNITS.set(BASE)], policy, Partition(UNITS.set(BASE), "cells"))
    like(ledger.parts, BASE)
    ledger.close()
    for times, (before, after) in enumerate(((KEY, new), (new, KEY))):  # also from a key that is not the first
        target = tmp_path / f"{times}.sqlite"
        reseal(path, target, before, after)
        with pytest.raises(InternalError, match="LEDGER_UNREADABLE"):
            Ledger(target, before)
        opened = Ledger(target, after)
        assert not opened.acceptable("P", [UNITS.set(BASE[1:])], policy)[0]
        assert opened.divisions("P", UNITS.set(BASE)) == 1
        assert like(opened.parts, BASE[1:]) == sketch(BASE)
        opened.close()
        path = target


def test_a_part_that_cannot_be_written_does_not_count(parts: ConditionParts, path: Path) -> None:
    blocker = sqlite3.connect(path)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON condition_parts BEGIN SELECT raise(ABORT, 'disk full'); END")
    blocker.commit()
    with pytest.raises(InternalError, match="LEDGER_UNAVAILABLE"):
        like(parts, np.arange(1_000))
    blocker.execute("DROP TRIGGER full")
    blocker.commit()
    blocker.close()
    assert like(parts, np.arange(1, 1_000)) == sketch(np.arange(1, 1_000))
