"""Time stamps of a third party on checkpoints: the log held this by then, whatever this server's clock and key say."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from grille.server.audit.chain import canonical
from grille.server.audit.files import Files, GrowingFile, read_lines
from grille.server.audit.report import Problems

NAME = "timestamps.jsonl"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp as it is kept.

    Attributes:
        checkpoint: Number of the checkpoint.
        digest: SHA-256 of the checkpoint's line, hex, which was stamped.
        response: The authority's answer, DER.
    """

    checkpoint: int
    digest: str
    response: bytes


def newest_checkpoint(files: Files) -> tuple[int, bytes] | None:
    """Return the number and the line of the last whole checkpoint."""
    found = None
    for line, is_whole in read_lines(files.checkpoints) if files.checkpoints.exists() else ():
        found = (int(json.loads(line)["number"]), line) if is_whole else found
    return found


def request_for(line: bytes) -> bytes:
    """Return the request for a time stamp on a checkpoint's line, DER; it asks for the authority's certificate."""
    request = TimestampRequestBuilder().data(line).hash_algorithm(HashAlgorithm.SHA256).cert_request(cert_request=True)
    return bytes(request.build().as_bytes())


def keep(files: Files, checkpoint: int, line: bytes, response: bytes) -> bool:
    """Keep an authority's answer if it is a stamp of this checkpoint, and say whether it is.

    Raises:
        OSError: The disk refuses.
    """
    decoded = _decoded(response)
    if decoded is None or decoded.tst_info.message_imprint.message != hashlib.sha256(line).digest():
        return False
    fields = {
        "checkpoint": checkpoint,
        "digest": hashlib.sha256(line).hexdigest(),
        "response": base64.b64encode(response).decode("ascii"),
    }
    file = GrowingFile(files.directory / NAME)
    try:
        file.add(canonical(fields) + b"\n")
    finally:
        file.close()
    return True


def stamps(directory: Path) -> Iterator[Stamp | None]:
    """Yield the kept time stamps in their order; None for a line that is none."""
    path = directory / NAME
    for line, is_whole in read_lines(path) if path.exists() else ():
        if not is_whole:
            return  # torn by a crash; the next one is asked for again
        try:
            fields = json.loads(line)
            yield Stamp(
                int(fields["checkpoint"]), str(fields["digest"]), base64.b64decode(fields["response"], validate=True)
            )
        except (ValueError, KeyError, TypeError):
            yield None


def verify_stamps(
    directory: Path, roots: Sequence[x509.Certificate], problems: Problems
) -> tuple[int, datetime.datetime | None]:
    """Verify every time stamp, and return how many there are and the time of the last one.

    Args:
        directory: Folder of the log.
        roots: Certificates of the authorities that are trusted.
        problems: Takes what is wrong: TIMESTAMP_INVALID.
    """
    lines: dict[int, bytes] = {}
    checkpoints = Files(directory).checkpoints
    for line, is_whole in read_lines(checkpoints) if checkpoints.exists() else ():
        if is_whole:
            lines[len(lines) + 1] = line
    count, last = 0, None
    for number, stamp in enumerate(stamps(directory), start=1):
        moment = None if stamp is None else _moment(stamp, lines.get(stamp.checkpoint, b""), roots)
        if moment is None:
            problems.add(
                "TIMESTAMP_INVALID",
                None,
                f"time stamp {number} is not of its checkpoint, or not of an authority that you trust",
                f"tidsstempel {number} er ikke av kontrollpunktet, eller ikke fra en utsteder du stoler på",
            )
            continue
        count, last = count + 1, moment
    return count, last


def _moment(stamp: Stamp, line: bytes, roots: Sequence[x509.Certificate]) -> datetime.datetime | None:
    decoded = _decoded(stamp.response)
    if decoded is None:
        return None
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(decoded, line)
    except (VerificationError, ValueError):
        return None
    moment: datetime.datetime = decoded.tst_info.gen_time
    return moment


def _decoded(response: bytes) -> TimeStampResponse | None:
    try:
        decoded = decode_timestamp_response(response)
        _ = decoded.tst_info  # absent when the authority refused
    except ValueError:
        return None
    return decoded
