"""Every table as CSV, sections of one stream or files of a folder. Keys head the columns; the decimal sign is a dot."""

from __future__ import annotations

import csv
from typing import TextIO

from grille.client.formats.base import Format
from grille.client.formats.exports import file_stem, write_tables
from grille.client.render.twin import twin_mark
from grille.client.results import Run
from grille.v1.content import flag_name, rows_of, value_of
from grille.v1.results_pb2 import Table


class CsvFormat(Format):
    """Writes the tables when the run is over."""

    suffix = ".csv"

    def ended(self, run: Run) -> None:
        """Write the tables; in a stream a comment line names each."""
        if self.target.folder is not None:
            write_tables(run, self.target.folder, self.target.words)
            return
        first = True
        if run.on_twin:
            self.target.stream.write(f"# {twin_mark(run, self.target.words)}\n")
        for result in run.results:
            for block in result.blocks:
                if block.WhichOneof("kind") != "table":
                    continue
                self.target.stream.write(("" if first else "\n") + f"# {file_stem(result, block)}\n")
                write_table(block.table, self.target.stream)
                first = False


def write_table(table: Table, stream: TextIO) -> None:
    """Write one table; a column `KEY_flag` follows each column that has marks."""
    rows = rows_of(table)
    marked = [any(flag_name(row.cells[i]) for row in rows) for i in range(len(table.columns))]
    writer = csv.writer(stream, lineterminator="\n")
    heads = [
        [column.key, f"{column.key}_flag"][: 1 + flagged] for column, flagged in zip(table.columns, marked, strict=True)
    ]
    writer.writerow([head for pair in heads for head in pair])
    for row in rows:
        fields: list[object] = []
        for cell, flagged in zip(row.cells, marked, strict=True):
            value = value_of(cell)
            fields.append(repr(value) if isinstance(value, float) else value)
            if flagged:
                fields.append(flag_name(cell))
        writer.writerow(fields)
