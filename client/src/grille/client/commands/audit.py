"""`grille audit`: what an auditor reads of the log, and how it is verified."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import grpc

from grille.client.commands.verify import pinned_key, read_anchor, tell
from grille.client.connection import Connection, connected
from grille.client.environment import Environment
from grille.client.errors import RefusedError, UsageError, from_rpc
from grille.client.exits import Exit
from grille.client.render.listing import Listing, listing_lines
from grille.client.render.style import Style, clean, shortened
from grille.client.verification.exports import FORMAT as EXPORT
from grille.client.verification.exports import ExportVerifier
from grille.client.verification.keys import read_keys
from grille.client.verification.proofs import FORMAT as PROOF
from grille.client.words import Words, pick
from grille.v1.audit_pb2 import ExportLogRequest, ExportLogResponse, GetRecordRequest, ListRecordsRequest

PAGE = 500
SOURCE = 60
SLOW_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters of a listing; None holds for every record."""

    project: str | None
    user: str | None
    session: str | None
    event: str | None
    command: str | None
    outcome: str | None
    reason: str | None
    since: str | None
    until: str | None
    limit: int


def list_records(environment: Environment, asked: Asked, as_json: bool, words: Words) -> Exit:
    """Print records, newest first: a table for people, or one JSON object a line."""
    request = _request(asked, words)
    with connected(environment, words) as connection:
        records = list(_records(connection, request, asked.limit))
    if as_json:
        for record in records:
            environment.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return Exit.OK
    if not records:
        environment.stdout.write(pick(words, "No such records\n", "Ingen slike oppføringer\n"))
        return Exit.OK
    heads = pick(words, "Record|Time|User|Project|Event|Outcome|Source",
                 "Oppføring|Tid|Bruker|Prosjekt|Hendelse|Utfall|Kilde").split("|")  # fmt: skip
    rows: list[list[str | int]] = [
        [
            record["sequence"],
            _local(str(record["time"])),
            str(record["subject"]),
            str(record["project"]),
            str(record["event"]),
            str(record["reason"] or record["outcome"] or ""),
            shortened(clean(_gist(record)), SOURCE),
        ]
        for record in records
    ]
    lines = listing_lines("", Listing(heads, rows), environment.width, words, Style(environment.colours))
    environment.stdout.write("\n".join(lines) + "\n")
    return Exit.OK


def show_record(environment: Environment, sequence: int, as_json: bool, words: Words) -> Exit:
    """Print all of one record."""
    with connected(environment, words) as connection:
        answer = connection.call(connection.audit.GetRecord, GetRecordRequest(sequence=sequence), timeout=SLOW_SECONDS)
    record = json.loads(answer.record.line)
    if as_json:
        environment.stdout.write(json.dumps(record, ensure_ascii=False, indent=2) + "\n")
        return Exit.OK
    width = max(len(key) for key in record)
    first = ["sequence", "time", "event", "subject", "project", "session", "command", "source", "outcome", "reason"]
    for key in [*first, *sorted(record.keys() - set(first))]:
        if key in record and record[key] not in ("", [], {}, None):
            value = record[key] if isinstance(record[key], str) else json.dumps(record[key], ensure_ascii=False)
            shown = [clean(line) for line in value.splitlines()] or [""]
            rest = "".join(f"{'':<{width}}  {line}\n" for line in shown[1:])
            environment.stdout.write(f"{key:<{width}}  {shown[0]}\n{rest}")
    return Exit.OK


