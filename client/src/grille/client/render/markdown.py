"""Markdown text blocks on a terminal."""

from __future__ import annotations

import io


def markdown_lines(markdown: str, width: int, colours: bool) -> list[str]:
    """Return Markdown text as lines for a terminal `width` cells wide."""
    # Imported here: the Markdown parser costs a tenth of a second that most runs never need.
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import Heading, Markdown

    class LeftHeading(Heading):
        """A heading that stands flush left, as the tables below it do."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            self.text.justify = "left"
            yield self.text

    class Page(Markdown):
        elements = {**Markdown.elements, "heading_open": LeftHeading}  # noqa: RUF012

    console = Console(
        file=io.StringIO(), width=width, force_terminal=colours, color_system="standard" if colours else None,
        legacy_windows=False, highlight=False,
    )  # fmt: skip
    with console.capture() as capture:
        console.print(Page(markdown, hyperlinks=False))
    return [line.rstrip() for line in capture.get().strip("\n").splitlines()]
