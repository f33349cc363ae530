"""Receipts: the server signs what it answers, with the place of the record, so that anyone can check it later."""

from __future__ import annotations

from typing import Any

from grille.server.audit.log import AuditLog
from grille.server.audit.writer import now
from grille.server.errors import DisclosureError, GrilleError
from grille.server.execution.interface import Answer, CommandRun
from grille.v1.content import digest_of, receipt_message, result_json
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.receipts_pb2 import Receipt
from grille.v1.results_pb2 import AppliedRule
from grille.v1.session_pb2 import LinkedBank


class Receipts:
    """Makes the receipts of a server."""

    def __init__(self, log: AuditLog) -> None:
        """Sign with the key of `log`."""
        self._log = log

    def make(
        self, run: CommandRun, answer: Answer | None, content: str, released: str, record: tuple[int, str]
    ) -> Receipt:
        """Return the signed receipt of a recorded command.

        Args:
            run: The command.
            answer: Its answer, None when it was refused or failed.
            content: Digest of the result, from `content_digest`.
            released: Digest of the released bytes; empty when nothing was.
            record: Number and hash of the record.
        """
        links = (answer.scope if answer is not None else run.session.scope).links
        banks = [(link.bank.name, link.bank.version) for link in links.values()]
        fields: dict[str, Any] = {
            "record": record[0],
            "record_hash": record[1],
            "index": run.index,
            "total": run.total,
            "time": now(),
            "project": run.session.project,
            "session": run.session.identifier,
            "content": content,
            "released": released,
            "key": self._log.key_id,
        }
        shown = {**fields, "banks": [{"bank": bank, "version": version} for bank, version in banks]}
        return Receipt(
            **fields,
            banks=[LinkedBank(bank=bank, version=version) for bank, version in banks],
            signature=self._log.sign(receipt_message(shown)),
        )


def content_digest(run: CommandRun, answer: Answer | None, error: GrilleError | None, elapsed_ms: int) -> str:
    """Return the SHA-256 of the result as clients show it in JSON, 64 hex digits; see receipts.proto."""
    head, language = run.node.head, run.session.language
    told = None
    if error is not None:
        told = ErrorDetail(
            reason=error.reason,
            message=error.message.in_language(language),
            hint=error.hint.in_language(language) if error.hint else "",
        )
    rules = answer.rules if answer is not None else ()
    result = result_json(
        head.span.line,
        head.name,
        head.source,
        "ok" if error is None else "refused" if isinstance(error, DisclosureError) else "error",
        elapsed_ms,
        answer.blocks if answer is not None else (),
        [AppliedRule(rule=rule.rule, detail=rule.detail.in_language(language)) for rule in rules],
        told,
    )
    return digest_of(result)
