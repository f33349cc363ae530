"""A result as JSON values, and the canonical bytes of it that receipts speak of.

The only file here that is written by hand: server and client must agree on it to the last sign.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

import rfc8785

from grille.v1 import results_pb2
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.results_pb2 import AppliedRule, Block, Cell, Row, Table

RECEIPT_LABEL = "grille-receipt-1"
"""What a receipt's signature is made under, so that no other signature of the key passes for one."""

FLAG_NAMES = {
    results_pb2.CELL_FLAG_SUPPRESSED: "suppressed",
    results_pb2.CELL_FLAG_NOT_AVAILABLE: "not_available",
    results_pb2.CELL_FLAG_BELOW_THRESHOLD: "below_threshold",
    results_pb2.CELL_FLAG_BOUNDARY: "boundary",
}

_EXACT = 2**53


def result_json(
    line: int,
    command: str,
    source: str,
    status: str,
    elapsed_ms: int,
    blocks: Sequence[Block],
    rules: Sequence[AppliedRule],
    error: ErrorDetail | None,
) -> dict[str, Any]:
    """Return one result as the JSON document of a run shows it, without its receipt.

    Args:
        line: First line of the command in the script, from 1.
        command: Its name.
        source: The command as written.
        status: ok, refused or error.
        elapsed_ms: Time in the server, milliseconds.
        blocks: Released blocks, in order.
        rules: Disclosure rules that touched the result.
        error: What went wrong, if anything.
    """
    fields: dict[str, Any] = {
        "line": line,
        "command": command,
        "source": source,
        "status": status,
        "reason": error.reason if error is not None else None,
        "message": error.message if error is not None else None,
        "elapsed_ms": elapsed_ms,
        "blocks": [block_json(block) for block in blocks],
        "rules": [{"rule": rule.rule, "detail": rule.detail} for rule in rules],
    }
    if error is not None and error.hint:
        fields["hint"] = error.hint
    return fields


def block_json(block: Block) -> dict[str, Any]:
    """Return one block as JSON values."""
    kind = block.WhichOneof("kind") or "notice"
    if kind == "table":
        return {"kind": kind, "key": block.key, "title": block.title, **_table(block.table)}
    if kind == "plot":
        return {"kind": kind, "key": block.key, "spec": json.loads(block.plot.vega_lite_json)}
    text = block.text.markdown if kind == "text" else block.notice.text
    return {"kind": kind, "key": block.key, "text": text}


def value_of(cell: Cell) -> float | int | str | None:
    """Return a cell's value, None when it has none or one that is no number."""
    kind = cell.WhichOneof("value")
    if kind == "number":
        return cell.number if math.isfinite(cell.number) else None
    if kind == "integer":
        return cell.integer
    return cell.text if kind == "text" else None


def flag_name(cell: Cell) -> str | None:
    """Return the name of a cell's mark; a number that is not finite counts as not available."""
    if cell.flag == results_pb2.CELL_FLAG_UNSPECIFIED and value_of(cell) is None:
        return "not_available" if cell.WhichOneof("value") is not None else None
    return FLAG_NAMES.get(cell.flag)


def rows_of(table: Table) -> list[Row]:
    """Return the rows of a table, each filled up to one cell per column."""
    width = len(table.columns)
    return [row if len(row.cells) == width else _filled(row, width) for row in table.rows]


def canonical_json(value: Any) -> bytes:
    """Return the one way to write JSON values, whatever the order of keys or the layout they were read from.

    Numbers are doubles there: 1 and 1.0 are the same, and whole numbers beyond 2^53 are rounded to a double.

    Raises:
        ValueError: A number is not finite, a text is not Unicode, or a value is none of JSON's.

    Source: RFC 8785, JSON Canonicalization Scheme.
    """
    return bytes(rfc8785.dumps(_doubles(value)))


def digest_of(value: Any) -> str:
    """Return the SHA-256 of the canonical form of JSON values, 64 hex digits; raises as `canonical_json`."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def key_id(raw_public_key: bytes) -> str:
    """Return the name of an Ed25519 public key of 32 bytes: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(raw_public_key).hexdigest()[:16]


def receipt_message(receipt: dict[str, Any]) -> bytes:
    """Return the bytes that a receipt's signature (Ed25519) is over: a label, and all fields but the signature."""
    fields = {key: value for key, value in receipt.items() if key != "signature"}
    return RECEIPT_LABEL.encode() + b"\n" + canonical_json(fields)


def _table(table: Table) -> dict[str, Any]:
    rows = rows_of(table)
    return {
        "columns": [{"key": column.key, "label": column.label} for column in table.columns],
        "rows": [[value_of(cell) for cell in row.cells] for row in rows],
        "flags": [[flag_name(cell) for cell in row.cells] for row in rows],
    }


def _filled(row: Row, width: int) -> Row:
    return Row(cells=[*row.cells, *(Cell() for _ in range(width - len(row.cells)))][:width])


def _doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _doubles(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_doubles(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return float(value)
    return value
