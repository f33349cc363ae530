"""Work of a command that runs beside its main work: the engine gives every request a cursor of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[], T], *, at_once: bool = False) -> Iterator[Callable[[], T]]:
    """Run `work` on a second thread during the block; it is done, or its error raised, when the block ends.

    Args:
        work: Must not store tables, nor touch what the block changes.
        at_once: Whether both are so short that two threads would wait for each other: then `work` is done first.

    Yields:
        A function that waits for the work and returns its result. An error of the block itself goes first.
    """
    if at_once:
        found = work()
        yield lambda: found
        return
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as pool:
        running = pool.submit(work)
        yield running.result
        running.result()
