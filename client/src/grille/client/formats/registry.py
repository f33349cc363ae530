"""The output formats by name. A new format is a file beside this one and a line here."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grille.client.formats.base import Format


class FormatName(StrEnum):
    """Names of the output formats, as `--format` takes them."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    MARKDOWN = "markdown"


class CheckFormat(StrEnum):
    """Formats of `grille check`."""

    TEXT = "text"
    JSON = "json"


_CLASSES = {
    FormatName.TEXT: "TextFormat",
    FormatName.JSON: "JsonFormat",
    FormatName.CSV: "CsvFormat",
    FormatName.HTML: "HtmlFormat",
    FormatName.MARKDOWN: "MarkdownFormat",
}


def format_class(name: FormatName) -> type[Format]:
    """Return the class of a format; its module is loaded only now, to keep `--help` quick."""
    found: type[Format] = getattr(import_module(f"grille.client.formats.{name.value}"), _CLASSES[name])
    return found
