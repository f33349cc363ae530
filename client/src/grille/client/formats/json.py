"""One JSON document per run; its keys are a contract and the same in every language."""

from __future__ import annotations

import json
from typing import Any

from grille.client.formats.base import Format
from grille.client.receipts import receipt_json
from grille.client.results import CommandResult, Run
from grille.v1.content import result_json


class JsonFormat(Format):
    """Writes the document when the run is over, also when it failed."""

    suffix = ".json"

    def ended(self, run: Run) -> None:
        """Write the document."""
        json.dump(document(run), self.target.stream, ensure_ascii=False, allow_nan=False, indent=2)
        self.target.stream.write("\n")


def document(run: Run) -> dict[str, Any]:
    """Return a run as JSON values."""
    return {
        "session": run.session,
        **({"twin": True} if run.on_twin else {}),
        "banks": [{"bank": bank.name, "version": bank.version} for bank in run.banks],
        "results": [_result(result) for result in run.results],
    }


def _result(result: CommandResult) -> dict[str, Any]:
    fields = result_json(
        result.line,
        result.command,
        result.source,
        result.status.value,
        result.elapsed_ms,
        result.blocks,
        result.rules,
        result.error,
    )
    if result.receipt is not None:
        fields["receipt"] = receipt_json(result.receipt)
    if result.warnings:
        fields["warnings"] = [{"key": one.key, "text": one.text} for one in result.warnings]
    return fields
