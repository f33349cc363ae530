"""Audit records of what happens beside commands: sessions and scripts that were not run."""

from __future__ import annotations

from grille.server.audit.record import AuditRecord, Event, Outcome
from grille.server.errors import GrilleError
from grille.server.execution.interface import Caller
from grille.server.sessions.session import Session

_SHOWN = 10_000


def session_opened(session: Session, caller: Caller) -> AuditRecord:
    """A session was opened."""
    return AuditRecord(
        Event.SESSION_OPENED,
        subject=caller.user,
        certificate=caller.thumbprint,
        project=session.project,
        session=session.identifier,
        detail=(("language", session.language.value), *((("twin", "yes"),) if session.twin else ())),
    )


def session_closed(session: Session, reason: str) -> AuditRecord:
    """A session was closed; `reason` is closed, expired, shutdown or unrecorded."""
    return AuditRecord(
        Event.SESSION_CLOSED,
        subject=session.user,
        project=session.project,
        session=session.identifier,
        detail=(("reason", reason),),
    )


def script_rejected(session: Session, caller: Caller, script: bytes, error: GrilleError) -> AuditRecord:
    """A script was not run because it is not in the language or beyond a limit."""
    return AuditRecord(
        Event.COMMAND,
        subject=caller.user,
        certificate=caller.thumbprint,
        project=session.project,
        session=session.identifier,
        source=script[:_SHOWN].decode("utf-8", "replace"),
        outcome=Outcome.FAILED,
        reason=error.reason,
        detail=(("script_bytes", str(len(script))),),
    )
