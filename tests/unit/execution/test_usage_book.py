"""Charges are made once, never beyond a limit by however many callers, and are still there after a crash."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grille.server.errors import BudgetError, GrilleError
from grille.server.execution.quotas import Quota, Usage, parse_limit, warning
from grille.server.execution.usage import UsageBook

COMMANDS = Quota.COMMANDS


SPEND = """
import contextlib, sys
from pathlib import Path
from grille.server.errors import BudgetError
from grille.server.execution.quotas import Quota
from grille.server.execution.usage import UsageBook
book, allowed = UsageBook(Path(sys.argv[1])), 0
for number in range(50):
    with contextlib.suppress(BudgetError):
        book.charge("ada", "wages", Quota.COMMANDS, 1, 100, f"{sys.argv[2]}/{number}")
        allowed += 1
print(allowed)
"""


def test_parallel_callers_cannot_overspend(tmp_path: Path) -> None:
    book = UsageBook(tmp_path / "usage")
    allowed = []

    def work(name: str) -> None:
        for number in range(30):
            with contextlib.suppress(BudgetError):
                book.charge("ada", "wages", COMMANDS, 1, 100, f"{name}/{number}")
                allowed.append(1)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == book.used("ada", "wages", COMMANDS) == 100


def test_processes_that_share_the_file_cannot_overspend(tmp_path: Path) -> None:
    path = tmp_path / "usage"
    UsageBook(path).close()
    command = [sys.executable, "-c", SPEND, str(path)]
    callers = [subprocess.Popen([*command, f"p{n}"], stdout=subprocess.PIPE, text=True) for n in range(3)]
    allowed = [int(caller.communicate(timeout=60)[0]) for caller in callers]
    assert sum(allowed) == UsageBook(path).used("ada", "wages", COMMANDS) == 100


def test_the_same_charge_counts_once_also_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        book = UsageBook(tmp_path / "usage")
        book.charge("ada", "wages", COMMANDS, 1, 2, "session/request/1")
        book.close()
    book = UsageBook(tmp_path / "usage")
    assert book.used("ada", "wages", COMMANDS) == 1
    assert [book.used("bo", "wages", COMMANDS), book.used("ada", "health", COMMANDS)] == [0, 0]
    book.refund("ada", "wages", COMMANDS, "session/request/1")
    assert book.used("ada", "wages", COMMANDS) == 0


def test_a_new_day_is_a_new_quota_but_no_new_charge(tmp_path: Path) -> None:
    days = ["2026-01-01"]
    book = UsageBook(tmp_path / "usage", day=lambda: days[-1])
    book.charge("ada", "wages", COMMANDS, 2, 2, "a")
    with pytest.raises(GrilleError, match="QUOTA_REACHED"):
        book.charge("ada", "wages", COMMANDS, 1, 2, "b")
    days.append("2026-01-02")
    assert book.charge("ada", "wages", COMMANDS, 2, 2, "a")[1].used == 0
    assert book.charge("ada", "wages", COMMANDS, 2, 2, "b")[1].used == 2
    days.append("2026-01-09")
    book.forget()
    days.append("2026-01-02")
    assert book.used("ada", "wages", COMMANDS) == 0


def test_a_refused_charge_changes_nothing(tmp_path: Path) -> None:
    book = UsageBook(tmp_path / "usage")
    book.charge("ada", "wages", Quota.ROWS_THOUSAND, 90, 100, "a")
    with pytest.raises(GrilleError, match="QUOTA_REACHED"):
        book.charge("ada", "wages", Quota.ROWS_THOUSAND, 11, 100, "b")
    assert book.charge("ada", "wages", Quota.ROWS_THOUSAND, 10, 100, "c")[1].used == 100


def test_what_was_used_already_is_charged_beyond_the_limit(tmp_path: Path) -> None:
    book = UsageBook(tmp_path / "usage")
    book.charge("ada", "wages", Quota.CPU_SECONDS, 1500, 1000, "a", overrun=True)
    assert book.used("ada", "wages", Quota.CPU_SECONDS) == 1500


@pytest.mark.parametrize(
    "before, after, limit, told",
    [(79, 80, 100, True), (80, 81, 100, False), (94, 95, 100, True), (0, 79, 100, False), (0, 5, 0, False),
     (3, 4, 5, True), (0, 1, 1, True)],
)  # fmt: skip
def test_the_caller_is_warned_at_80_and_95_percent(before: int, after: int, limit: int, told: bool) -> None:
    found = warning(Usage(COMMANDS, before, limit), Usage(COMMANDS, after, limit), "wages")
    assert (found is not None) == told
    if found is not None:
        assert found.key == "quota_commands"
        assert f"{after} of {limit}" in found.text.en
        assert f"{after} av {limit}" in found.text.no


@pytest.mark.parametrize("text", ["commands", "commands=", "commands=-1", "commands=1.5", "commands=9999999999999"])
def test_a_limit_is_a_whole_number(text: str) -> None:
    with pytest.raises(GrilleError, match="QUOTA_INVALID"):
        parse_limit(text)


def test_quotas_are_named() -> None:
    assert parse_limit("cpu-seconds=60") == (Quota.CPU_SECONDS, 60)
    with pytest.raises(GrilleError, match="UNKNOWN_QUOTA"):
        parse_limit("cores=1")
