"""Alert: patterns that look like an attack are recorded as alarms when they happen, for the auditor alone."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import structlog

from grille.server.audit.log import AuditLog
from grille.server.audit.overview.patterns import CLOSE_REFUSALS, PARTITIONS, REFUSALS_IN_A_ROW
from grille.server.audit.record import AuditRecord, Event
from grille.server.errors import DisclosureError
from grille.server.execution.interface import CommandRun, Executor, Progress, Recorded

MANY_PARTITIONS = "MANY_PARTITIONS"


def raised_by_divisions(before: int, after: int) -> tuple[str, ...]:
    """Return the alarm of a set whose number of divisions has just come to PARTITIONS."""
    return (MANY_PARTITIONS,) if before < PARTITIONS <= after else ()


@dataclass(slots=True)
class _Row:
    """Records of a user's refusals in a project: since the last release, and of close sets since the last alarm."""

    refused: list[int] = field(default_factory=list)
    close: list[int] = field(default_factory=list)


class Alert:
    """The step around recording. It counts since the server started; the auditor's report sees the whole log."""

    def __init__(self, inner: Executor[Recorded], log: AuditLog) -> None:
        """Wrap `inner`; alarms go to `log`."""
        self._inner = inner
        self._log = log
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, str], _Row] = {}

    def execute(self, run: CommandRun, progress: Progress) -> Recorded:
        """Execute, then record what it raises; on a twin nothing is worth an alarm.

        Raises:
            InternalError: AUDIT_UNAVAILABLE; nothing may then be answered.
        """
        recorded = self._inner.execute(run, progress)
        if not run.session.twin:
            for kind, records in self._raised(run, recorded):
                self._record(run, kind, records)
        return recorded

    def _raised(self, run: CommandRun, recorded: Recorded) -> list[tuple[str, tuple[int, ...]]]:
        found: list[tuple[str, tuple[int, ...]]] = []
        with self._lock:
            row = self._rows.setdefault((run.session.project, run.caller.user), _Row())
            if isinstance(recorded.error, DisclosureError):
                row.refused.append(recorded.record)
                if len(row.refused) == REFUSALS_IN_A_ROW:
                    found.append(("REFUSALS_IN_A_ROW", tuple(row.refused)))
                if recorded.error.reason == "SETS_TOO_CLOSE":
                    row.close.append(recorded.record)
                    if len(row.close) == CLOSE_REFUSALS:
                        found.append(("SETS_TOO_CLOSE", tuple(row.close)))
                        row.close.clear()
            elif recorded.answer is not None:
                if recorded.answer.set_digests:
                    row.refused.clear()
                found += [(kind, (recorded.record,)) for kind in recorded.answer.alarms]
        return found

    def _record(self, run: CommandRun, kind: str, records: tuple[int, ...]) -> None:
        numbers = ", ".join(map(str, records))
        self._log.append(
            AuditRecord(
                Event.ALARM,
                subject=run.caller.user,
                project=run.session.project,
                session=run.session.identifier,
                reason=kind,
                detail=(("records", numbers),),
            )
        )
        structlog.get_logger().warning("alarm", reason=kind)
