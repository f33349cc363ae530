"""Text for a terminal: each command as it is answered, with its tables, drawings, remarks and rules."""

from __future__ import annotations

from grille.client.formats.base import Format, Target
from grille.client.render.drawings import drawn
from grille.client.render.markdown import markdown_lines
from grille.client.render.problem import problem_lines
from grille.client.render.protection import Protection
from grille.client.render.style import clean, wrapped
from grille.client.render.table import table_lines
from grille.client.render.twin import twin_mark
from grille.client.results import CommandResult, Run
from grille.client.words import pick
from grille.v1.results_pb2 import Block


class TextFormat(Format):
    """Writes each command's result as soon as it is known; a rule is explained once and then only named."""

    def __init__(self, target: Target) -> None:
        """Make a format that has explained no rule yet."""
        super().__init__(target)
        self._protection = Protection(target.words)

    def started(self, run: Run, result: CommandResult) -> None:
        """Write the command as it was sent; a text block is shown as text alone."""
        if len(run.results) == 1 and run.on_twin:
            self._write([self.target.style.bad(twin_mark(run, self.target.words)), ""])
        if not result.echo:
            return
        first, *rest = wrapped(clean(result.echo), self.target.width - 2)
        self._write([self.target.style.dim(f"> {first}"), *(self.target.style.dim(f"    {line}") for line in rest)])

    def answered(self, run: Run, result: CommandResult) -> None:
        """Write the result, its rules in dim lines, and what went wrong if anything did."""
        lines: list[str] = []
        for piece in self._pieces(result):
            lines += [*([""] if lines else []), *piece]
        lines += self._rules(result)
        if result.error is not None:
            lines += problem_lines(
                result.error, run.script, run.name, self.target.width, self.target.words, self.target.style
            )
        self._write([*lines, ""])

    def ended(self, run: Run) -> None:
        """Write nothing more, but the mark of a synthetic twin once again."""
        if run.on_twin:
            self._write([self.target.style.bad(twin_mark(run, self.target.words))])

    def _pieces(self, result: CommandResult) -> list[list[str]]:
        target = self.target
        drawings = {one.plot: one for one in drawn(result.blocks, target.width, target.words, target.style)}
        hidden = set() if target.tables else {one.table for one in drawings.values()}
        pieces: list[list[str]] = []
        for i, block in enumerate(result.blocks):
            if i in hidden:
                continue
            lines = drawings[i].lines if i in drawings else self._block(block, result)
            if pieces and block.WhichOneof("kind") == "notice" and result.blocks[i - 1].WhichOneof("kind") == "notice":
                pieces[-1] += lines
            else:
                pieces.append(lines)
        return pieces

    def _block(self, block: Block, result: CommandResult) -> list[str]:
        target = self.target
        kind = block.WhichOneof("kind")
        if kind == "table":
            return table_lines(block.title, block.table, target.width, target.words, target.style)
        if kind == "text":
            return markdown_lines(block.text.markdown, target.width, target.style.colours)
        if kind == "notice":
            mark = pick(target.words, "Note: ", "Merk: ") if result.figures else ""
            return wrapped(mark + clean(block.notice.text), target.width)
        title = clean(block.title or block.key)
        advice = pick(target.words, "picture; see it with --format html or --out FOLDER",
                      "bilde; se det med --format html eller --out MAPPE")  # fmt: skip
        return [target.style.dim(line) for line in wrapped(f"[{title}: {advice}]", target.width)]

    def _rules(self, result: CommandResult) -> list[str]:
        lines = []
        for remark in self._protection.remarks(result):
            first, *rest = wrapped(remark, self.target.width - 2)
            lines += [first, *(f"  {line}" for line in rest)]
        return [self.target.style.dim(line) for line in lines]

    def _write(self, lines: list[str]) -> None:
        self.target.stream.write("\n".join(lines) + "\n")
        self.target.stream.flush()
