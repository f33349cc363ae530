"""A problem in a script: its line, a caret under the place, what is wrong, what to do, and the reason code."""

from __future__ import annotations

from rich.cells import cell_len

from grille.client.render.style import Style, clean, wrapped
from grille.client.words import Words, pick
from grille.v1.errors_pb2 import ErrorDetail, Span


def problem_lines(error: ErrorDetail, script: str, name: str, width: int, words: Words, style: Style) -> list[str]:
    """Return a problem as lines of text.

    Args:
        error: What the server said.
        script: The script, for its line; empty when it is not known.
        name: Name of the script, for the place.
        width: Terminal cells that a line may fill.
        words: Language of the client's own words.
        style: Weight and colour.
    """
    head = pick(words, "Error", "Feil")
    message = wrapped(f"{head}: {clean(error.message)}", width)
    lines = [style.bad(message[0]), *message[1:]]
    if error.HasField("span"):
        lines += _place(error.span, script, name, width, style)
    if error.hint:
        advice = pick(words, "Hint", "Råd")
        lines += [style.hint(line) for line in wrapped(f"{advice}: {clean(error.hint)}", width)]
    return [*lines, style.dim(f"[{clean(error.reason)}]")]


def _place(span: Span, script: str, name: str, width: int, style: Style) -> list[str]:
    where = style.dim(f"  --> {clean(name)}:{span.line}:{span.column}")
    source = script.splitlines()
    if not 0 < span.line <= len(source):
        return [where]
    text = clean(source[span.line - 1].replace("\t", " "))
    number = str(span.line)
    start = max(0, span.column - 1)
    room = max(20, width - len(number) - 3)
    first = max(0, start - room // 2) if cell_len(text) > room and start > room * 2 // 3 else 0
    visible = text[first : first + room]
    carets = "^" * max(1, min(span.length, len(visible) - (start - first)))
    blank = " " * len(number)
    pad = " " * cell_len(visible[: start - first])
    return [
        where,
        style.dim(f"{blank} │"),
        f"{style.dim(f'{number} │')} {visible}",
        f"{style.dim(f'{blank} │')} {pad}{style.bad(carets)}",
    ]
