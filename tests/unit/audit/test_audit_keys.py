"""The signing key is replaced by a new one, and the log goes on being one log, for whoever trusts either key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.checkpoint import make_checkpoint
from grille.server.audit.files import Files
from grille.server.audit.keyring import hand_over, load_keyring
from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord
from grille.server.audit.signing import key_id
from grille.server.audit.verify import verify
from grille.server.errors import InternalError


def rotate(folder: Path, old: Ed25519PrivateKey, record: AuditRecord) -> Ed25519PrivateKey:
    """Write under the old key, hand over, and write under the new one."""
    new = Ed25519PrivateKey.generate()
    with AuditLog(folder, old, checkpoint_records=2) as log:
        for _ in range(3):
            log.append(record)
        after = json.loads(log.checkpoint().head)["checkpoints"]
    hand_over(Files(folder), old, new, after, "2026-11-23T07:00:00+00:00")
    with AuditLog(folder, new, checkpoint_records=2) as log:
        for _ in range(3):
            log.append(record)
    return new


def test_whoever_trusts_one_key_can_verify_the_whole_log(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    keys = [key]
    for _ in range(3):
        keys.append(rotate(folder, keys[-1], record))
    for trusted in keys:
        report = verify(folder, trusted.public_key())
        assert (report.is_sound, report.records) == (True, 18)
    assert not verify(folder, Ed25519PrivateKey.generate().public_key()).is_sound
    ring = load_keyring(folder, key.public_key())
    assert [key_id(one) for one in ring.keys] == [key_id(one.public_key()) for one in keys]


def test_the_old_key_writes_no_more(folder: Path, key: Ed25519PrivateKey, record: AuditRecord) -> None:
    rotate(folder, key, record)
    with pytest.raises(InternalError) as raised:
        AuditLog(folder, key)
    assert raised.value.reason == "AUDIT_DAMAGED"


def test_what_the_old_key_signs_after_it_handed_over_is_found(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord
) -> None:
    """Somebody has stolen the old key, and signs the last checkpoint anew with it."""
    rotate(folder, key, record)
    path = folder / "checkpoints.jsonl"
    *before, last = path.read_bytes().splitlines()
    fields = json.loads(last)
    records = [json.loads(line) for one in sorted(folder.glob("records-*")) for line in one.open()]
    leaves = [one["hash"] for one in records[fields["first"] - 1 :]]
    line, signed = make_checkpoint(key, None, fields["first"], leaves, fields["time"])
    forged = {**json.loads(line), "number": fields["number"], "previous": fields["previous"]}
    assert signed.checkpoint.root == fields["root"]
    from grille.server.audit.chain import canonical
    from grille.server.audit.signing import sign

    del forged["signature"]
    path.write_bytes(b"\n".join([*before, canonical(sign(key, "grille-audit-checkpoint-1", forged))]) + b"\n")
    kinds = {problem.kind for problem in verify(folder, key.public_key()).problems}
    assert "CHECKPOINT_INVALID" in kinds


@pytest.mark.parametrize("change", ["left out", "byte", "another new key"])
def test_a_changed_statement_is_found(folder: Path, key: Ed25519PrivateKey, record: AuditRecord, change: str) -> None:
    rotate(folder, key, record)
    path = folder / "keys.jsonl"
    content = path.read_bytes()
    if change == "left out":
        path.unlink()
    elif change == "byte":
        path.write_bytes(content.replace(b'"after":2', b'"after":9'))
        assert path.read_bytes() != content
    else:
        path.unlink()
        hand_over(Files(folder), Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), 2, "x")
    assert not verify(folder, key.public_key()).is_sound