def export(environment: Environment, sequence: int | None, proof: bool, out: Path | None, words: Words) -> Exit:
    """Write the whole log, or one record with or without its proof, to a file or stdout.

    Raises:
        UsageError: FILE_NOT_WRITTEN; nothing is overwritten.
    """
    with connected(environment, words) as connection, _target(environment, out, words) as stream:
        if sequence is None:
            for line in _export_lines(connection):
                stream.write(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        else:
            answer = connection.call(
                connection.audit.GetRecord, GetRecordRequest(sequence=sequence), timeout=SLOW_SECONDS
            )
            document: dict[str, Any] = {"record": json.loads(answer.record.line)}
            if proof:
                document = {
                    "format": PROOF,
                    **document,
                    "checkpoint": json.loads(answer.checkpoint),
                    "path": list(answer.path),
                    "public_key": answer.public_key,
                }
            stream.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return Exit.OK


def verify_log(environment: Environment, keys: Sequence[Path], anchor: str | None, as_json: bool, words: Words) -> Exit:
    """Fetch the whole log and verify it here, with a key that did not come with it."""
    trusted = read_keys(keys, pinned_key(environment, words), words)
    with connected(environment, words) as connection:
        verifier = ExportVerifier(trusted, words, read_anchor(anchor, words))
        lines = _export_lines(connection)
        next(lines)
        finding = verifier.take(lines)
    return tell(environment, finding, as_json, words)


def _records(connection: Connection, request: ListRecordsRequest, limit: int) -> Iterator[dict[str, Any]]:
    left = limit
    while left > 0:
        request.page_size = min(left, PAGE)
        page = connection.call(connection.audit.ListRecords, request, timeout=SLOW_SECONDS)
        for record in page.records:
            yield json.loads(record.line)
        left -= len(page.records)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _export_lines(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield the lines of an export: what it is, then its parts."""
    yield {"format": EXPORT, "server": connection.address, "time": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        for part in connection.audit.ExportLog(ExportLogRequest()):
            yield _part(part, connection.words)
    except grpc.RpcError as error:
        raise from_rpc(error, connection.address, connection.words) from error


def _part(part: ExportLogResponse, words: Words) -> dict[str, Any]:
    kind = part.WhichOneof("part")
    if kind == "record":
        return {"record": json.loads(part.record.line)}
    if kind == "withheld":
        raw = part.withheld.hashes
        return {
            "withheld": {
                "first": part.withheld.first,
                "hashes": [raw[i : i + 32].hex() for i in range(0, len(raw), 32)],
            }
        }
    if kind == "checkpoint":
        return {"checkpoint": json.loads(part.checkpoint)}
    if kind == "head":
        return {"head": json.loads(part.head)}
    if kind == "public_key":
        return {"public_key": {"id": part.public_key.id, "pem": part.public_key.pem}}
    message = pick(words, "The export holds a part of no known kind.", "Eksporten har en del av ukjent slag.")
    raise RefusedError("UNEXPECTED_ANSWER", message)


def _request(asked: Asked, words: Words) -> ListRecordsRequest:
    request = ListRecordsRequest(
        project=asked.project or "",
        user=asked.user or "",
        session=asked.session or "",
        event=asked.event or "",
        command=asked.command or "",
        outcome=asked.outcome or "",
        reason=asked.reason or "",
    )
    if asked.since is not None:
        request.since.FromDatetime(_moment(asked.since, words))
    if asked.until is not None:
        request.until.FromDatetime(_moment(asked.until, words))
    return request


def _moment(text: str, words: Words) -> datetime:
    """Return a date or time, local unless it names its zone; raises BAD_TIME."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "BAD_TIME",
            pick(words, f"{text!r} is no date or time.", f"{text!r} er ingen dato eller tid."),
            pick(words, "Write 2026-11-23 or 2026-11-23T14:30.", "Skriv 2026-11-23 eller 2026-11-23T14:30."),
        ) from None
    return moment.astimezone(UTC)


def _gist(record: dict[str, Any]) -> str:
    """Return what a record is about in a line: the command, or the further facts."""
    if record.get("source"):
        return str(record["source"])
    detail = record.get("detail") or {}
    done = [str(detail[key]) for key in ("done", "reading", "method") if key in detail]
    rest = [
        f"{key} {value}" for key, value in detail.items() if key not in ("done", "reading", "method", "at", "journal")
    ]
    return ", ".join(done + rest)


def _local(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return moment


@contextlib.contextmanager
def _target(environment: Environment, path: Path | None, words: Words) -> Iterator[TextIO]:
    """Give a new file, mode 0600, or stdout, for the length of a block."""
    if path is None:
        yield environment.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as cause:
        message = pick(words, "{0} cannot be written: {1}.", "{0} kan ikke skrives: {1}.")
        raise UsageError("FILE_NOT_WRITTEN", message.format(path, cause.strerror)) from cause
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        yield stream
