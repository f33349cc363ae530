"""Answers of queries, remembered by their text: stored tables never change and their names are never used again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_ANSWERS = 256


class Answers(Generic[T]):
    """The latest answers. Safe for threads; what is kept must not be changed by those who get it."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, query: str) -> T | None:
        """Return the answer of a query that was kept, or None."""
        with self._guard:
            if query in self._kept:
                self._kept.move_to_end(query)
            return self._kept.get(query)

    def keep(self, query: str, answer: T) -> None:
        """Keep an answer; the one that was not asked for the longest makes room."""
        with self._guard:
            self._kept[query] = answer
            while len(self._kept) > MOST_ANSWERS:
                self._kept.popitem(last=False)
