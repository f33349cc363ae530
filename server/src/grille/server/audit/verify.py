"""Verifies a log offline: needs its files and the public key, nothing else.

Finds every change, removal, insertion and reordering of records, also of the last ones, and every forged or missing
checkpoint. What cannot be found from the files alone: that the whole folder was put back to an earlier state, or that
everything was made anew by somebody who has the signing key. For that, keep the last record's number and hash of an
earlier report elsewhere and give them as the anchor.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from grille.server.audit.chain import GENESIS
from grille.server.audit.files import Files
from grille.server.audit.head import Head, Heads, read_heads
from grille.server.audit.keyring import Keyring, load_keyring
from grille.server.audit.mirror import compare
from grille.server.audit.report import Problems, Report
from grille.server.audit.timestamps import verify_stamps
from grille.server.audit.walk import Walked, walk_checkpoints, walk_records

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record that somebody noted earlier.

    Attributes:
        sequence: Its number.
        hash: Its hash, hex.
    """

    sequence: int
    hash: str


def verify(
    directory: Path,
    key: Ed25519PublicKey,
    anchor: Anchor | None = None,
    second: Path | None = None,
    authorities: Sequence[x509.Certificate] = (),
) -> Report:
    """Verify the log in `directory`; a server may go on writing meanwhile.

    Args:
        directory: Folder of the log, or of a copy.
        key: A public key of the server, from which all others of the log must follow.
        anchor: A record that must be there as it was.
        second: Folder of the second copy, which is compared too.
        authorities: Certificates of time-stamp authorities that are trusted; without any, stamps are not looked at.

    Returns:
        What was found; `is_sound` says whether all is well.

    Raises:
        OSError: A file cannot be read.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        report, may_settle = _verify_once(Files(directory), key, anchor, second)
        if report.is_sound or not may_settle or attempt == _ATTEMPTS:
            break
        time.sleep(_PAUSE_SECONDS)
    if not authorities:
        return report
    problems = Problems()
    count, last = verify_stamps(directory, authorities, problems)
    return replace(
        report,
        timestamps=count,
        last_timestamp=last.isoformat() if last else "",
        problems=report.problems + tuple(problems.kept),
        problem_count=report.problem_count + problems.count,
    )


def _verify_once(
    files: Files, key: Ed25519PublicKey, anchor: Anchor | None, second: Path | None
) -> tuple[Report, bool]:
    """Return the report, and whether its problems may come from a server that was writing."""
    problems = Problems()
    keys = load_keyring(files.directory, key)
    before = _read_head(files, keys)
    checkpoints = walk_checkpoints(files, keys, problems)
    wanted = [anchor.sequence] if anchor else []
    if before.newest:
        wanted.append(before.newest.sequence)
    walked = walk_records(files, checkpoints, problems, wanted)
    after = _head_after(files, keys, walked.last_sequence)
    unsigned = walked.last_sequence - (after.newest.sequence if after.newest else 0)
    _check_heads(files, before, unsigned, walked, problems)
    highest = max((signed.checkpoint.number for signed in checkpoints), default=0)
    if before.newest and before.newest.checkpoints > highest:
        lost = f"{highest + 1}-{before.newest.checkpoints}"
        problems.add("CHECKPOINTS_MISSING", None, f"checkpoints {lost} are missing", f"kontrollpunktene {lost} mangler")
    if anchor and walked.noted.get(anchor.sequence) != anchor.hash:
        problems.add(
            "ANCHOR_MISMATCH",
            anchor.sequence,
            f"record {anchor.sequence} is not the one that was noted: the log was put back or made anew",
            f"oppføring {anchor.sequence} er ikke den som ble notert: loggen er satt tilbake eller laget på nytt",
        )
    if second is not None:
        compare(files, second, problems)
        _compare_ends(second, keys, walked, problems)
    report = Report(
        records=walked.records,
        checkpoints=len(checkpoints),
        last_sequence=walked.last_sequence,
        last_hash=walked.last_hash,
        first_time=walked.first_time,
        last_time=walked.last_time,
        recoveries=walked.recoveries,
        problems=tuple(problems.kept),
        problem_count=problems.count,
        torn_bytes=walked.torn_bytes,
    )
    return report, before != after


def _compare_ends(second: Path, keys: Keyring, walked: Walked, problems: Problems) -> None:
    """Find that the second copy was put back: its head must have come as far as the first one's records."""
    newest = _read_head(Files(second), keys).newest if second.is_dir() else None
    behind = walked.last_sequence - (newest.sequence if newest else 0)
    if behind > 0:
        problems.add(
            "SECOND_COPY_BEHIND",
            walked.last_sequence - behind + 1,
            f"the second copy lacks the last {behind} records",
            f"den andre kopien mangler de siste {behind} oppføringene",
        )


def _read_head(files: Files, keys: Keyring) -> Heads:
    return read_heads(keys, files.head.read_bytes() if files.head.exists() else b"")


def _head_after(files: Files, keys: Keyring, sequence: int) -> Heads:
    """Return the head once it tells of a record, which reaches the disk a moment earlier, or as it stays."""
    for _ in range(_ATTEMPTS):
        heads = _read_head(files, keys)
        if heads.newest is None or heads.newest.sequence >= sequence:
            break
        time.sleep(_PAUSE_SECONDS)
    return heads


def _check_heads(files: Files, heads: Heads, unsigned: int, walked: Walked, problems: Problems) -> None:
    if heads.newest is None and walked.last_hash == GENESIS and not files.head.exists():
        return  # a log that no server has opened yet
    if heads.damaged:
        problems.add("HEAD_INVALID", None, "the head is not signed by this key", "hodet er ikke signert med nøkkelen")
    if heads.newest is None:
        return
    _check_end(heads.newest, walked, problems)
    if unsigned > 0:
        problems.add(
            "RECORDS_UNSIGNED",
            walked.last_sequence - unsigned + 1,
            f"the last {unsigned} records are not signed: a crash, or somebody added them; a restart records it",
            f"de siste {unsigned} oppføringene er usignert: et krasj, eller noen la dem til; en omstart noterer det",
        )


def _check_end(head: Head, walked: Walked, problems: Problems) -> None:
    if head.sequence > walked.last_sequence:
        lost = f"{walked.last_sequence + 1}-{head.sequence}"
        problems.add(
            "RECORDS_MISSING",
            walked.last_sequence + 1,
            f"records {lost} are missing at the end",
            f"oppføringene {lost} mangler på slutten",
        )
    elif walked.noted.get(head.sequence) != head.hash:
        problems.add(
            "HEAD_MISMATCH",
            head.sequence,
            f"record {head.sequence} is not the one that the head names",
            f"oppføring {head.sequence} er ikke den som hodet nevner",
        )
