import json
import os
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event
from grille.server.audit.verify import verify
from grille.server.errors import InternalError


def lines(folder: Path, pattern: str = "records-*.jsonl") -> list[dict[str, object]]:
    return [json.loads(line) for path in sorted(folder.glob(pattern)) for line in path.read_bytes().splitlines()]


def test_a_record_is_in_the_file_when_append_returns(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> None:
    with AuditLog(folder, key) as log:
        sequence, own = log.append(record)
        (written,) = lines(folder)
    assert (written["sequence"], written["hash"]) == (sequence, own) == (1, own)
    assert written["source"] == record.source
    assert written["banks"] == [["no.ssb.fdb", 30]]
    assert written["outcome"] == "answered"


def test_files_are_for_their_owner_alone(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> None:
    with AuditLog(folder, key) as log:
        log.append(record)
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "records-000000000001.jsonl": 0o600,
        "checkpoints.jsonl": 0o600,
        "head": 0o600,
        ".lock": 0o600,
    }


def test_a_reopened_log_goes_on_where_it_ended(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> None:
    hashes = []
    for _ in range(4):
        with AuditLog(folder, key) as log:
            hashes.append(log.append(record))
    assert [sequence for sequence, _ in hashes] == [1, 2, 3, 4]
    assert [line["previous"] for line in lines(folder)][1:] == [own for _, own in hashes][:-1]
    assert verify(folder, key.public_key()).is_sound


def test_a_checkpoint_is_signed_every_so_many_records_and_at_the_end(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key, checkpoint_records=10) as log:
        for _ in range(25):
            log.append(record)
        assert [(c["first"], c["last"]) for c in lines(folder, "checkpoints.jsonl")] == [(1, 10), (11, 20)]
    assert [(c["first"], c["last"]) for c in lines(folder, "checkpoints.jsonl")][-1] == (21, 25)


def test_a_checkpoint_is_signed_after_a_while_without_new_records(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key, checkpoint_seconds=0.05) as log:
        log.append(record)
        deadline = time.monotonic() + 10
        while not lines(folder, "checkpoints.jsonl") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [c["last"] for c in lines(folder, "checkpoints.jsonl")] == [1]


def test_many_threads_get_distinct_numbers_in_one_sound_chain_over_several_files(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    got: list[tuple[int, str]] = []

    def work(log: AuditLog) -> None:
        for _ in range(40):
            got.append(log.append(record))

    with AuditLog(folder, key, checkpoint_records=30, checkpoint_seconds=0.01, segment_bytes=40_000) as log:
        threads = [threading.Thread(target=work, args=(log,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(sequence for sequence, _ in got) == list(range(1, 641))
    assert {line["sequence"]: line["hash"] for line in lines(folder)} == dict(got)
    assert len(list(folder.glob("records-*"))) > 5
    report = verify(folder, key.public_key())
    assert report.is_sound
    assert report.records == 640


def test_a_running_log_verifies_as_sound(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> None:
    stop = threading.Event()

    def work(log: AuditLog) -> None:
        while not stop.is_set():
            log.append(record)

    with AuditLog(folder, key, checkpoint_records=7, segment_bytes=20_000) as log:
        thread = threading.Thread(target=work, args=(log,))
        thread.start()
        try:
            for _ in range(10):
                report = verify(folder, key.public_key())
                assert report.is_sound, report.problems
        finally:
            stop.set()
            thread.join()


def test_only_one_process_writes(folder: Path, key: Ed25519PrivateKey) -> None:
    with AuditLog(folder, key):
        with pytest.raises(InternalError) as raised:
            AuditLog(folder, key)
        assert raised.value.reason == "AUDIT_LOCKED"
    AuditLog(folder, key).close()


def test_a_closed_log_takes_no_records(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> None:
    log = AuditLog(folder, key)
    log.close()
    log.close()
    with pytest.raises(InternalError) as raised:
        log.append(record)
    assert raised.value.reason == "AUDIT_UNAVAILABLE"


def test_a_record_that_is_no_unicode_is_refused_and_harms_no_other(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key) as log:
        with pytest.raises(InternalError) as raised:
            log.append(AuditRecord(Event.COMMAND, source="\ud800"))
        assert raised.value.reason == "AUDIT_UNAVAILABLE"
        assert log.append(record)[0] == 1
    assert verify(folder, key.public_key()).is_sound


def test_a_log_without_its_folder_is_unavailable(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    with pytest.raises(InternalError) as raised:
        AuditLog(tmp_path / "missing", key)
    assert raised.value.reason == "AUDIT_UNAVAILABLE"


def test_a_disk_that_fails_underneath_stops_the_log_and_leaves_nobody_waiting(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    log = AuditLog(folder, key)
    log.append(record)
    path = str(folder / "records-000000000001.jsonl")
    (number,) = [int(entry.name) for entry in Path("/proc/self/fd").iterdir() if os.path.realpath(entry) == path]
    reading = os.open(os.devnull, os.O_RDONLY)
    os.dup2(reading, number)  # writing to it fails from now on, and so does cutting it back
    reasons: list[str] = []

    def work() -> None:
        try:
            log.append(record)
        except InternalError as error:
            reasons.append(error.reason)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    os.close(reading)
    assert reasons == ["AUDIT_UNAVAILABLE"] * 8
    with pytest.raises(InternalError):
        log.append(record)
    with pytest.raises(InternalError):
        log.close()
    assert len(lines(folder)) == 1
    with AuditLog(folder, key) as reopened:
        assert reopened.append(record)[0] == 2
    assert verify(folder, key.public_key()).is_sound
