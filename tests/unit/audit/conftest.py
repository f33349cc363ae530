from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grille.server.audit.record import AuditRecord, Event, Outcome


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "audit"
    path.mkdir()
    return path


@pytest.fixture
def record() -> AuditRecord:
    return AuditRecord(
        Event.COMMAND,
        subject="kari",
        certificate="a" * 64,
        project="P",
        session="s1",
        banks=(("no.ssb.fdb", 30),),
        source='tabulate sivstand "æøå \u2028"\n',
        tree_digest="b" * 64,
        outcome=Outcome.ANSWERED,
        rules=("count_noise",),
        analysis_sets=("c" * 64,),
        released_digest="d" * 64,
        elapsed_ms=42,
    )
