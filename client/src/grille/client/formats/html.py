"""One HTML page that needs nothing else: contents, tables, interactive plots, light and dark, fit for printing."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files

from grille.client.formats.base import Format
from grille.client.formats.exports import VEGA_LITE, require_plots
from grille.client.formats.html_page import body_html, contents_html
from grille.client.render.style import clean
from grille.client.render.twin import twin_mark
from grille.client.results import Run
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
        page = _PAGE.format(
            language=words.value,
            title=escape(clean(run.name)),
            style=_asset("page.css"),
            about=escape(self._about(run)),
            mark=f'<p class="twin" role="alert">{escape(twin_mark(run, words))}</p>' if run.on_twin else "",
            contents=contents_html(run, words),
            body=body_html(run, words),
            scripts=_scripts(plots) if plots else "",
        )
        self.target.stream.write(page)

    def _about(self, run: Run) -> str:
        banks = ", ".join(f"{bank.name}:{bank.version}" for bank in run.banks)
        session = pick(self.target.words, "session", "økt")
        return " · ".join(part for part in (banks, f"{session} {run.session}" if run.session else "") if part)


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
<header><h1>{title}</h1><p>{about}</p>{mark}</header>
{contents}
<main>
{body}
</main>
{scripts}
</body>
</html>
"""
