"""A log that an older version wrote is verified and read as before."""

import shutil
from pathlib import Path

import pytest

from grille.server.audit.reading import LogReader
from grille.server.audit.verify import verify
from grille.server.execution.audit_filter import AuditFilter
from grille.server.operations.keys import load_audit_public_key

OLD = Path(__file__).parent / "log_of_0_1"  # written by the first version: records name no command, no content digest


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLD, tmp_path / "audit"))


def test_a_log_of_the_first_version_is_sound(log: Path) -> None:
    key = load_audit_public_key((log / "audit-signing.pub").read_bytes(), "old")
    report = verify(log, key)
    assert (report.is_sound, report.records, report.checkpoints) == (True, 9, 3)


def test_its_records_are_found_by_the_command_that_their_source_begins_with(log: Path) -> None:
    entries = [entry for _, entry in LogReader(log).newest_first(9) if entry is not None]
    assert [entry.sequence for entry in entries] == list(range(9, 0, -1))
    assert sum(AuditFilter(command="tabulate").holds(entry.fields) for entry in entries) == 8
    assert not any(AuditFilter(command="tab").holds(entry.fields) for entry in entries)


def test_records_are_read_from_any_number_to_any_other_over_all_files(log: Path) -> None:
    reader = LogReader(log)
    for first in range(1, 10):
        for last in range(first, 11):
            assert [one.sequence for one in reader.oldest_first(first, last)] == list(range(first, min(last, 9) + 1))
        assert [number for number, _ in reader.newest_first(first)] == list(range(first, 0, -1))
    assert [number for number, entry in reader.newest_first(9, (b'"listen"',)) if entry is not None] == [1]
