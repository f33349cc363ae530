"""Puts what a benchmark measured between its marks in a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def fill(page: Path, mark: str, text: str) -> None:
    """Replace what stands between `<!-- begin MARK -->` and `<!-- end MARK -->`; both must be there, once."""
    begin, end = f"<!-- begin {mark} -->\n", f"<!-- end {mark} -->"
    whole = page.read_text()
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise ValueError(f"{page} does not have the marks of {mark} once")
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{text.strip()}\n{end}{after}")


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
