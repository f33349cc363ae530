"""What the log says of one session: the way back to its data sets, and to its results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grille.server.audit.chain import BadLineError, Line, canonical, unseal
from grille.server.audit.files import Files, read_lines
from grille.server.audit.record import Event, Outcome


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a session.

    Attributes:
        sequence: Its number.
        hash: Its hash, hex.
        event: What happened.
        subject: User name.
        project: Project.
        source: Source text of the command.
        outcome: How the command ended; None for other events.
        reason: Reason of a refusal or failure.
        released_digest: SHA-256 of the released bytes, hex.
        content_digest: SHA-256 of the result as JSON, hex.
        elapsed_ms: Milliseconds.
        detail: Further facts.
    """

    sequence: int
    hash: str
    event: Event
    subject: str
    project: str
    source: str
    outcome: Outcome | None
    reason: str
    released_digest: str
    content_digest: str
    elapsed_ms: int
    detail: dict[str, str]


def entries_of(files: Files, session: str, first: int = 1) -> Iterator[Entry]:
    """Yield the records of a session in order.

    Each line must be what was sealed; whether the chain is whole is for `verify` to say.

    Args:
        files: The log; it may be growing.
        session: Session id.
        first: Number of a record at or before the session's first.

    Raises:
        BadLineError: A line about the session was changed.
    """
    wanted = canonical({"session": session})[1:-1]  # with its key: an id of one letter is in every line
    segments = files.segments()
    for place, (_, path) in enumerate(segments):
        following = segments[place + 1][0] if place + 1 < len(segments) else None
        if following is not None and following <= first:
            continue
        for line, is_whole in read_lines(path):
            if is_whole and wanted in line:  # most lines are about others, and need no parsing
                record = unseal(line)
                if record.fields.get("session") == session:
                    yield _entry(record)


def _entry(record: Line) -> Entry:
    fields = record.fields
    detail, outcome, elapsed = fields.get("detail"), fields.get("outcome"), fields.get("elapsed_ms")
    if not isinstance(detail, dict) or not isinstance(elapsed, int):
        raise BadLineError("not a record")
    return Entry(
        sequence=record.sequence,
        hash=record.hash,
        event=Event(str(fields.get("event"))),
        subject=str(fields.get("subject")),
        project=str(fields.get("project")),
        source=str(fields.get("source")),
        outcome=Outcome(str(outcome)) if outcome else None,
        reason=str(fields.get("reason")),
        released_digest=str(fields.get("released_digest")),
        content_digest=str(fields.get("content_digest", "")),
        elapsed_ms=elapsed,
        detail={str(key): str(value) for key, value in detail.items()},
    )
