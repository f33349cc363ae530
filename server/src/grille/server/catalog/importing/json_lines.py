"""Where the parts of a JSON document stand, so that a problem in metadata can be shown at its line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class JsonLines:
    """Lines of the values of a valid JSON document by their path of keys and positions."""

    def __init__(self, document: str) -> None:
        """Read a document that `json.loads` accepts."""
        self._lines: dict[Path, int] = {(): 1}
        path: list[str | int] = []
        closers: list[str] = []
        expects_key = False
        line, seen = 1, 0
        for token in _TOKEN.finditer(document):
            line += document.count("\n", seen, token.start())
            seen = token.start()
            text = token.group()
            if expects_key and text.startswith('"'):
                path[-1] = json.loads(text)
                self._lines[tuple(path)] = line
            elif text == ":":
                expects_key = False
            elif text in "{[":
                self._lines.setdefault(tuple(path), line)
                closers.append(text)
                path.append("" if text == "{" else 0)
                expects_key = text == "{"
            elif text in "}]":
                closers.pop()
                path.pop()
                expects_key = False
            elif text == ",":
                last = path[-1]
                path[-1] = last + 1 if isinstance(last, int) else ""
                expects_key = closers[-1] == "{"
            else:
                self._lines.setdefault(tuple(path), line)

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of the value at `path`, or of the nearest part around it that is there."""
        whole = tuple(path)
        return next(self._lines[whole[:end]] for end in range(len(whole), -1, -1) if whole[:end] in self._lines)
