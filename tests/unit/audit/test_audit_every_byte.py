"""No byte of a log can be changed, left out or added unseen: each is tried."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord
from grille.server.audit.verify import verify


@pytest.fixture
def log(folder: Path, key: Ed25519PrivateKey, record: AuditRecord, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("grille.server.audit.verify._ATTEMPTS", 1)  # no server writes here that might settle
    with AuditLog(folder, key, checkpoint_records=2) as open_log:
        for _ in range(2):
            open_log.append(record)
    return folder


def harmed(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every byte raised by one, and at every seventh one left out and one put in."""
    for place, byte in enumerate(content):
        yield f"{place} changed", content[:place] + bytes([(byte + 1) % 256]) + content[place + 1 :]
        if place % 7 == 0 or place == len(content) - 1:
            yield f"{place} left out", content[:place] + content[place + 1 :]
            yield f"{place} put in", content[:place] + b"0" + content[place:]


def harmless(name: str, what: str, content: bytes) -> bool:
    """A record file without its last end-of-line is what a crash leaves: it is told, and mended at the next start."""
    return name.startswith("records") and what == f"{len(content) - 1} left out"


@pytest.mark.parametrize("name", ["records-000000000001.jsonl", "checkpoints.jsonl", "head"])
def test_every_byte_counts(log: Path, key: Ed25519PrivateKey, name: str) -> None:
    content = (log / name).read_bytes()
    for what, other in harmed(content):
        (log / name).write_bytes(other)
        if not harmless(name, what, content):
            assert not verify(log, key.public_key()).is_sound, what
    (log / name).write_bytes(content)
    assert verify(log, key.public_key()).is_sound


@pytest.mark.parametrize("name", ["records-000000000001.jsonl", "checkpoints.jsonl", "head"])
def test_a_file_cut_off_anywhere_is_found(log: Path, key: Ed25519PrivateKey, name: str) -> None:
    content = (log / name).read_bytes()
    for size in range(0, len(content) - 1, 7):
        (log / name).write_bytes(content[:size])
        assert not verify(log, key.public_key()).is_sound, size
