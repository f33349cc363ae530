"""Receipts: the server's signed word that a result is its own, as JSON beside the result."""

from __future__ import annotations

from typing import Any

from grille.v1.receipts_pb2 import Receipt


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON values; its keys are the fields of the message."""
    return {
        "record": receipt.record,
        "record_hash": receipt.record_hash,
        "index": receipt.index,
        "total": receipt.total,
        "time": receipt.time,
        "project": receipt.project,
        "session": receipt.session,
        "banks": [{"bank": one.bank, "version": one.version} for one in receipt.banks],
        "content": receipt.content,
        "released": receipt.released,
        "key": receipt.key,
        "signature": receipt.signature,
    }
