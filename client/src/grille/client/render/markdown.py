"""Markdown text blocks on a terminal."""

from __future__ import annotations

import io


def markdown_lines(markdown: str, width: int, colours: bool) -> list[str]:
    """Return Markdown text as lines for a terminal `width` cells wide."""
    # Imported here: the Markdown parser costs a tenth of a second that most runs never need.
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(
        file=io.StringIO(), width=width, force_terminal=colours, color_system="standard" if colours else None,
        legacy_windows=False, highlight=False,
    )  # fmt: skip
    with console.capture() as capture:
        console.print(Markdown(markdown, hyperlinks=False))
    return [line.rstrip() for line in capture.get().strip("\n").splitlines()]
