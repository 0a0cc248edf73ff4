"""Runs tasks in threads, with a bounded number of results waiting."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context

WORKERS = os.cpu_count() or 1
MAX_WAITING = 2 * WORKERS
"""Maximum number of tasks that were submitted and whose results were not taken."""


def begins_thread(work: Callable[[], object], name: str, *, daemon: bool = False) -> bool:
    """Begin a thread; False where none can be had, as when the program ends."""
    try:
        threading.Thread(target=work, name=name, daemon=daemon).start()
    except RuntimeError:
        return False
    return True


def in_threads[T, R](
    work: Callable[[T], R],
    tasks: Iterable[T],
    took: Callable[[T, R], None],
    *,
    name: str,
    in_order: bool = False,
) -> None:
    """Run tasks in as many threads as there are cores; the first error stops the rest.

    Parameters
    ----------
    work : callable
        Called with each task, in any thread, in the context of this one.
    tasks : iterable
        Consumed in this thread, only as far as there is room.
    took : callable
        Called in this thread with each task and its result; an exception stops the rest.
    name : str
        Prefix of the names of the threads.
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
                waiting[pool.submit(copy_context().run, work, task)] = task
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
    """Yield items in groups: small items take less time than their handover to a thread.

    Parameters
    ----------
    items : iterable
        In the order of the groups.
    cost : callable
        Bytes of an item.
    most, count : int
        A group ends when it has this many bytes, or items.
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
