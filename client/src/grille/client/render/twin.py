"""The mark of a run on a synthetic twin, the same in every format."""

from __future__ import annotations

from grille.client.results import Run
from grille.client.words import Words, pick


def twin_mark(run: Run, words: Words) -> str:
    """Return the line that marks a run on a synthetic twin; empty for any other run."""
    if not run.on_twin:
        return ""
    return pick(words, "Synthetic twin: numbers mean nothing", "Syntetisk tvilling: tallene betyr ingenting")
