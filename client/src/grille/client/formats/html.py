"""One HTML page that needs nothing else: tables, interactive plots, light and dark, fit for printing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from grille.client.formats.base import Format
from grille.client.formats.exports import VEGA_LITE, require_plots
from grille.client.formats.html_blocks import block_html, problem_html
from grille.client.render.style import clean, sentence
from grille.client.results import CommandResult, Run
from grille.client.words import pick


class HtmlFormat(Format):
    """Writes the page when the run is over."""

    suffix = ".html"

    def ended(self, run: Run) -> None:
        """Write the page; the plot library is put in only when there is a plot.

        Raises:
            UsageError: PLOTS_NOT_INSTALLED when there is a plot and the extra `plots` is missing.
        """
        words = self.target.words
        plots = [b.plot.vega_lite_json for r in run.results for b in r.blocks if b.WhichOneof("kind") == "plot"]
        if plots:
            require_plots(words)
        numbers = iter(range(len(plots)))
        body = "\n".join(self._result(result, numbers) for result in run.results)
        page = _PAGE.format(
            language=words.value,
            title=escape(clean(run.name)),
            style=_asset("page.css"),
            about=escape(self._about(run)),
            body=body,
            scripts=_scripts(plots) if plots else "",
        )
        self.target.stream.write(page)

    def _about(self, run: Run) -> str:
        banks = ", ".join(f"{bank.name}:{bank.version}" for bank in run.banks)
        session = pick(self.target.words, "session", "økt")
        return " · ".join(part for part in (banks, f"{session} {run.session}" if run.session else "") if part)

    def _result(self, result: CommandResult, numbers: Iterator[int]) -> str:
        words = self.target.words
        parts = [f'<section class="result {result.status.value}">']
        if result.source:
            line = f'<span class="line">{result.line}</span>' if result.line else ""
            parts.append(f'<pre class="source">{line}{escape(clean(result.source))}</pre>')
        for block in result.blocks:
            place = next(numbers) if block.WhichOneof("kind") == "plot" else None
            parts.append(block_html(block, place, words))
        if result.error is not None:
            parts.append(problem_html(result.error, words))
        details = dict.fromkeys(sentence(rule.detail or rule.rule) for rule in result.rules)
        if details:
            head = pick(words, "Protection", "Vern")
            parts.append(f'<p class="rules">{head}: {escape(" ".join(details))}</p>')
        return "\n".join([*parts, "</section>"])


def _scripts(plots: list[str]) -> str:
    """Return the plot library and the specifications, "<" escaped so that no text can end the script element."""
    import vl_convert

    library = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE).replace("</script", "<\\/script")
    specifications = json.dumps([json.loads(plot) for plot in plots], ensure_ascii=False, allow_nan=False)
    data = specifications.replace("<", "\\u003c")
    return (
        f'<script type="module">{library}</script>\n'
        f'<script type="application/json" id="plots">{data}</script>\n'
        f'<script type="module">{_asset("plots.js")}</script>'
    )


def _asset(name: str) -> str:
    return files("grille.client.formats").joinpath("assets", name).read_text(encoding="utf-8")


# The policy lets the page run its own scripts and fetch nothing at all.
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline' 'unsafe-eval'; img-src data: blob:">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header><h1>{title}</h1><p>{about}</p></header>
<main>
{body}
</main>
{scripts}
</body>
</html>
"""
