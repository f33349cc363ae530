"""Blocks of a result as HTML elements; all text is escaped."""

from __future__ import annotations

import json
from html import escape

from grille.client.formats.html_markdown import markdown_html
from grille.client.receipts import receipt_json
from grille.client.render.cells import footnotes, is_numeric, is_total, table_texts
from grille.client.render.numbers import notation_of
from grille.client.render.style import clean
from grille.client.words import Words, pick
from grille.v1.content import rows_of
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.receipts_pb2 import Receipt
from grille.v1.results_pb2 import Block, Table

LONG_TABLE = 15
DIGIT_SPACE, POINT_SPACE = "\u2007", "\u2008"


def block_html(block: Block, place: int | None, words: Words, behind_plot: bool = False) -> str:
    """Return one block as HTML; a long table that a plot draws folds away.

    Args:
        block: The block.
        place: Number of the plot among the page's plots, for a plot.
        words: Language of number formats.
        behind_plot: Whether a plot of the same result shows what the table holds.
    """
    kind = block.WhichOneof("kind")
    if kind == "table" and behind_plot and len(block.table.rows) > LONG_TABLE:
        head = pick(words, f"The {len(block.table.rows)} rows behind the plot",
                    f"De {len(block.table.rows)} radene bak plottet")  # fmt: skip
        return f'<details class="values"><summary>{head}</summary>{table_html("", block.table, words)}</details>'
    if kind == "table":
        return table_html(block.title, block.table, words)
    if kind == "plot":
        caption = f"<figcaption>{escape(clean(block.title))}</figcaption>" if block.title else ""
        return f'<figure>{caption}<div class="plot" id="plot-{place}"></div></figure>'
    if kind == "text":
        return f'<div class="text">{markdown_html(block.text.markdown)}</div>'
    return f'<p class="notice">{escape(clean(block.notice.text))}</p>'


def table_html(title: str, table: Table, words: Words) -> str:
    """Return a table whose numbers align on the decimal sign in a face with figures of one width."""
    rows = rows_of(table)
    kinds = [' class="number"' if is_numeric(column) else "" for column in table.columns]
    heads = "".join(
        f'<th scope="col"{kind}>{escape(clean(column.label))}</th>'
        for column, kind in zip(table.columns, kinds, strict=True)
    )
    texts = table_texts(table, words)
    body = []
    for row, cells in zip(rows, zip(*texts, strict=True), strict=True):
        fields = []
        for i, (text, kind) in enumerate(zip(cells, kinds, strict=True)):
            shown = escape(_spaced(text, words) if kind else text)
            fields.append(f'<th scope="row">{shown}</th>' if i == 0 and not kind else f"<td{kind}>{shown}</td>")
        mark = ' class="total"' if row is rows[-1] and is_total(row) else ""
        body.append(f"<tr{mark}>{''.join(fields)}</tr>")
    caption = f"<caption>{escape(clean(title))}</caption>" if title else ""
    notes = "".join(f'<p class="footnote">{escape(note)}</p>' for note in footnotes(table, words))
    return (
        f'<div class="table"><table>{caption}<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{chr(10).join(body)}\n</tbody></table></div>{notes}"
    )


def problem_html(error: ErrorDetail, words: Words) -> str:
    """Return what went wrong."""
    head = pick(words, "Error", "Feil")
    hint = f"<p>{escape(clean(error.hint))}</p>" if error.hint else ""
    return (
        f'<div class="problem"><p><strong>{head}:</strong> {escape(clean(error.message))}</p>{hint}'
        f"<p><code>{escape(clean(error.reason))}</code></p></div>"
    )


def receipt_html(receipt: Receipt, words: Words) -> str:
    """Return the place of the record in the audit log, and folded away the receipt that proves it."""
    head = pick(words, f"Record {receipt.record} of the server's log", f"Oppføring {receipt.record} i tjenerens logg")
    shown = json.dumps(receipt_json(receipt), ensure_ascii=False, indent=1)
    return (
        f'<details class="receipt" data-record="{receipt.record}"><summary>{head}</summary>'
        f"<pre>{escape(clean(shown))}</pre></details>"
    )


def _spaced(text: str, words: Words) -> str:
    """Turn the blanks that stand for missing decimals into blanks as wide as the digits and the sign they stand for."""
    bare = text.rstrip(" ")
    missing = len(text) - len(bare)
    if not missing:
        return bare
    point = notation_of(words).point in bare
    return bare + (DIGIT_SPACE * missing if point else POINT_SPACE + DIGIT_SPACE * (missing - 1))
