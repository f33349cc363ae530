"""Record: an audit record is written, and on disk, before an answer or a refusal leaves. No record, no answer."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event, Outcome
from grille.server.disclosure.policy import Policy
from grille.server.errors import DisclosureError, GrilleError, InternalError
from grille.server.execution.interface import Answer, CommandRun, Executor, Progress, Recorded
from grille.server.execution.pad import told_time
from grille.server.execution.receipts import Receipts, content_digest
from grille.server.text import Text
from grille.v1 import results_pb2


class Record:
    """The step that times, records, and turns errors into outcomes that have a record too."""

    def __init__(self, inner: Executor[Answer], log: AuditLog, policy_of: Callable[[str], Policy]) -> None:
        """Wrap `inner`; records go to `log`; `policy_of(project)` says in which steps times are told."""
        self._inner = inner
        self._log = log
        self._policy_of = policy_of
        self._receipts = Receipts(log)

    def execute(self, run: CommandRun, progress: Progress) -> Recorded:
        """Execute and record; the session takes over its new state only when the record is on disk.

        Raises:
            InternalError: AUDIT_UNAVAILABLE; nothing may then be answered.
        """
        start = time.monotonic()
        answer: Answer | None = None
        error: GrilleError | None = None
        try:
            answer = self._inner.execute(run, progress)
        except GrilleError as raised:
            error = raised
        except Exception as raised:
            error = _fault(raised)
        elapsed = round(told_time(time.monotonic() - start, self._policy_of(run.session.project)) * 1000)
        content = content_digest(run, answer, error, elapsed)
        fields = _fields(run, answer, error, elapsed, content)
        sequence, own = self._log.append(fields)
        receipt = self._receipts.make(run, answer, content, fields.released_digest, (sequence, own))
        if answer is not None:
            run.session.accept(answer.scope, answer.frames, run.node.head.source)
        return Recorded(answer, error, sequence, elapsed, receipt)


def digest(blocks: tuple[results_pb2.Block, ...]) -> str:
    """Return the SHA-256 of released blocks, hexadecimal, over their deterministic encoding with lengths."""
    total = hashlib.sha256()
    for block in blocks:
        encoded = block.SerializeToString(deterministic=True)
        total.update(len(encoded).to_bytes(8, "big"))
        total.update(encoded)
    return total.hexdigest()


def _fields(
    run: CommandRun, answer: Answer | None, error: GrilleError | None, elapsed_ms: int, content: str
) -> AuditRecord:
    return AuditRecord(
        event=Event.COMMAND,
        subject=run.caller.user,
        certificate=run.caller.thumbprint,
        project=run.session.project,
        session=run.session.identifier,
        banks=tuple((link.bank.name, link.bank.version) for link in run.session.scope.links.values()),
        command=run.node.head.name,
        source=run.node.head.source,
        tree_digest=hashlib.sha256(repr(run.node).encode()).hexdigest(),
        outcome=_outcome(error),
        reason=error.reason if error is not None else "",
        rules=tuple(rule.rule for rule in answer.rules) if answer is not None else (),
        decisions=tuple((rule.rule, rule.detail.en) for rule in answer.rules) if answer is not None else (),
        analysis_sets=answer.set_digests if answer is not None else (),
        released_digest=digest(answer.blocks) if answer is not None else "",
        content_digest=content,
        elapsed_ms=elapsed_ms,
        detail=(
            *((("request", run.request),) if run.request else ()),
            ("place", f"{run.index}/{run.total}"),
            ("line", str(run.node.head.span.line)),
            *((("prepares", "yes"),) if answer is not None and _prepares(run, answer) else ()),
            *((("twin", "yes"),) if run.session.twin else ()),
        ),
    )


def _prepares(run: CommandRun, answer: Answer) -> bool:
    """Whether the command changed what names mean or what data sets hold: then it makes the session again."""
    before, after = (replace(scope, history=()) for scope in (run.session.scope, answer.scope))
    return after != before or answer.frames != run.session.frames


def _outcome(error: GrilleError | None) -> Outcome:
    if error is None:
        return Outcome.ANSWERED
    return Outcome.REFUSED if isinstance(error, DisclosureError) else Outcome.FAILED


def _fault(error: Exception) -> InternalError:
    return InternalError(
        "SERVER_FAULT",
        Text(
            f"The server failed on this command ({type(error).__name__}).",
            f"Serveren feilet på denne kommandoen ({type(error).__name__}).",
        ),
        hint=Text("Tell the custodian when it happened.", "Si fra til forvalteren om tidspunktet."),
    )
