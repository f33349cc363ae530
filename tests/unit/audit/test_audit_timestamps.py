"""Time stamps of a third party (RFC 3161) on checkpoints, by an authority that the test runs itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.time_stamp_authority import Authority, authority

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord
from grille.server.audit.timestamps import NAME
from grille.server.audit.verify import verify
from grille.server.operations.timestamping import Stamper

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl to run an authority")


@pytest.fixture(scope="module")
def stamping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("authority")) as made:
        yield made


def write(folder: Path, key: Ed25519PrivateKey, record: AuditRecord, stamping: Authority, times: int = 2) -> None:
    """Write records and have each of several checkpoints stamped."""
    for _ in range(times):
        with AuditLog(folder, key) as log:
            log.append(record)
            log.checkpoint()
            stamper = Stamper(log, stamping.url, 3600)
            stamper.start()
            stamper.stop()


def roots(stamping: Authority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(stamping.certificate.read_bytes())


def test_checkpoints_are_stamped_and_the_stamps_verified(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord, stamping: Authority
) -> None:
    write(folder, key, record, stamping)
    report = verify(folder, key.public_key(), authorities=roots(stamping))
    assert (report.is_sound, report.timestamps) == (True, 2)
    assert report.last_timestamp[:13] == report.last_time[:13]


def test_a_checkpoint_made_anew_with_the_signing_key_does_not_have_its_stamp(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord, stamping: Authority
) -> None:
    write(folder, key, record, stamping)
    anew = tmp_path / "anew"
    anew.mkdir()
    with AuditLog(anew, key) as log:
        for _ in range(2):
            log.append(record)
            log.checkpoint()
    shutil.copy(folder / NAME, anew / NAME)
    assert verify(anew, key.public_key()).is_sound
    found = verify(anew, key.public_key(), authorities=roots(stamping))
    assert {problem.kind for problem in found.problems} == {"TIMESTAMP_INVALID"}


def test_stamps_of_another_authority_and_changed_ones_are_found(
    folder: Path, tmp_path: Path, key: Ed25519PrivateKey, record: AuditRecord, stamping: Authority
) -> None:
    write(folder, key, record, stamping, 1)
    other = tmp_path / "other"
    other.mkdir()
    with authority(other) as stranger:
        assert not verify(folder, key.public_key(), authorities=roots(stranger)).is_sound
    fields = json.loads((folder / NAME).read_text())
    for change in ({"checkpoint": 2}, {"response": fields["response"][:-8] + "AAAAAAA="}, {"response": "%"}):
        (folder / NAME).write_text(json.dumps({**fields, **change}) + "\n")
        assert not verify(folder, key.public_key(), authorities=roots(stamping)).is_sound, change


def test_an_authority_that_does_not_answer_stops_nothing_and_is_asked_again(
    folder: Path, key: Ed25519PrivateKey, record: AuditRecord, stamping: Authority
) -> None:
    stamping.answers = False
    write(folder, key, record, stamping, 1)
    stamping.answers = True
    report = verify(folder, key.public_key(), authorities=roots(stamping))
    assert (report.is_sound, report.timestamps) == (True, 0)
    write(folder, key, record, stamping, 1)
    assert verify(folder, key.public_key(), authorities=roots(stamping)).timestamps == 1
