"""What one record of the audit log says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What happened."""

    SERVER_STARTED = "server_started"
    SERVER_STOPPED = "server_stopped"
    SESSION_OPENED = "session_opened"
    SESSION_RESUMED = "session_resumed"
    SESSION_CLOSED = "session_closed"
    SESSION_REPLAYED = "session_replayed"
    COMMAND = "command"
    ACCESS_DENIED = "access_denied"
    AUDIT_READ = "audit_read"
    KEY_ROTATED = "key_rotated"
    ADMINISTRATION = "administration"
    ALARM = "alarm"
    LOG_RECOVERED = "log_recovered"
    POLICY_CHANGED = "policy_changed"


class Outcome(StrEnum):
    """How a command ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record; what does not apply is left empty. Never holds a result: only digests of what was released.

    Attributes:
        event: What happened.
        subject: User name.
        certificate: SHA-256 thumbprint of the user's certificate, hex.
        project: Project name.
        session: Session id.
        banks: Linked banks with their versions.
        command: Name of the command.
        source: Source text of the command as the user wrote it.
        tree_digest: SHA-256 of the command's syntax tree, hex.
        outcome: How the command ended.
        reason: Reason code of a refusal or failure.
        rules: Keys of the disclosure rules that were applied.
        decisions: What each applied rule did, as pairs of its key and the sentence that the user was shown, in English.
        analysis_sets: SHA-256 of the sketch of every analysis set behind the answer, hex.
        released_digest: SHA-256 of the released bytes, hex.
        content_digest: SHA-256 of the result as JSON, which the receipt of the answer holds too, hex.
        elapsed_ms: Time from request to answer, milliseconds.
        detail: Further facts, as pairs of a name and a text.
    """

    event: Event
    subject: str = ""
    certificate: str = ""
    project: str = ""
    session: str = ""
    banks: tuple[tuple[str, int], ...] = ()
    command: str = ""
    source: str = ""
    tree_digest: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    rules: tuple[str, ...] = ()
    decisions: tuple[tuple[str, str], ...] = ()
    analysis_sets: tuple[str, ...] = ()
    released_digest: str = ""
    content_digest: str = ""
    elapsed_ms: int = 0
    detail: tuple[tuple[str, str], ...] = ()

    def to_fields(self) -> dict[str, object]:
        """Return the record as the JSON fields of its line, without those that the log adds."""
        return {
            "event": self.event.value,
            "subject": self.subject,
            "certificate": self.certificate,
            "project": self.project,
            "session": self.session,
            "banks": [[bank, version] for bank, version in self.banks],
            "command": self.command,
            "source": self.source,
            "tree_digest": self.tree_digest,
            "outcome": self.outcome.value if self.outcome else None,
            "reason": self.reason,
            "rules": list(self.rules),
            "decisions": [list(pair) for pair in self.decisions],
            "analysis_sets": list(self.analysis_sets),
            "released_digest": self.released_digest,
            "content_digest": self.content_digest,
            "elapsed_ms": self.elapsed_ms,
            "detail": dict(self.detail),
        }
