"""A second copy of the log on another disk: no record without it, and neither can be put back unseen."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord
from grille.server.audit.verify import verify
from grille.server.errors import InternalError


def write(folder: Path, second: Path, key: Ed25519PrivateKey, record: AuditRecord, count: int = 7) -> None:
    with AuditLog(folder, key, checkpoint_records=3, segment_bytes=4000, second=second) as log:
        for _ in range(count):
            log.append(record)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def test_both_copies_are_the_same_and_sound_by_themselves(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    second = tmp_path / "disk" / "second"
    for _ in range(2):
        write(folder, second, key, record)
    assert content(folder) == content(second)
    assert len(list(second.glob("records-*"))) > 2
    assert verify(folder, key.public_key(), second=second).is_sound
    assert verify(second, key.public_key()).records == 14


def test_a_second_copy_made_later_is_filled_and_one_that_lags_is_brought_up(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key) as log:
        log.append(record)
    second = tmp_path / "second"
    write(folder, second, key, record)
    assert content(folder) == content(second)
    newest = max(second.glob("records-*"))
    newest.write_bytes(newest.read_bytes()[:-30])  # the machine died between the two disks
    write(folder, second, key, record)
    assert content(folder) == content(second)
    last = [json.loads(line) for path in sorted(folder.glob("records-*")) for line in path.open()]
    assert "second_copy_lacked_bytes" in last[-8]["detail"]
    assert verify(folder, key.public_key(), second=second).is_sound


def test_a_log_that_was_put_back_as_a_whole_is_found_at_the_start_and_by_verification(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    second, earlier = tmp_path / "second", tmp_path / "earlier"
    write(folder, second, key, record, 2)
    shutil.copytree(folder, earlier)
    write(folder, second, key, record, 2)
    for first, other in ((earlier, second), (folder, earlier)):
        assert not verify(first, key.public_key(), second=other).is_sound
    with pytest.raises(InternalError) as raised:
        AuditLog(earlier, key, second=second)
    assert raised.value.reason == "AUDIT_DAMAGED"
    assert verify(earlier, key.public_key()).is_sound  # by itself nothing shows that it was put back


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_change_of_either_copy_is_found(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord, which: str
) -> None:
    second = tmp_path / "second"
    write(folder, second, key, record, 2)
    path = {"first": folder, "second": second}[which] / "checkpoints.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"count":2', b'"count":3'))
    found = {problem.kind for problem in verify(folder, key.public_key(), second=second).problems}
    assert "SECOND_COPY_DIFFERS" in found
    with pytest.raises(InternalError):
        AuditLog(folder, key, second=second)


def test_a_removed_second_copy_is_found(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    second = tmp_path / "second"
    write(folder, second, key, record)
    shutil.rmtree(second)
    assert [one.kind for one in verify(folder, key.public_key(), second=second).problems] == ["SECOND_COPY_BEHIND"]


def test_what_the_second_disk_refuses_is_in_neither_file(tmp_path: Path) -> None:
    """The kernel's limit on the size of files stands for a full disk; only the second file is near it."""
    program = """
        import resource, sys
        from pathlib import Path
        from grille.server.audit.mirror import PairedFile
        first, second = Path(sys.argv[1]), Path(sys.argv[2])
        pair = PairedFile(first, second)
        pair.add(b"a" * 50)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (5100, hard))
        try:
            pair.add(b"b" * 100)
        except OSError as error:
            print(error.errno, first.stat().st_size, second.stat().st_size, pair.size)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        pair.add(b"c" * 100)
        print(first.stat().st_size, second.stat().st_size, pair.size)
    """
    first, second = tmp_path / "first", tmp_path / "second"
    second.write_bytes(b"x" * 5000)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(first), str(second)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["27 50 5050 50", "150 5150 150"]
    assert first.read_bytes() == b"a" * 50 + b"c" * 100
