"""Encoding of released results for the wire. Takes `Released` alone: nothing else can be encoded."""

from __future__ import annotations

import json

from grille.server.blocks import Block, Cell, Flag, Format, Markdown, Notice, Plot, Table
from grille.server.commands.charts import resolve
from grille.server.disclosure.released import Released
from grille.server.text import Language
from grille.v1 import results_pb2

_FORMATS = {
    Format.TEXT: results_pb2.COLUMN_FORMAT_TEXT,
    Format.COUNT: results_pb2.COLUMN_FORMAT_COUNT,
    Format.NUMBER: results_pb2.COLUMN_FORMAT_NUMBER,
    Format.PERCENT: results_pb2.COLUMN_FORMAT_PERCENT,
    Format.P_VALUE: results_pb2.COLUMN_FORMAT_P_VALUE,
}
_FLAGS = {
    None: results_pb2.CELL_FLAG_UNSPECIFIED,
    Flag.SUPPRESSED: results_pb2.CELL_FLAG_SUPPRESSED,
    Flag.NOT_AVAILABLE: results_pb2.CELL_FLAG_NOT_AVAILABLE,
    Flag.BELOW_THRESHOLD: results_pb2.CELL_FLAG_BELOW_THRESHOLD,
    Flag.BOUNDARY: results_pb2.CELL_FLAG_BOUNDARY,
}


def encode(released: Released[tuple[Block, ...]], language: Language) -> tuple[results_pb2.Block, ...]:
    """Return the messages of released blocks, texts in `language`."""
    return tuple(_block(block, language) for block in released.content)


def _block(block: Block, language: Language) -> results_pb2.Block:
    match block:
        case Table():
            return results_pb2.Block(
                key=block.key, title=block.title.in_language(language), table=_table(block, language)
            )
        case Plot():
            specification = json.dumps(resolve(block.specification, language), ensure_ascii=False, sort_keys=True)
            return results_pb2.Block(
                key=block.key,
                title=block.title.in_language(language),
                plot=results_pb2.Plot(vega_lite_json=specification),
            )
        case Markdown():
            return results_pb2.Block(key=block.key, text=results_pb2.Text(markdown=block.text.in_language(language)))
        case Notice():
            return results_pb2.Block(key=block.key, notice=results_pb2.Notice(text=block.text.in_language(language)))


def _table(table: Table, language: Language) -> results_pb2.Table:
    columns = [
        results_pb2.Column(key=column.key, label=column.label.in_language(language), format=_FORMATS[column.format])
        for column in table.columns
    ]
    rows = [results_pb2.Row(cells=[_cell(cell, language) for cell in row]) for row in table.rows]
    return results_pb2.Table(columns=columns, rows=rows)


def _cell(cell: Cell, language: Language) -> results_pb2.Cell:
    out = results_pb2.Cell(flag=_FLAGS[cell.flag])
    if cell.label is not None:
        out.label = cell.label.in_language(language)
    match cell.value:
        case bool() | int():
            out.integer = int(cell.value)
        case float():
            out.number = cell.value
        case str():
            out.text = cell.value
    return out
