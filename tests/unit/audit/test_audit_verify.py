"""Tampering that verification finds, and what it cannot find without an anchor."""

import json
import random
import re
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.chain import seal
from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord
from grille.server.audit.report import Report
from grille.server.audit.verify import Anchor, verify


@pytest.fixture
def log(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> Path:
    """A closed log of 23 records in several files, checkpoints after 5, 10, 15, 20 and 23 among others."""
    with AuditLog(folder, key, checkpoint_records=5, segment_bytes=7000) as open_log:
        for _ in range(23):
            open_log.append(record)
    assert len(list(folder.glob("records-*"))) > 2
    return folder


def kinds(report: Report) -> set[str]:
    return {problem.kind for problem in report.problems}


def read_all(log: Path) -> list[bytes]:
    return [line for path in sorted(log.glob("records-*")) for line in path.read_bytes().splitlines(keepends=True)]


def edit(log: Path, sequence: int, change: dict[int, bytes | None]) -> None:
    """Replace (or with None remove) lines of the file that holds record `sequence`, by record number."""
    path = [path for path in sorted(log.glob("records-*")) if int(path.stem[8:]) <= sequence][-1]
    first = int(path.stem[8:])
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [change.get(number, line) for number, line in enumerate(lines, first)]
    path.write_bytes(b"".join(line for line in kept if line is not None))


def test_an_untouched_log_is_sound(log: Path, key: Ed25519PrivateKey) -> None:
    report = verify(log, key.public_key())
    assert report.is_sound
    assert (report.records, report.last_sequence, report.torn_bytes) == (23, 23, 0)
    assert report.last_hash == json.loads(read_all(log)[-1])["hash"]


def test_a_folder_that_no_server_used_is_sound(folder: Path, key: Ed25519PrivateKey) -> None:
    report = verify(folder, key.public_key())
    assert report.is_sound
    assert report.records == 0


@pytest.mark.parametrize("name", ["records", "checkpoints.jsonl", "head"])
def test_a_flipped_bit_anywhere_is_found(log: Path, key: Ed25519PrivateKey, name: str) -> None:
    paths = sorted(log.glob(f"{name}*"))
    for path in paths:
        content = path.read_bytes()
        ends = [place for place, byte in enumerate(content) if byte == 0x0A]
        places = {*ends, *(place + 1 for place in ends if place + 1 < len(content)), 0, len(content) - 1}
        places |= set(random.Random(1).sample(range(len(content)), min(len(content), 150)))
        for place in sorted(places):
            bit = 1 << (place % 8)
            path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
            assert not verify(log, key.public_key()).is_sound, (path.name, place)
        path.write_bytes(content)
    assert verify(log, key.public_key()).is_sound


@pytest.mark.parametrize("sequence", range(1, 24))
def test_a_removed_record_is_found(log: Path, key: Ed25519PrivateKey, sequence: int) -> None:
    edit(log, sequence, {sequence: None})
    report = verify(log, key.public_key())
    assert "RECORDS_MISSING" in kinds(report)
    assert any(p.kind == "RECORDS_MISSING" and p.sequence == sequence for p in report.problems)


def test_a_changed_record_is_found_with_its_number(log: Path, key: Ed25519PrivateKey) -> None:
    line = read_all(log)[11]
    edit(log, 12, {12: line.replace(b"answered", b"refused")})
    report = verify(log, key.public_key())
    assert [p.sequence for p in report.problems if p.kind == "RECORD_CHANGED"] == [12]


def test_a_change_with_a_recomputed_hash_is_found(log: Path, key: Ed25519PrivateKey) -> None:
    fields = json.loads(read_all(log)[11])
    fields.pop("hash")
    forged, _ = seal({**fields, "subject": "ola"}, 12, fields["previous"])
    edit(log, 12, {12: forged})
    report = verify(log, key.public_key())
    assert kinds(report) == {"CHAIN_BROKEN", "CHECKPOINT_MISMATCH"}
    assert [p.sequence for p in report.problems if p.kind == "CHAIN_BROKEN"] == [13]


def test_a_chain_made_anew_from_some_record_on_is_found(log: Path, key: Ed25519PrivateKey) -> None:
    lines = [json.loads(line) for line in read_all(log)]
    previous = lines[20]["previous"]
    for number, fields in enumerate(lines[20:], 21):
        body = {name: value for name, value in fields.items() if name not in {"hash", "previous"}}
        forged, previous = seal({**body, "subject": "ola"}, number, previous)
        edit(log, number, {number: forged})
    assert kinds(verify(log, key.public_key())) == {"CHECKPOINT_MISMATCH", "HEAD_MISMATCH"}


def test_swapped_records_are_found(log: Path, key: Ed25519PrivateKey) -> None:
    lines = read_all(log)
    edit(log, 2, {2: lines[2], 3: lines[1]})
    assert {"RECORDS_MISSING", "RECORD_OUT_OF_PLACE", "CHECKPOINT_MISMATCH"} <= kinds(verify(log, key.public_key()))


def test_a_repeated_record_is_found(log: Path, key: Ed25519PrivateKey) -> None:
    line = read_all(log)[6]
    edit(log, 7, {7: line + line})
    assert "RECORD_OUT_OF_PLACE" in kinds(verify(log, key.public_key()))


def test_an_added_record_is_found_in_the_middle_and_at_the_end(log: Path, key: Ed25519PrivateKey) -> None:
    last = json.loads(read_all(log)[-1])
    body = {name: value for name, value in last.items() if name not in {"hash", "previous"}}
    forged, _ = seal(body, 24, last["hash"])
    path = sorted(log.glob("records-*"))[-1]
    content = path.read_bytes()
    path.write_bytes(content + forged)
    assert kinds(verify(log, key.public_key())) == {"RECORDS_UNSIGNED"}
    path.write_bytes(forged + content)
    assert not verify(log, key.public_key()).is_sound


@pytest.mark.parametrize("kept", [0, 1, 12, 20, 22])
def test_a_log_cut_short_is_found(log: Path, key: Ed25519PrivateKey, kept: int) -> None:
    for number in range(kept + 1, 24):
        edit(log, number, {number: None})
    assert "RECORDS_MISSING" in kinds(verify(log, key.public_key()))


def test_a_removed_file_is_found(log: Path, key: Ed25519PrivateKey) -> None:
    for path in sorted(log.glob("records-*")):
        content = path.read_bytes()
        path.unlink()
        assert not verify(log, key.public_key()).is_sound, path.name
        path.write_bytes(content)


def test_removed_checkpoints_are_found(log: Path, key: Ed25519PrivateKey) -> None:
    path = log / "checkpoints.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for left_out in range(len(lines)):
        path.write_bytes(b"".join(lines[:left_out] + lines[left_out + 1 :]))
        assert kinds(verify(log, key.public_key())) & {"CHECKPOINT_ORDER", "CHECKPOINTS_MISSING"}
    path.unlink()
    assert "CHECKPOINTS_MISSING" in kinds(verify(log, key.public_key()))


@pytest.mark.parametrize("name", ["checkpoints.jsonl", "head"])
def test_a_signature_in_capitals_is_found(log: Path, key: Ed25519PrivateKey, name: str) -> None:
    content = (log / name).read_bytes()
    signature = re.search(rb'"signature":"([0-9a-f]{128})"', content)
    assert signature is not None
    (log / name).write_bytes(content.replace(signature[1], signature[1].upper()))
    assert not verify(log, key.public_key()).is_sound


def test_a_removed_head_is_found(log: Path, key: Ed25519PrivateKey) -> None:
    (log / "head").unlink()
    assert kinds(verify(log, key.public_key())) == {"HEAD_INVALID"}


def test_signatures_of_another_key_are_found(log: Path) -> None:
    assert {"CHECKPOINT_INVALID", "HEAD_INVALID"} <= kinds(verify(log, Ed25519PrivateKey.generate().public_key()))


def test_records_and_checkpoints_put_back_without_the_head_are_found(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key) as open_log:
        open_log.append(record)
    shutil.copytree(folder, tmp_path / "earlier")
    with AuditLog(folder, key) as open_log:
        open_log.append(record)
    for name in ("records-000000000001.jsonl", "checkpoints.jsonl"):
        shutil.copy(tmp_path / "earlier" / name, folder / name)
    assert kinds(verify(folder, key.public_key())) == {"RECORDS_MISSING", "CHECKPOINTS_MISSING"}


def test_a_whole_folder_put_back_is_found_by_an_anchor_alone(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    with AuditLog(folder, key) as open_log:
        open_log.append(record)
    earlier = tmp_path / "earlier"
    shutil.copytree(folder, earlier)
    with AuditLog(folder, key) as open_log:
        anchor = Anchor(*open_log.append(record))
    assert verify(folder, key.public_key(), anchor).is_sound
    assert verify(earlier, key.public_key()).is_sound
    assert kinds(verify(earlier, key.public_key(), anchor)) == {"ANCHOR_MISMATCH"}
    with AuditLog(earlier, key) as open_log:
        open_log.append(record)
    assert kinds(verify(earlier, key.public_key(), anchor)) == {"ANCHOR_MISMATCH"}


def test_a_log_made_anew_with_the_signing_key_is_found_by_an_anchor_alone(
    log: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    noted = verify(log, key.public_key())
    anew = tmp_path / "anew"
    anew.mkdir()
    with AuditLog(anew, key) as open_log:
        for _ in range(23):
            open_log.append(record)
    assert verify(anew, key.public_key()).is_sound
    anchor = Anchor(noted.last_sequence, noted.last_hash)
    assert kinds(verify(anew, key.public_key(), anchor)) == {"ANCHOR_MISMATCH"}
