"""What the answers of a session on synthetic twins say of themselves, so that no one takes them for results."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from grille.server.blocks import Block, Notice, Plot, Table
from grille.server.text import Text

KEY = "synthetic_twin"
REMARK = Text(
    "Synthetic twin: numbers mean nothing. The values are invented and have no relation to any register.",
    "Syntetisk tvilling: tallene betyr ingenting. Verdiene er oppdiktet og har ingen sammenheng med noe register.",
)
MARK = Text("Synthetic twin: numbers mean nothing", "Syntetisk tvilling: tallene betyr ingenting")

_COLOUR = "#b00020"

Present = Callable[[Any], tuple[Block, ...]]


def marked(present: Present) -> Present:
    """Return a presenter whose tables and pictures carry the mark, in their titles and in a remark before them."""

    def present_marked(content: Any) -> tuple[Block, ...]:
        blocks = present(content)
        if not any(isinstance(block, Table | Plot) for block in blocks):
            return blocks
        return (Notice(KEY, REMARK), *map(_marked, blocks))

    return present_marked


def _marked(block: Block) -> Block:
    match block:
        case Table():
            return dataclasses.replace(block, title=_with_mark(block.title))
        case Plot():
            specification = {**block.specification, "title": _plot_title(block.specification.get("title"))}
            return dataclasses.replace(block, title=_with_mark(block.title), specification=specification)
        case _:
            return block


def _with_mark(title: Text) -> Text:
    return Text(f"{title.en} [{MARK.en}]".strip(), f"{title.no} [{MARK.no}]".strip())


def _plot_title(title: Any) -> dict[str, Any]:
    """Return a Vega-Lite title with the mark, under the plot's own title or in its place when it has none."""
    own = title if isinstance(title, dict) else {"text": title}
    if not own.get("text"):  # without a text there would be no subtitle either
        return {**own, "text": MARK, "color": _COLOUR}
    return {**own, "subtitle": MARK, "subtitleColor": _COLOUR}
