"""The ledger of released sets: which sets it refuses, and that it forgets none."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unit_sets import Units

from grille.server.disclosure.ledger import Ledger, Partition
from grille.server.disclosure.policy import Policy
from grille.server.errors import DisclosureError, InternalError

UNITS = Units(3_000)
POLICY = Policy.standard()
KEY = b"l" * 32
BASE = np.arange(1_000)
changes = st.sets(st.integers(0, UNITS.n - 1), max_size=13)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite", KEY)
    yield opened
    opened.close()


def is_refused(ledger: Ledger, members: object, project: str = "P", **scope: str) -> bool:
    try:
        ledger.admit(project, [UNITS.set(members, **scope)], POLICY)  # type: ignore[arg-type]
    except DisclosureError as error:
        return error.reason == "SETS_TOO_CLOSE"
    return False


@pytest.mark.parametrize("size", range(14))
def test_sets_that_differ_by_one_to_nine_units_are_refused(ledger: Ledger, size: int) -> None:
    assert not is_refused(ledger, BASE)
    assert is_refused(ledger, BASE[size:]) is (1 <= size <= 9)


@pytest.mark.parametrize("dropped,added", [(1, 0), (0, 1), (4, 5), (5, 5), (9, 0), (0, 10)])
def test_exchanged_units_count_on_both_sides(ledger: Ledger, dropped: int, added: int) -> None:
    assert not is_refused(ledger, BASE)
    assert is_refused(ledger, np.arange(dropped, 1_000 + added)) is (dropped + added < 10)


@given(st.lists(changes, min_size=1, max_size=8))
def test_a_set_is_refused_exactly_when_brute_force_says_so(several: list[set[int]]) -> None:
    base = set(range(1_000))
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite", KEY)
        policy = dataclasses.replace(POLICY, pair_window=1)
        released: list[set[int]] = []
        for change in several:
            wanted = base ^ change
            close = wanted not in released and any(0 < len(wanted ^ earlier) < 10 for earlier in released)
            accepted = ledger.admit_separately("P", [UNITS.set(sorted(wanted))], policy)
            assert accepted == [not close]
            if not close:
                released.append(wanted)
        ledger.close()


@given(st.lists(changes, min_size=1, max_size=8))
def test_a_batch_is_judged_as_if_its_sets_came_one_by_one(several: list[set[int]]) -> None:
    policy = dataclasses.replace(POLICY, pair_window=1)
    sets = [UNITS.set(sorted(set(range(1_000)) ^ change)) for change in several]
    with tempfile.TemporaryDirectory() as folder:
        together, apart = Ledger(Path(folder) / "a", KEY), Ledger(Path(folder) / "b", KEY)
        expected = [apart.admit_separately("P", [item], policy)[0] for item in sets]
        assert together.acceptable("P", sets, policy) == expected
        assert together.admit_separately("P", sets, policy) == expected
        together.close()
        apart.close()


def test_the_general_tracker_is_refused(ledger: Ledger) -> None:
    everyone = np.arange(UNITS.n)
    few, helper = everyone < 4, everyone % 2 == 0
    assert not is_refused(ledger, everyone)
    assert not is_refused(ledger, few | helper)
    # (C or T) + (C or not T) - all = C
    assert is_refused(ledger, few | ~helper)


def told_by_three(wanted: set[int], released: list[set[int]]) -> bool:
    """Say by brute force whether a set and one or two released ones give the statistics of 1 to 9 units."""
    if wanted in released:
        return False
    if any(0 < len(wanted ^ one) < 10 for one in released):
        return True
    for number, one in enumerate(released):
        for two in released[:number]:
            if 0 < len(wanted ^ one ^ two) < 10:
                return True
            overlaps = (len(one & two), len(wanted & one), len(wanted & two))
            if wanted == one ^ two and any(0 < overlap < 10 for overlap in overlaps):
                return True
    return False


PARTS = [frozenset(range(100 * part, 100 * part + size)) for part, size in enumerate([100, 80, 60, 4, 9, 1, 12, 30])]


@settings(max_examples=50)
@given(st.lists(st.sets(st.sampled_from(PARTS), min_size=1), min_size=2, max_size=9))
def test_sets_made_of_common_parts_are_refused_exactly_when_three_of_them_tell_few_units(
    wishes: list[set[frozenset[int]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite", KEY)
        released: list[set[int]] = []
        for wish in wishes:
            wanted = set().union(*wish)
            accepted = ledger.admit_separately("P", [UNITS.set(sorted(wanted))], POLICY)
            assert accepted == [not told_by_three(wanted, released)]
            if accepted[0] and wanted not in released:
                released.append(wanted)
        ledger.close()


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize("overlap", [1, 9, 10])
def test_a_tracker_that_counts_few_units_twice_is_refused(
    ledger: Ledger, order: tuple[int, int, int], overlap: int
) -> None:
    # q(A or T) + q(B or T) - q(A or B) = 2 q(T), and the sketches of the three sets cancel out
    few = set(range(overlap))
    first, second = set(range(100, 600)), set(range(1_000, 1_700))
    sets = [first | few, second | few, first | second]
    answers = [is_refused(ledger, sorted(sets[place])) for place in order]
    assert answers == [False, False, overlap < 10]


def test_such_a_tracker_is_refused_after_many_other_sets(ledger: Ledger) -> None:
    few = {1}
    first, second = set(range(100, 600)), set(range(1_000, 1_700))
    assert not is_refused(ledger, sorted(first | few))
    assert not is_refused(ledger, sorted(second | few))
    rng = np.random.default_rng(2)
    others = [UNITS.set(rng.choice(UNITS.n, int(rng.integers(200, 2_000)), replace=False)) for _ in range(1_000)]
    assert all(ledger.admit_separately("P", others, POLICY))
    assert is_refused(ledger, sorted(first | second))


def test_a_total_that_two_parts_give_exactly_is_free_of_suspicion(ledger: Ledger) -> None:
    everyone = np.arange(UNITS.n)
    assert not is_refused(ledger, everyone % 2 == 0)
    assert not is_refused(ledger, everyone % 2 == 1)
    assert not is_refused(ledger, everyone)


def test_equal_sets_are_free_and_written_once(ledger: Ledger) -> None:
    for _ in range(5):
        assert not is_refused(ledger, BASE)
    assert len(list(ledger.entries("P", "no.test", "PERSON"))) == 1


@pytest.mark.parametrize("other", [{"project": "Q"}, {"bank": "no.other"}, {"unit_type": "FAMILIE"}])
def test_other_projects_banks_and_unit_types_are_apart(ledger: Ledger, other: dict[str, str]) -> None:
    assert not is_refused(ledger, BASE)
    assert not is_refused(ledger, BASE[1:], **other)
    assert is_refused(ledger, BASE[1:])


def test_all_or_none_of_a_batch_is_recorded(ledger: Ledger) -> None:
    with pytest.raises(DisclosureError):
        ledger.admit("P", [UNITS.set(BASE), UNITS.set(BASE + 1_500), UNITS.set(BASE[3:])], POLICY)
    assert list(ledger.entries("P", "no.test", "PERSON")) == []
    assert not is_refused(ledger, BASE[3:])


def test_asking_what_is_acceptable_records_nothing(ledger: Ledger) -> None:
    assert ledger.acceptable("P", [UNITS.set(BASE)], POLICY) == [True]
    assert list(ledger.entries("P", "no.test", "PERSON")) == []


def test_sets_are_remembered_after_reopening(tmp_path: Path) -> None:
    moment = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)
    first = Ledger(tmp_path / "ledger.sqlite", KEY, now=lambda: moment)
    first.admit("P", [UNITS.set(BASE)], POLICY)
    first.close()
    second = Ledger(tmp_path / "ledger.sqlite", KEY)
    assert is_refused(second, BASE[1:])
    (entry,) = second.entries("P", "no.test", "PERSON")
    assert entry.analysis_set == UNITS.set(BASE)
    assert entry.released_at == moment
    second.close()


def test_two_processes_on_one_file_see_each_others_sets(tmp_path: Path) -> None:
    one, two = Ledger(tmp_path / "ledger.sqlite", KEY), Ledger(tmp_path / "ledger.sqlite", KEY)
    assert not is_refused(one, BASE)
    assert is_refused(two, BASE[1:])
    assert not is_refused(two, BASE)
    one.close()
    two.close()


def test_of_racing_threads_with_close_sets_exactly_one_wins(ledger: Ledger) -> None:
    outcomes: list[bool] = []
    barrier = threading.Barrier(8)

    def ask(dropped: int) -> None:
        barrier.wait()
        outcomes.append(is_refused(ledger, BASE[dropped:]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] + [True] * 7


def test_an_admitted_set_survives_kill_minus_nine(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
import numpy as np
from support.unit_sets import Units
from grille.server.disclosure.ledger import Ledger, Partition
from grille.server.disclosure.policy import Policy
units = Units(3000)
Ledger(Path({str(tmp_path / "ledger.sqlite")!r}), b"l" * 32).admit("P", [units.set(np.arange(1000))], Policy())
os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", script], env=os.environ, check=False)
    assert died.returncode == -signal.SIGKILL
    ledger = Ledger(tmp_path / "ledger.sqlite", KEY)
    assert is_refused(ledger, BASE[1:])
    ledger.close()


def test_nothing_is_recorded_when_the_disk_fails(ledger: Ledger, tmp_path: Path) -> None:
    blocker = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON released_sets BEGIN SELECT raise(ABORT, 'disk full'); END")
    with pytest.raises(InternalError, match="LEDGER_UNAVAILABLE"):
        ledger.admit("P", [UNITS.set(BASE)], POLICY)
    blocker.execute("DROP TRIGGER full")
    blocker.close()
    assert not is_refused(ledger, BASE[1:])


def test_the_file_shows_neither_sizes_nor_labels_nor_projects(ledger: Ledger, tmp_path: Path) -> None:
    label = "a label found nowhere"
    chosen = dataclasses.replace(UNITS.set(BASE), label=label)
    ledger.admit("a project found nowhere", [chosen], POLICY)
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"found nowhere" not in content
        assert str(chosen.units.key).encode() not in content
        assert file.stat().st_mode & 0o077 == 0


def test_another_key_or_a_changed_row_is_told_at_once(ledger: Ledger, tmp_path: Path) -> None:
    ledger.admit("P", [UNITS.set(BASE)], POLICY)
    with pytest.raises(InternalError, match="LEDGER_UNREADABLE"):
        Ledger(tmp_path / "ledger.sqlite", b"m" * 32)
    tamperer = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    tamperer.execute("UPDATE released_sets SET scope = x'00'")
    tamperer.close()
    with pytest.raises(InternalError, match="LEDGER_UNREADABLE"):
        Ledger(tmp_path / "ledger.sqlite", KEY)


def test_a_set_may_be_divided_in_thirty_ways_and_no_more(tmp_path: Path) -> None:
    everyone, others = UNITS.set(BASE), UNITS.set(BASE + 1_500)
    first = Ledger(tmp_path / "ledger.sqlite", KEY)
    for number in range(30):
        first.admit("P", [everyone], POLICY, Partition(everyone, f"way {number}"))
    first.close()
    ledger = Ledger(tmp_path / "ledger.sqlite", KEY)
    with pytest.raises(DisclosureError, match="TOO_MANY_PARTITIONS"):
        ledger.admit("P", [everyone], POLICY, Partition(everyone, "way 30"))
    with pytest.raises(DisclosureError, match="TOO_MANY_PARTITIONS"):
        ledger.admit_separately("P", [everyone], POLICY, Partition(everyone, "way 30"))
    # an earlier division, the set undivided, other sets and other projects stay free
    ledger.admit("P", [everyone], POLICY, Partition(everyone, "way 7"))
    ledger.admit("P", [everyone], POLICY)
    ledger.admit("P", [others], POLICY, Partition(others, "way 30"))
    ledger.admit("Q", [everyone], POLICY, Partition(everyone, "way 30"))
    ways = [entry.partition for entry in ledger.entries("P", "no.test", "PERSON")]
    assert sorted(way for way in ways if way is not None) == sorted([*(f"way {n}" for n in range(30)), "way 30"])
    ledger.close()
