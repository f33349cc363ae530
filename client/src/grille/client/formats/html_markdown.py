"""Markdown text blocks as HTML."""

from __future__ import annotations

from markdown_it import MarkdownIt


def markdown_html(markdown: str) -> str:
    """Return Markdown (CommonMark with tables) as HTML; HTML inside it is shown as text and never run."""
    renderer = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})
    return str(renderer.render(markdown))
