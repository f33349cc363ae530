"""What a crash leaves is mended and recorded; what no crash leaves stops the server."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord
from grille.server.audit.verify import verify
from grille.server.errors import InternalError

WRITER = """
    import sys, threading
    from pathlib import Path
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from grille.server.audit.log import AuditLog
    from grille.server.audit.record import AuditRecord, Event
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sys.argv[2]))
    log = AuditLog(Path(sys.argv[1]), key, checkpoint_records=5, segment_bytes=5000)
    lock = threading.Lock()
    def work():
        while True:
            got = log.append(AuditRecord(Event.COMMAND, source="summarize x"))
            with lock:
                print(*got, flush=True)
    for _ in range(4):
        threading.Thread(target=work).start()
"""


@pytest.fixture
def written(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> Path:
    """A log of seven records with checkpoints after 5 and 7, as a stopped server leaves it."""
    with AuditLog(folder, key, checkpoint_records=5) as log:
        for _ in range(7):
            log.append(record)
    return folder


def crashed(folder: Path, key: Ed25519PrivateKey, record: AuditRecord, copy: Path) -> Path:
    """A copy of a log of seven records with a checkpoint after 5, taken while it is open."""
    with AuditLog(folder, key, checkpoint_records=5) as log:
        for _ in range(7):
            log.append(record)
        shutil.copytree(folder, copy)
    return copy


def records(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for path in sorted(folder.glob("records-*")) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("round_", range(3))
def test_every_acknowledged_record_survives_a_kill(folder: Path, key: Ed25519PrivateKey, round_: int) -> None:
    secret = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex()
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(folder), secret], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline() for _ in range(40 + 17 * round_)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += writer.stdout.readlines()
    writer.wait()
    AuditLog(folder, key).close()
    report = verify(folder, key.public_key())
    assert report.is_sound, report.problems
    found = {(str(line["sequence"]), line["hash"]) for line in records(folder)}
    whole = [line.decode().split() for line in acknowledged if line.endswith(b"\n")]
    assert len(whole) >= 40
    assert {(sequence, own) for sequence, own in whole} <= found


@pytest.mark.parametrize("torn", [b"x", b'{"analysis_sets":["c', b"\x00" * 100])
def test_an_incomplete_last_line_is_cut_and_recorded(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord, torn: bytes
) -> None:
    copy = crashed(folder, key, record, tmp_path / "copy")
    with (copy / "records-000000000001.jsonl").open("ab") as file:
        file.write(torn)
    assert verify(copy, key.public_key()).torn_bytes == len(torn)
    with AuditLog(copy, key) as log:
        assert log.append(record)[0] == 9
    report = verify(copy, key.public_key())
    assert report.is_sound, report.problems
    assert report.recoveries == (8,)
    recovered = records(copy)[7]
    assert recovered["event"] == "log_recovered"
    assert isinstance(recovered["detail"], dict)
    assert recovered["detail"]["record_cut_bytes"] == str(len(torn))


def test_a_whole_record_that_lost_only_its_end_of_line_is_kept(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key) as log:
        log.append(record)
        shutil.copytree(folder, tmp_path / "copy")
        log.append(record)
    second = (folder / "records-000000000001.jsonl").read_bytes().splitlines()[1]
    with (tmp_path / "copy" / "records-000000000001.jsonl").open("ab") as file:
        file.write(second)
    with AuditLog(tmp_path / "copy", key) as log:
        assert log.append(record)[0] == 4
    assert [line["event"] for line in records(tmp_path / "copy")] == ["command", "command", "log_recovered", "command"]
    assert verify(tmp_path / "copy", key.public_key()).is_sound


def test_a_torn_checkpoint_is_cut_and_made_again(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    copy = crashed(folder, key, record, tmp_path / "copy")
    with (copy / "checkpoints.jsonl").open("ab") as file:
        file.write(b'{"chain":"ab')
    AuditLog(copy, key).close()
    report = verify(copy, key.public_key())
    assert report.is_sound, report.problems
    assert report.recoveries == (8,)


@pytest.mark.parametrize("slot", [0, 1])
def test_a_head_slot_that_a_power_cut_destroyed_is_mended(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord, slot: int
) -> None:
    copy = crashed(folder, key, record, tmp_path / "copy")
    content = bytearray((copy / "head").read_bytes())
    content[slot * 512 : slot * 512 + 512] = bytes(512)
    (copy / "head").write_bytes(content)
    AuditLog(copy, key).close()
    report = verify(copy, key.public_key())
    assert report.is_sound, report.problems
    assert report.recoveries == (8,)


def test_an_undamaged_log_is_not_said_to_be_mended(written: Path, key: Ed25519PrivateKey) -> None:
    AuditLog(written, key).close()
    assert verify(written, key.public_key()).recoveries == ()
    assert len(records(written)) == 7


def lose_last_record(folder: Path) -> None:
    path = folder / "records-000000000001.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def tear_last_record(folder: Path) -> None:
    path = folder / "records-000000000001.jsonl"
    path.write_bytes(path.read_bytes()[:-10])


def change_last_record(folder: Path) -> None:
    path = folder / "records-000000000001.jsonl"
    head, mark, tail = path.read_bytes().rpartition(b"kari")
    path.write_bytes(head + b"kaci" + tail if mark else b"")


def lose_records(folder: Path) -> None:
    (folder / "records-000000000001.jsonl").unlink()


def lose_head(folder: Path) -> None:
    (folder / "head").unlink()


def lose_checkpoint(folder: Path) -> None:
    path = folder / "checkpoints.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def change_checkpoint(folder: Path) -> None:
    path = folder / "checkpoints.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"count":2', b'"count":1'))


@pytest.mark.parametrize(
    "harm",
    [
        lose_last_record,
        tear_last_record,
        change_last_record,
        lose_records,
        lose_head,
        lose_checkpoint,
        change_checkpoint,
    ],
)
def test_a_log_that_no_crash_can_have_left_is_not_opened_and_not_touched(
    written: Path, key: Ed25519PrivateKey, harm: object
) -> None:
    assert callable(harm)
    harm(written)
    before = {path.name: path.read_bytes() for path in written.iterdir()}
    with pytest.raises(InternalError) as raised:
        AuditLog(written, key)
    assert raised.value.reason == "AUDIT_DAMAGED"
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before


def test_a_log_of_another_key_is_not_opened(written: Path) -> None:
    with pytest.raises(InternalError) as raised:
        AuditLog(written, Ed25519PrivateKey.generate())
    assert raised.value.reason == "AUDIT_DAMAGED"


def test_a_whole_line_that_is_not_the_next_record_is_no_crash_s_work(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    copy = crashed(folder, key, record, tmp_path / "copy")
    path = copy / "records-000000000001.jsonl"
    content = path.read_bytes()
    path.write_bytes(content + content.splitlines()[-1])
    with pytest.raises(InternalError) as raised:
        AuditLog(copy, key)
    assert raised.value.reason == "AUDIT_DAMAGED"
    path.write_bytes(content + b'{"event":"command"}')
    with pytest.raises(InternalError) as raised:
        AuditLog(copy, key)
    assert raised.value.reason == "AUDIT_DAMAGED"
