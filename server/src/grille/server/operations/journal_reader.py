"""Brings the journal of the control file into the audit log of the running server."""

from __future__ import annotations

import json
import threading

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event
from grille.server.operations.registry import Registry


class JournalReader:
    """Brings what the journal notes into the audit log, once and in order."""

    def __init__(self, registry: Registry, log: AuditLog) -> None:
        """Read the journal of `registry` into `log`."""
        self._registry = registry
        self._log = log
        self._lock = threading.Lock()

    def catch_up(self) -> None:
        """Record every change that is not recorded yet.

        Raises:
            InternalError: AUDIT_UNAVAILABLE, REGISTRY_UNAVAILABLE; nothing may then be answered.
        """
        if not self._registry.read("SELECT 1 FROM journal WHERE logged = 0 LIMIT 1"):
            return
        with self._lock:
            for row in self._registry.read(
                "SELECT number, time, what, project, subject, detail FROM journal WHERE logged = 0 ORDER BY number"
            ):
                number, time, what, project, subject, detail = map(str, row)
                facts = (("done", what), ("at", time), ("journal", number), *json.loads(detail).items())
                self._log.append(AuditRecord(Event.ADMINISTRATION, subject=subject, project=project, detail=facts))
                with self._registry.change() as change:
                    change.execute("UPDATE journal SET logged = 1 WHERE number = ?", (number,))
