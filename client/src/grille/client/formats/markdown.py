"""A Markdown document: commands as code, tables as tables, plots as linked pictures or text drawings."""

from __future__ import annotations

from grille.client.formats.base import Format
from grille.client.formats.exports import stems
from grille.client.render.cells import footnotes, is_numeric, table_texts
from grille.client.render.drawings import drawn
from grille.client.render.protection import Protection
from grille.client.render.style import Style, clean
from grille.client.render.twin import twin_mark
from grille.client.results import CommandResult, Run
from grille.client.words import Words, pick
from grille.v1.results_pb2 import Block, Table

DRAWING_WIDTH = 80


class MarkdownFormat(Format):
    """Writes the document when the run is over."""

    suffix = ".md"

    def ended(self, run: Run) -> None:
        """Write the document; with a folder its plots are links to the pictures beside it."""
        pictures = {id(block): stem for stem, _, block in stems(run, "plot")} if self.target.folder is not None else {}
        protection = Protection(self.target.words)
        parts = [part for result in run.results for part in self._result(result, pictures, protection)]
        mark = [f"> **{twin_mark(run, self.target.words)}**"] if run.on_twin else []
        self.target.stream.write("\n\n".join([*mark, *parts]) + "\n")

    def _result(self, result: CommandResult, pictures: dict[int, str], protection: Protection) -> list[str]:
        words = self.target.words
        parts = [fenced(f"> {clean(result.echo)}")] if result.echo else []
        drawings = {one.plot: one for one in drawn(result.blocks, DRAWING_WIDTH, words, Style(colours=False))}
        for i, block in enumerate(result.blocks):
            kind = block.WhichOneof("kind")
            if kind == "table":
                parts += [*([f"**{escaped(block.title)}**"] if block.title else []), markdown_table(block.table, words)]
                parts += [f"*{escaped(note)}*" for note in footnotes(block.table, words)]
            elif kind == "text":
                parts.append(block.text.markdown.strip())
            elif kind == "notice":
                parts.append(escaped(block.notice.text))
            elif id(block) in pictures:
                parts.append(f"![{escaped(block.title or block.key)}]({pictures[id(block)]}.svg)")
            elif i in drawings:
                parts.append(fenced("\n".join(drawings[i].lines)))
            else:
                parts.append(_elsewhere(block, words))
        parts += [f"*{escaped(remark)}*" for remark in protection.remarks(result)]
        if result.error is not None:
            hint = f" {result.error.hint}" if result.error.hint else ""
            parts.append(f"**{pick(words, 'Error', 'Feil')}:** {escaped(result.error.message + hint)} "
                         f"`{result.error.reason}`")  # fmt: skip
        return parts


def markdown_table(table: Table, words: Words) -> str:
    """Return a table in the pipe notation (GitHub Flavored Markdown 4.10)."""
    columns = [
        [escaped(column.label), *(escaped(text.strip(" ")) for text in cells)]
        for column, cells in zip(table.columns, table_texts(table, words), strict=True)
    ]
    marks = ["---:" if is_numeric(column) else ":---" for column in table.columns]
    lines = ["| " + " | ".join(cells) + " |" for cells in zip(*columns, strict=True)]
    return "\n".join([lines[0], "| " + " | ".join(marks) + " |", *lines[1:]]) if lines else ""


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in r"\`*_[]<>|#" else c for c in clean(text))


def fenced(text: str) -> str:
    """Return text as a code block whose fence is longer than any inside it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _elsewhere(block: Block, words: Words) -> str:
    told = pick(words, "picture; written beside the document with --out FOLDER",
                "bilde; skrives ved siden av dokumentet med --out MAPPE")  # fmt: skip
    return f"*{escaped(block.title or block.key)}: {told}*"
