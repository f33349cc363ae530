"""A disk that refuses: no record, no answer, and a sound log. The limit on file size is the kernel's, not a mock."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from grille.server.audit.verify import verify

WRITER = """
    import json, resource, shutil, sys, threading
    from pathlib import Path
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from grille.server.audit.log import AuditLog
    from grille.server.audit.record import AuditRecord, Event
    from grille.server.errors import InternalError
    folder, secret, size, every, segment, threads = sys.argv[1:]
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    log = AuditLog(Path(folder), key, checkpoint_records=int(every), segment_bytes=int(segment))
    record = AuditRecord(Event.COMMAND, source="summarize x")
    written, reasons = [], []
    def work():
        for _ in range(60):
            try:
                written.append(log.append(record))
            except InternalError as error:
                reasons.append(error.reason)
    def run():
        workers = [threading.Thread(target=work) for _ in range(int(threads))]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), hard))
    run()
    full = len(reasons)
    shutil.copytree(folder, folder + "-full")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    run()
    log.close()
    print(json.dumps({"written": written, "full": full, "reasons": sorted(set(reasons)), "later": len(reasons) - full}))
"""


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize(
    "size, every, segment",
    [(10_000, 1_000_000, 1_000_000), (3_000, 1, 2_500), (3_000, 1_000_000, 1_200)],
    ids=["records", "checkpoints", "checkpoints-of-new-files"],
)
def test_a_full_disk_gives_no_answer_and_a_sound_log_that_goes_on_when_there_is_space(
    folder: Path, key: Ed25519PrivateKey, size: int, every: int, segment: int, threads: int
) -> None:
    secret = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex()
    arguments = [str(folder), secret, str(size), str(every), str(segment), str(threads)]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WRITER), *arguments], stdout=subprocess.PIPE, check=True, timeout=60
    )
    result = json.loads(done.stdout)
    assert result["reasons"] == ["AUDIT_UNAVAILABLE"]
    assert result["full"] > 0
    assert result["later"] == 0
    assert len(result["written"]) == 2 * 60 * threads - result["full"]
    lines = [json.loads(line) for path in sorted(folder.glob("records-*")) for line in path.read_bytes().splitlines()]
    assert {(line["sequence"], line["hash"]) for line in lines} == {tuple(pair) for pair in result["written"]}
    for place in (folder.with_name("audit-full"), folder):
        report = verify(place, key.public_key())
        assert report.is_sound, report.problems
        assert report.torn_bytes == 0
