"""Work of a command that runs beside its main work: the engine gives every request a cursor of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Run `work` on a second thread during the block; it is done, or its error raised, when the block ends.

    Args:
        work: Must not store tables, nor touch what the block changes.

    Yields:
        A function that waits for the work and returns its result. An error of the block itself goes first.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as pool:
        running = pool.submit(work)
        yield running.result
        running.result()
