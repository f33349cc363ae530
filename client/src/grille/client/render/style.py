"""Weight and colour of terminal text, or none of it when the reader is a pipe or asked for none."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size


@dataclass(frozen=True, slots=True)
class Style:
    """Wraps text in escape codes; every method returns its text unchanged when colours are off."""

    colours: bool

    def bold(self, text: str) -> str:
        """Return headings' weight."""
        return self._wrap("1", text)

    def dim(self, text: str) -> str:
        """Return the weight of rules, sources and remarks."""
        return self._wrap("2", text)

    def bad(self, text: str) -> str:
        """Return the colour of errors."""
        return self._wrap("1;31", text)

    def hint(self, text: str) -> str:
        """Return the colour of advice."""
        return self._wrap("36", text)

    def ink(self, text: str) -> str:
        """Return the colour of the filled parts of drawings."""
        return self._wrap("34", text)

    def mark(self, text: str) -> str:
        """Return the colour of the marked points of drawings."""
        return self._wrap("1;33", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours and text else text


def clean(text: str) -> str:
    """Return text without control characters, so that no label can move the cursor of the terminal."""
    return "".join(character if character.isprintable() or character == "\u00a0" else " " for character in text)


def sentence(text: str) -> str:
    """Return cleaned text that ends in a full stop, so that several can follow one another."""
    return clean(text).rstrip(" .") + "."


def left(text: str, width: int) -> str:
    """Return text padded on its right to `width` terminal cells."""
    return text + " " * (width - cell_len(text))


def right(text: str, width: int) -> str:
    """Return text padded on its left to `width` terminal cells."""
    return " " * (width - cell_len(text)) + text


def shortened(text: str, width: int) -> str:
    """Return text cut to `width` terminal cells, the cut shown by an ellipsis."""
    return text if cell_len(text) <= width else set_cell_size(text, max(1, width - 1)).rstrip() + "…"


def wrapped(text: str, width: int) -> list[str]:
    """Return text broken on blanks into lines of at most `width` cells; a longer word is cut into pieces."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        candidate = f"{current} {word}" if current else word
        if cell_len(candidate) <= width:
            current = candidate
            continue
        if current:
            lines.append(current)
        while cell_len(word) > width:
            piece = set_cell_size(word, width).rstrip() or word[:1]
            lines.append(piece)
            word = word[len(piece) :]
        current = word
    return [*lines, current] if current or not lines else lines
