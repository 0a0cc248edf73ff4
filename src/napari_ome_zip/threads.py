"""Work for all cores: tasks one after the other into threads, a few at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

WORKERS = os.cpu_count() or 1
MAX_WAITING = 2 * WORKERS
"""Tasks that were begun and whose results were not taken, at most."""


def in_threads[T, R](
    work: Callable[[T], R],
    tasks: Iterable[T],
    took: Callable[[T, R], None],
    *,
    name: str,
    in_order: bool = False,
) -> None:
    """Do work in as many threads as there are cores; the first error stops the rest.

    Parameters
    ----------
    work : callable
        Called with each task, in any thread.
    tasks : iterable
        Asked for the next task only when there is room, in this thread.
    took : callable
        Called in this thread with each task and its result; what it raises stops the rest.
    name : str
        What the threads are called.
    in_order : bool
        Whether results are taken in the order of the tasks, not as they come.
    """
    waiting: dict[Future[R], T] = {}

    def take() -> None:
        if in_order:
            done: Iterable[Future[R]] = [next(iter(waiting))]
        else:
            done = wait(waiting, return_when=FIRST_COMPLETED).done
        for future in done:
            took(waiting.pop(future), future.result())

    with ThreadPoolExecutor(WORKERS, thread_name_prefix=name) as pool:
        try:
            for task in tasks:
                waiting[pool.submit(work, task)] = task
                if len(waiting) >= MAX_WAITING:
                    take()
            while waiting:
                take()
        finally:
            for future in waiting:
                future.cancel()


def batches[T](
    items: Iterable[T], cost: Callable[[T], int], *, most: int, count: int
) -> Iterator[list[T]]:
    """Items in groups, for handing over each by itself takes longer than small work on it.

    Parameters
    ----------
    items : iterable
        In the order of the groups.
    cost : callable
        Bytes of an item.
    most, count : int
        A group ends when it has as many bytes, or items.
    """
    batch: list[T] = []
    size = 0
    for item in items:
        batch.append(item)
        size += cost(item)
        if size >= most or len(batch) >= count:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
