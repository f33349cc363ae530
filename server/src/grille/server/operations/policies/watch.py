"""The policies of a running server: every change is recorded before it counts, and none goes back unseen."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event
from grille.server.disclosure.policy import Policy
from grille.server.errors import AccessDeniedError, GrilleError
from grille.server.operations.home import Home
from grille.server.operations.policies.book import PolicyBook, differences, digest
from grille.server.operations.policies.changes import canonical
from grille.server.operations.policies.state import Applied, State
from grille.server.operations.registry import Project
from grille.server.operations.secret_files import replace_secret
from grille.server.text import Text


@dataclass(slots=True)
class _Known:
    """What has been recorded: how many changes, the digest of the last, and policies in force by what they are for."""

    number: int = 0
    last: str = ""
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)


class PolicyWatch:
    """Gives the policy of a project. Safe for threads."""

    def __init__(self, home: Home, log: AuditLog, project: Callable[[str], Project]) -> None:
        """Watch the policies of `home`; `project` finds a project by name."""
        self._book = PolicyBook(home)
        self._path = home.policies / "recorded.json"
        self._log = log
        self._project = project
        self._lock = threading.Lock()
        self._known = self._read()

    def begin(self, banks: tuple[str, ...], projects: tuple[Project, ...]) -> None:
        """Check every policy when the server starts, and record what changed while it did not run.

        A project whose policy is not valid is told of in the server's log; its commands are refused.

        Raises:
            GrilleError: POLICY_CHANGES_DAMAGED, POLICY_ROLLED_BACK, or what a bank's policy suffers from.
        """
        with self._lock:
            self._record_changes()
            self._book.make_files(banks)
            for bank in banks:
                self._note(f"bank {bank}", self._book.bank(bank).policy)
        for project in projects:
            try:
                self.of(project.name)
            except GrilleError as error:
                structlog.get_logger().warning("project stopped", reason=error.reason)

    def of(self, name: str) -> Policy:
        """Return the policy of a project, checked against its banks' and on record.

        Raises:
            GrilleError: POLICY_LOOSER, POLICY_UNSIGNED, POLICY_INVALID, POLICY_MISSING, POLICY_CHANGES_DAMAGED,
                POLICY_ROLLED_BACK, UNKNOWN_PROJECT, AUDIT_UNAVAILABLE.
        """
        with self._lock:
            project = self._project(name)
            self._record_changes()
            for bank in project.banks:
                self._note(f"bank {bank}", self._book.bank(bank).policy)
            policy = self._book.project(project).policy
            self._note(f"project {name}", policy, name)
            return policy

    def _record_changes(self) -> None:
        state = self._book.state()
        known = self._known
        if state.number < known.number or (known.number and state.digests[known.number - 1] != known.last):
            raise AccessDeniedError(
                "POLICY_ROLLED_BACK",
                Text(
                    "Signed changes of policies that once counted are gone from policies/changes.jsonl.",
                    "Signerte regelendringer som en gang gjaldt, er borte fra policies/changes.jsonl.",
                ),
                hint=Text("Restore the file from your backup.", "Hent filen tilbake fra sikkerhetskopien."),
            )
        if state.number == known.number:
            return
        for applied in state.changes[known.number :]:
            self._log.append(_record_of(applied))
        known.number, known.last = state.number, _last(state)
        self._write()

    def _note(self, what: str, policy: Policy, project: str = "") -> None:
        """Record a policy that differs from the one last recorded for the same."""
        known = self._known.policies.get(what)
        now = digest(policy)
        if known is not None and known["digest"] == now:
            return
        before = _policy_of(known)
        detail = [("what", what), ("policy", now), ("profile", policy.profile)]
        if before is not None:
            changed = ", ".join(differences(before, policy))
            looser = ", ".join(policy.looser_keys(before))
            detail += [("before", digest(before)), ("changed", changed), ("looser", looser)]
        self._log.append(AuditRecord(Event.POLICY_CHANGED, project=project, detail=tuple(detail)))
        self._known.policies[what] = {"digest": now, "policy": json.loads(canonical(_fields(policy)))}
        self._write()

    def _read(self) -> _Known:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            entry = json.loads(self._path.read_bytes())
            return _Known(int(entry["number"]), str(entry["last"]), dict(entry["policies"]))
        return _Known()

    def _write(self) -> None:
        entry = {"number": self._known.number, "last": self._known.last, "policies": self._known.policies}
        replace_secret(self._path, canonical(entry) + b"\n")


def _record_of(applied: Applied) -> AuditRecord:
    change = applied.change
    detail = (
        ("what", f"{change.kind} {change.subject}".strip()),
        ("change", str(change.number)),
        ("signed_by", ", ".join(applied.signers)),
        ("applied", applied.time),
    )
    return AuditRecord(Event.POLICY_CHANGED, detail=detail)


def _last(state: State) -> str:
    return state.digests[-1] if state.digests else ""


def _fields(policy: Policy) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(policy)


def _policy_of(known: dict[str, Any] | None) -> Policy | None:
    """Return the policy that was recorded, or None when policies had other keys then."""
    if known is None:
        return None
    with contextlib.suppress(TypeError):
        return Policy(**known["policy"])
    return None
