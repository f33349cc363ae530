"""Reading the next batch while the present one is computed with."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing

import numpy as np

from grille.server.plan.aggregates import Batch

_DEPTH = 2


def prefetch(batches: Iterator[Batch]) -> AbstractContextManager[Iterator[Batch]]:
    """Return `batches`, read by one thread that stays at most two batches ahead; leaving the context ends the thread.

    Args:
        batches: A pass; used by the reading thread alone, which also closes it.

    Returns:
        A context with the same batches in the same order, empty ones left out. Whatever the pass raises is raised where
        the batches are used.
    """
    return closing(_prefetched(batches))


def _prefetched(batches: Iterator[Batch]) -> Generator[Batch, None, None]:
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(_DEPTH)
    stop = threading.Event()

    def offer(item: Batch | BaseException | None) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.05)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for batch in batches:
                if batch.rows:
                    offer(batch)
                if stop.is_set():
                    return
            offer(None)
        except BaseException as error:  # carried over to the thread that waits for it
            offer(error)
        finally:
            if isinstance(batches, Generator):
                batches.close()

    reader = threading.Thread(target=read, name="prefetch", daemon=True)
    reader.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        reader.join()


def with_first_of(batches: Iterator[Batch], rows: int) -> Iterator[Batch]:
    """Yield `batches` with leading ones joined until the first has at least `rows` rows, or there are no more."""
    leading: list[Batch] = []
    for batch in batches:
        leading.append(batch)
        if sum(b.rows for b in leading) >= rows:
            break
    if leading:
        yield leading[0] if len(leading) == 1 else _joined(leading)
    yield from batches


def _joined(parts: list[Batch]) -> Batch:
    return Batch(
        {name: np.concatenate([p.numbers[name] for p in parts]) for name in parts[0].numbers},
        {name: np.concatenate([p.factors[name] for p in parts]) for name in parts[0].factors},
        sum(p.rows for p in parts),
    )
