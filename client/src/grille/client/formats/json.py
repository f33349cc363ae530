"""One JSON document per run; its keys are a contract and the same in every language."""

from __future__ import annotations

import json
from typing import Any

from grille.client.formats.base import Format
from grille.client.render.cells import rows_of, value_of
from grille.client.results import CommandResult, Run
from grille.v1 import results_pb2
from grille.v1.results_pb2 import Block, Cell, Table

FLAG_NAMES = {
    results_pb2.CELL_FLAG_SUPPRESSED: "suppressed",
    results_pb2.CELL_FLAG_NOT_AVAILABLE: "not_available",
    results_pb2.CELL_FLAG_BELOW_THRESHOLD: "below_threshold",
    results_pb2.CELL_FLAG_BOUNDARY: "boundary",
}


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
        "banks": [{"bank": bank.name, "version": bank.version} for bank in run.banks],
        "results": [_result(result) for result in run.results],
    }


def flag_name(cell: Cell) -> str | None:
    """Return the name of a cell's mark; a number that is not finite counts as not available."""
    if cell.flag == results_pb2.CELL_FLAG_UNSPECIFIED and value_of(cell) is None:
        return "not_available" if cell.WhichOneof("value") is not None else None
    return FLAG_NAMES.get(cell.flag)


def _result(result: CommandResult) -> dict[str, Any]:
    error = result.error
    fields: dict[str, Any] = {
        "line": result.line,
        "command": result.command,
        "source": result.source,
        "status": result.status.value,
        "reason": error.reason if error is not None else None,
        "message": error.message if error is not None else None,
        "elapsed_ms": result.elapsed_ms,
        "blocks": [_block(block) for block in result.blocks],
        "rules": [{"rule": rule.rule, "detail": rule.detail} for rule in result.rules],
    }
    if error is not None and error.hint:
        fields["hint"] = error.hint
    return fields


def _block(block: Block) -> dict[str, Any]:
    kind = block.WhichOneof("kind") or "notice"
    if kind == "table":
        return {"kind": kind, "key": block.key, "title": block.title, **_table(block.table)}
    if kind == "plot":
        return {"kind": kind, "key": block.key, "spec": json.loads(block.plot.vega_lite_json)}
    text = block.text.markdown if kind == "text" else block.notice.text
    return {"kind": kind, "key": block.key, "text": text}


def _table(table: Table) -> dict[str, Any]:
    rows = rows_of(table)
    return {
        "columns": [{"key": column.key, "label": column.label} for column in table.columns],
        "rows": [[value_of(cell) for cell in row.cells] for row in rows],
        "flags": [[flag_name(cell) for cell in row.cells] for row in rows],
    }
