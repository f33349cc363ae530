"""The parts of a page above single blocks: contents, results, and runs of preparation that fold away."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from grille.client.formats.html_blocks import block_html, problem_html, receipt_html
from grille.client.render.protection import Protection
from grille.client.render.style import clean, shortened
from grille.client.results import CommandResult, Run
from grille.client.words import Words, pick

LONG_PAGE = 8
MANY_STEPS = 4
LONG_ENTRY = 110


def body_html(run: Run, words: Words) -> str:
    """Return the results of a run; several steps of preparation in a row fold into one line."""
    protection = Protection(words)
    plots = iter(range(sum(len(result.blocks) for result in run.results)))
    parts = []
    for step, group in groupby(enumerate(run.results), key=lambda placed: _is_step(placed[1])):
        placed = list(group)
        folded = step and len(placed) >= MANY_STEPS
        # what is explained in a folded part is explained once more where it is seen
        told = Protection(words) if folded else protection
        results = [_result(result, place, plots, told, words) for place, result in placed]
        parts += [_folded(results, words)] if folded else results
    return "\n".join(parts)


def contents_html(run: Run, words: Words) -> str:
    """Return a list of links to the results that hold a table or a plot; empty for a short page."""
    titled = [(place, result) for place, result in enumerate(run.results) if result.figures or result.error]
    if len(titled) < LONG_PAGE:
        return ""
    items = "\n".join(
        f'<li><a href="#result-{place}"><code>{escape(shortened(clean(result.source), LONG_ENTRY))}</code></a></li>'
        for place, result in titled
    )
    head = pick(words, "Contents", "Innhold")
    return f'<nav aria-label="{head}"><h2>{head}</h2><ol>\n{items}\n</ol></nav>'


def _is_step(result: CommandResult) -> bool:
    """Return whether a result is only word of how a step of preparation went."""
    return result.error is None and all(block.WhichOneof("kind") == "notice" for block in result.blocks)


def _folded(results: list[str], words: Words) -> str:
    head = pick(words, f"Preparation: {len(results)} commands", f"Tilrettelegging: {len(results)} kommandoer")
    return f'<details class="steps"><summary>{head}</summary>\n' + "\n".join(results) + "\n</details>"


def _result(result: CommandResult, place: int, plots: Iterator[int], protection: Protection, words: Words) -> str:
    parts = [f'<section class="result {result.status.value}" id="result-{place}">']
    if result.echo:
        line = f'<span class="line">{result.line}</span>' if result.line else ""
        parts.append(f'<pre class="source">{line}{escape(clean(result.echo))}</pre>')
    drawn = any(block.WhichOneof("kind") == "plot" for block in result.blocks)
    for block in result.blocks:
        plot = next(plots) if block.WhichOneof("kind") == "plot" else None
        parts.append(block_html(block, plot, words, behind_plot=drawn))
    if result.error is not None:
        parts.append(problem_html(result.error, words))
    parts += [f'<p class="rules">{escape(remark)}</p>' for remark in protection.remarks(result)]
    if result.receipt is not None:
        parts.append(receipt_html(result.receipt, words))
    return "\n".join([*parts, "</section>"])
